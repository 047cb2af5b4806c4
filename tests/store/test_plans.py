"""Hot questions start from an index on SQLite, whose plans can be told: nothing is scanned, no listing is sorted.

The plans have to be the same whether or not somebody ran ANALYZE.
"""

import asyncio
import re
from pathlib import Path

import pytest

from podium.domain.filters import And, Comparison, Field, FieldKind, Operator, Order
from podium.domain.registry import Place
from podium.store import audit, paging, registry_history, registry_search, run_search
from podium.store.engine import Store, open_store
from podium.store.paging import PageQuery
from podium.store.transaction import Tx
from support.searchable import fill_runs, fill_versions

START = Field(FieldKind.ATTRIBUTE, "start_time")
RUN_ID = Order(Field(FieldKind.ATTRIBUTE, "run_id"))
NEWEST_RUN = (Order(START, ascending=False), RUN_ID)
BEST_RUN = (Order(Field(FieldKind.METRIC, "m"), ascending=False), *NEWEST_RUN)
LAST_UPDATED = (
    Order(Field(FieldKind.ATTRIBUTE, "updated_at"), ascending=False),
    Order(Field(FieldKind.ATTRIBUTE, "name")),
    Order(Field(FieldKind.ATTRIBUTE, "version"), ascending=False),
)
RARE_TAG = Comparison(Field(FieldKind.TAG, "rare"), Operator.EQ, "a")
COMMON_TAG = Comparison(Field(FieldKind.TAG, "s"), Operator.NE, "a")
NAME = Comparison(Field(FieldKind.ATTRIBUTE, "name"), Operator.EQ, "model_1")


class Explained(Tx):
    """Keeps the plan of every statement that reads."""

    __slots__ = ("plans",)

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx._connection)
        self.plans: list[str] = []

    def _execute(self, statement, parameters):
        self.plans += [row[3] for row in self._connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        return super()._execute(statement, parameters)


@pytest.fixture(params=["as it is", "analyzed"])
def filled(request: pytest.FixtureRequest, tmp_path: Path):
    store = open_store(None, tmp_path)

    def fill(tx: Tx) -> None:
        fill_runs(tx, 1200)
        fill_versions(tx, 1200)
        if request.param == "analyzed":
            tx.run("ANALYZE")

    asyncio.run(store.write(fill))
    yield store
    store.close()


def plans(store: Store, work) -> list[str]:
    def read(tx: Tx) -> list[str]:
        explained = Explained(tx)
        work(explained)
        return explained.plans

    return asyncio.run(store.read(read))


def whole_scans(found: list[str]) -> list[str]:
    """Steps that read all of a table: neither in an index's order until a page is full, nor a list that is given."""
    given = re.compile(r"SCAN (few|found|part\d|json_each|stages|CONSTANT)")
    return [step for step in found if step.startswith("SCAN") and " USING INDEX " not in step and not given.match(step)]


def sorts(found: list[str]) -> list[str]:
    """Steps that sort everything; sorting what is equal so far is no such step."""
    return [step for step in found if step == "USE TEMP B-TREE FOR ORDER BY"]


def runs_page(tx: Tx, condition, order=NEWEST_RUN, limit=20, projects=(0,)):
    query = PageQuery(And((condition,) if condition else ()), order, limit)
    first = run_search.search_runs(tx, 1, project_ids=list(projects), view="active", query=query)
    after = PageQuery(query.condition, order, limit, first.after) if first.after else query
    return run_search.search_runs(tx, 1, project_ids=list(projects), view="active", query=after)


def versions_page(tx: Tx, condition, order=LAST_UPDATED, limit=20):
    query = PageQuery(And((condition,) if condition else ()), order, limit)
    first = registry_search.search_versions(tx, 1, prompts=False, query=query)
    after = PageQuery(query.condition, order, limit, first.after) if first.after else query
    return registry_search.search_versions(tx, 1, prompts=False, query=after)


def events_of(tx: Tx, **criteria):
    return audit.newest_events(tx, [1], [], audit.EventFilter(**criteria), before=9, limit=10)


@pytest.mark.parametrize(
    ("find", "indexes"),
    [
        (lambda tx: runs_page(tx, None), ["runs_by_start"]),
        (lambda tx: runs_page(tx, COMMON_TAG), ["runs_by_start"]),
        (lambda tx: runs_page(tx, None, BEST_RUN), ["latest_metrics_by_value"]),
        (lambda tx: runs_page(tx, COMMON_TAG, BEST_RUN), ["latest_metrics_by_value"]),
        (
            lambda tx: runs_page(tx, Comparison(Field(FieldKind.ATTRIBUTE, "status"), Operator.EQ, "FAILED")),
            ["runs_by_status"],
        ),
        (lambda tx: versions_page(tx, None), ["model_versions_by_update"]),
        (lambda tx: versions_page(tx, COMMON_TAG), ["model_versions_by_update"]),
        (lambda tx: versions_page(tx, NAME), ["model_versions_of_model_by_update"]),
        (lambda tx: versions_page(tx, None, LAST_UPDATED[1:]), ["registered_models_by_name"]),
    ],
)
def test_a_page_is_taken_from_an_index_in_order(filled: Store, monkeypatch, find, indexes):
    monkeypatch.setattr(paging, "FEW", (100,))
    found = plans(filled, find)
    assert whole_scans(found) == []
    assert sorts(found) == []
    for index in indexes:
        assert any(f" {index} " in step for step in found), found


@pytest.mark.parametrize(
    ("find", "index"),
    [
        (lambda tx: runs_page(tx, RARE_TAG), "run_tags_by_value"),
        (lambda tx: runs_page(tx, RARE_TAG, BEST_RUN), "run_tags_by_value"),
        (
            lambda tx: runs_page(tx, Comparison(Field(FieldKind.PARAM, "rare"), Operator.IN, ("a", "b%"))),
            "run_params_by_value",
        ),
        (
            lambda tx: runs_page(tx, Comparison(Field(FieldKind.METRIC, "rare"), Operator.GE, 1.0)),
            "latest_metrics_by_value",
        ),
        (
            lambda tx: runs_page(tx, Comparison(Field(FieldKind.ATTRIBUTE, "name"), Operator.LIKE, "run-77%")),
            "runs_by_name",
        ),
        (lambda tx: versions_page(tx, RARE_TAG), "model_version_tags_by_value"),
        (
            lambda tx: versions_page(tx, Comparison(Field(FieldKind.ATTRIBUTE, "source"), Operator.EQ, "a")),
            "model_versions_by_source",
        ),
        (
            lambda tx: versions_page(tx, Comparison(Field(FieldKind.ATTRIBUTE, "run_id"), Operator.EQ, "r7")),
            "model_versions_by_run",
        ),
    ],
)
def test_a_rare_condition_is_where_the_search_starts(filled: Store, find, index: str):
    found = plans(filled, find)
    assert whole_scans(found) == []
    assert any(f" {index} " in step for step in found), found


def test_the_rarest_part_of_a_condition_is_where_the_search_starts(filled: Store):
    found = plans(filled, lambda tx: runs_page(tx, And((COMMON_TAG, RARE_TAG)), limit=5))
    assert any(step.startswith("SCAN few") for step in found), found


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda tx: registry_search.select_models(tx, [1, 2]), "model_versions_by_stage"),
        (
            lambda tx: registry_history.select_standing(tx, 1, Place("stage", "None"), 5),
            "version_standings_by_place",
        ),
        (
            lambda tx: registry_history.select_standing(tx, 1, Place("stage", "None"), 5),
            "version_standings_open",
        ),
        (
            lambda tx: registry_history.select_standing(tx, 1, Place("stage", "None"), 5),
            "model_versions_by_stage",
        ),
        (lambda tx: events_of(tx, entity_name="model_1"), "events_by_name"),
        (lambda tx: events_of(tx, entity="model_version"), "events_by_kind"),
        (lambda tx: events_of(tx, entity="model_version", entity_id="1/1"), "events_by_entity"),
        (lambda tx: events_of(tx, entity="registered_model", entity_name="model_1"), "events_by_name"),
        (lambda tx: events_of(tx, by="ada"), "events_by_actor"),
    ],
)
def test_other_questions_have_an_index(filled: Store, ask, index: str):
    found = plans(filled, ask)
    assert whole_scans(found) == []
    assert any(f" {index} " in step for step in found), found
