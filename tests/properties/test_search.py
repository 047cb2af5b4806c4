"""Whichever way a search takes to its pages, it finds what its condition and order mean."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.domain.filters import And, Comparison, Field, FieldKind, Not, Operator, Or, Order
from podium.store import paging, registry_search, run_search
from podium.store.engine import Store
from podium.store.paging import PageQuery
from support.searchable import KEYS, LONG, METRICS, TEXTS, expected, fill_runs, fill_versions

NUMERIC = (Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE)
TEXTUAL = (*NUMERIC, Operator.LIKE, Operator.ILIKE, Operator.IN, Operator.NOT_IN, Operator.CONTAINS, Operator.MATCHES)
PRESENCE = (Operator.IS_NULL, Operator.IS_NOT_NULL)
PATTERNS = ("%", "a%", "A_", "a_b", "%b%", LONG[:200] + "%", LONG + "%", "run-%", "_un-1", "model\\_%", "ü")
REGEXES = ("a", "^a", "b$", "[A-Z]", "a.b|ü", r"^\d+$", "^$", "(?i)^A", "ng{1,2} ", r"run-\d?3")

# How a search goes when nothing is few, when a walk is given up at once, when it may look around, and as it is: with
# so few rows, from its rarest part.
WAYS = {
    "walked": {"FEW": (), "MANY": (), "LOOK_AT": 10_000},
    "given up": {"FEW": (), "MANY": (1, 20, 1000), "LOOK_AT": 1, "PROMISING": 0},
    "gone on with": {"FEW": (2,), "MANY": (), "LOOK_AT": 2},
    "from the rarest": {},
}


def comparisons(attributes: dict[str, type], kinds: tuple[FieldKind, ...]):
    """Comparisons of a value that may well be there."""
    texts = st.sampled_from((*TEXTS, "one", "run-3", "r1", "FAILED", "model_2", "none of them"))
    fields = [Field(FieldKind.ATTRIBUTE, name) for name in attributes]
    fields += [Field(kind, key) for kind in kinds for key in (METRICS if kind is FieldKind.METRIC else KEYS)]

    def of(field: Field):
        if field.kind is FieldKind.METRIC or attributes.get(field.key) is float:
            values = st.sampled_from((0.0, 0.5, 1.0, -1.0, 2.5, float("inf")))
            return st.builds(Comparison, st.just(field), st.sampled_from(NUMERIC), values)
        lists = st.lists(texts, min_size=1, max_size=3).map(tuple)
        numeric = st.builds(Comparison, st.just(field), st.sampled_from(NUMERIC), st.sampled_from((0.5, 7.0, -3.0)))
        operator = st.sampled_from((*TEXTUAL, *(PRESENCE if field.kind is not FieldKind.ATTRIBUTE else ())))
        textual = operator.flatmap(
            lambda op: st.builds(Comparison, st.just(field), st.just(op), _value(op, texts, lists))
        )
        return textual | numeric if field.kind is FieldKind.PARAM else textual

    return st.sampled_from(fields).flatmap(of), st.sampled_from(fields)


def _value(operator: Operator, texts, lists):
    if operator in PRESENCE:
        return st.none()
    if operator in (Operator.IN, Operator.NOT_IN):
        return lists
    if operator is Operator.MATCHES:
        return st.sampled_from(REGEXES)
    return st.sampled_from(PATTERNS) if operator in (Operator.LIKE, Operator.ILIKE) else texts


def queries(attributes: dict[str, type], kinds: tuple[FieldKind, ...]):
    """A condition, an order, and the length of a page."""
    comparison, field = comparisons(attributes, kinds)
    either = st.lists(comparison, min_size=1, max_size=2).map(lambda items: Or(tuple(items)))
    neither = st.builds(Not, comparison | either)
    conditions = st.lists(comparison | comparison | either | neither, max_size=3).map(lambda items: And(tuple(items)))
    orders = st.lists(st.builds(Order, field, st.booleans()), max_size=3).map(tuple)
    return st.tuples(conditions, orders, st.sampled_from((3, 10, 100)))


RUNS = queries(
    {"run_id": str, "name": str, "status": str, "start_time": float, "end_time": float},
    (FieldKind.METRIC, FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG),
)
VERSIONS = queries(
    {"name": str, "version": float, "run_id": str, "source": str, "created_at": float, "updated_at": float},
    (FieldKind.TAG,),
)


def found_by_pages(search, query) -> list[int]:
    """The keys on all pages."""
    condition, order, limit = query
    keys, after = [], None
    while True:
        page = search(PageQuery(condition, order, limit, after))
        keys += page.keys
        after = page.after
        if after is None:
            return keys


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WAYS[request.param].items():
        monkeypatch.setattr(paging, name, value)


@pytest.mark.usefixtures("way")
def test_runs_are_found_as_the_condition_and_the_order_mean(store: Store):
    def work(tx):
        project = tx.value(
            "INSERT INTO projects (team_id, name, artifact_location, created_at, updated_at)"
            " VALUES (1, 'second', '', 0, 0) RETURNING id"
        )
        records = {0: fill_runs(tx, 60), project: fill_runs(tx, 15, project)}

        @settings(max_examples=40)
        @given(RUNS, st.sampled_from(([0], [project], [0, project])))
        def check(query, projects):
            found = found_by_pages(
                lambda page: run_search.search_runs(tx, 1, project_ids=projects, view="active", query=page), query
            )
            assert found == expected([record for key in projects for record in records[key]], *query[:2])

        check()

    asyncio.run(store.write(work))


@pytest.mark.usefixtures("way")
def test_versions_are_found_as_the_condition_and_the_order_mean(store: Store):
    def work(tx):
        records = fill_versions(tx, 60)

        @settings(max_examples=40)
        @given(VERSIONS)
        def check(query):
            found = found_by_pages(
                lambda page: registry_search.search_versions(tx, 1, prompts=False, query=page), query
            )
            assert found == expected(records, *query[:2])

        check()

    asyncio.run(store.write(work))
