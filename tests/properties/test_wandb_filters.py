"""A filter of W&B's client finds the runs that MongoDB would, on both databases."""

import asyncio
import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import InvalidArgument
from podium.protocols.wandb.grammar import parse_run_filter, parse_run_order
from podium.store.engine import Store
from podium.store.paging import PageQuery
from podium.store.run_search import search_runs
from support.searchable import fill_runs

CONFIGS: tuple[dict[str, Any], ...] = (
    {"lr": 0.1, "layers": 3, "name": "resnet"},
    {"lr": 0.01, "layers": 12.0, "name": "resnet-50", "use": True},
    {"lr": 1e-05, "layers": "many", "name": "vit", "use": False, "model.depth": 2},
    {"lr": 10, "name": "", "none": None},
    {"layers": [1, 2], "model.depth": 10},
    {},
)
TAGS = (["a"], ["a", "b c"], ['q"a', "a,", 'x,"'], [], ["é", "b"], None)
METRICS = ("m", "n", "rare")

VALUES = st.sampled_from(
    (0.1, 0.01, 1e-05, 10, 10.0, 2, 3, 12, "many", "resnet", "vit", True, False, None, [1, 2], "1")
)
NUMBERS = st.sampled_from((0, 0.1, 0.5, 2, 2.5, 10, -1, 100))
WORDS = st.sampled_from(("a", "b", "b c", "é", 'q"a', "a,", "x", 'x,"'))
REGEXES = st.sampled_from(("res", "^resnet$", "net-\\d+", "(?i)RES", "", "m.ny|vit"))


def operands(*, numeric: bool = False):
    equal = NUMBERS if numeric else VALUES
    listed = st.lists(equal, max_size=3)
    ranges = st.tuples(st.sampled_from(("$gt", "$gte", "$lt", "$lte")), NUMBERS)
    tests = st.one_of(
        st.tuples(st.sampled_from(("$eq", "$ne")), equal),
        st.tuples(st.sampled_from(("$in", "$nin")), listed),
        ranges,
        st.tuples(st.just("$exists"), st.booleans()),
        *(() if numeric else (st.tuples(st.just("$regex"), REGEXES),)),
    )
    plain = st.lists(tests, min_size=1, max_size=2).map(dict)
    return plain | plain.map(lambda inner: {"$not": inner}) | equal


CONDITIONS = st.one_of(
    st.tuples(
        st.sampled_from(tuple(f"config.{k}" for k in ("lr", "layers", "name", "use", "model.depth"))), operands()
    ),
    st.tuples(st.sampled_from(("config.lr.value", "config.model.value.depth")), operands()),
    st.tuples(st.sampled_from(tuple(f"summary_metrics.{k}" for k in METRICS)), operands(numeric=True)),
    st.tuples(
        st.just("tags"),
        WORDS | st.fixed_dictionaries({"$in": st.lists(WORDS, max_size=2)}) | WORDS.map(lambda w: {"$ne": w}),
    ),
    st.tuples(
        st.just("state"), st.sampled_from(("running", "failed", "crashed", {"$ne": "running"}, {"$in": ["finished"]}))
    ),
    st.tuples(st.just("username"), st.sampled_from(("u", {"$nin": ["u", "v"]}))),
).map(lambda item: dict([item]))
FILTERS = st.recursive(
    CONDITIONS,
    lambda inner: st.tuples(st.sampled_from(("$and", "$or", "$nor")), st.lists(inner, max_size=3)).map(
        lambda i: dict([i])
    ),
    max_leaves=6,
)


def holds(document: dict[str, Any], run: dict[str, Any]) -> bool:
    joined = {"$and": all, "$or": any, "$nor": lambda found: not any(found)}
    return all(
        joined[key](holds(item, run) for item in value)
        if key in joined
        else test(run.get(key.replace(".value", "")), value)
        for key, value in document.items()
    )


def test(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return equal(value, wanted)
    tests = {
        "$eq": equal,
        "$ne": lambda value, other: not equal(value, other),
        "$in": lambda value, others: any(equal(value, other) for other in others),
        "$nin": lambda value, others: not any(equal(value, other) for other in others),
        "$exists": lambda value, wanted: (value is not None) is wanted,
        "$regex": lambda value, pattern: value is not None and re.search(pattern, text_of(value)) is not None,
        "$not": lambda value, inner: not test(value, inner),
        "$gt": lambda value, other: is_number(value) and value > other,
        "$gte": lambda value, other: is_number(value) and value >= other,
        "$lt": lambda value, other: is_number(value) and value < other,
        "$lte": lambda value, other: is_number(value) and value <= other,
    }
    return all(tests[name](value, operand) for name, operand in wanted.items())


test.__test__ = False  # type: ignore[attr-defined]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def equal(value: Any, other: Any) -> bool:
    if isinstance(value, set):
        return other in value if other is not None else False
    if is_number(value) and is_number(other):
        return value == other
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def fill(tx) -> dict[int, dict[str, Any]]:
    """Runs by key, with what filters see of them."""
    runs = {}
    for number, record in enumerate(fill_runs(tx, 48)):
        config, tags = CONFIGS[number % len(CONFIGS)], TAGS[number // 2 % len(TAGS)]
        for key, value in config.items():
            tx.run("INSERT INTO run_params VALUES (:run, :key, :value)", run=record.key, key=key, value=text_of(value))
        if tags is not None:
            text = json.dumps(tags) if number % 2 else json.dumps(tags, ensure_ascii=False, separators=(",", ":"))
            tx.run("INSERT INTO run_tags VALUES (:run, 'wandb.tags', :value)", run=record.key, value=text)
        state = record.attributes["status"].lower()
        if state == "failed" and number % 3 == 0:
            state = "crashed"
            tx.run(
                "INSERT INTO run_streams (run_id, created_at, heartbeat_at, live, note) VALUES (:run, 0, 0, 0, :note)",
                run=record.key,
                note=state,
            )
        runs[record.key] = {
            **{f"config.{key}": value for key, value in config.items()},
            **{f"summary_metrics.{key}": value for key, value in record.metrics.items()},
            "tags": None if tags is None else set(tags),
            "state": state,
            "username": record.attributes["user_id"],
        }
    return runs


def test_a_filter_finds_what_mongodb_would(store: Store):
    def work(tx):
        runs = fill(tx)

        @settings(max_examples=150)
        @given(FILTERS)
        def check(document: dict[str, Any]):
            query = PageQuery(parse_run_filter(json.dumps(document)), (), 1000)
            found = search_runs(tx, 1, project_ids=[0], view="active", query=query).keys
            assert set(found) == {key for key, run in runs.items() if holds(document, run)}

        check()

    asyncio.run(store.write(work))


def test_an_order_sorts_numbers_by_their_value(store: Store):
    def work(tx):
        runs = fill(tx)
        query = PageQuery(parse_run_filter("{}"), parse_run_order("-config.layers.value"), 1000)
        found = search_runs(tx, 1, project_ids=[0], view="active", query=query).keys
        shown = [text_of(runs[key].get("config.layers", "-")) for key in found]
        assert list(dict.fromkeys(shown)) == ["12.0", "3", "many", "[1, 2]", "-"]

    asyncio.run(store.write(work))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ("$and", "$or", "$not", "config.a", "summary.b", "tags", "state", "created_at", "name", "x", "duration")
)
OPERATORS = st.sampled_from(("$in", "$eq", "$gt", "$regex", "$exists", "$not", "$x"))


DOCUMENTS = st.dictionaries(KEYS, JSON_VALUES | st.dictionaries(OPERATORS, JSON_VALUES, max_size=2), max_size=3)


def test_any_document_is_answered_or_refused(store: Store):
    @settings(max_examples=150)
    @given(DOCUMENTS, st.text(max_size=5).map(lambda text: f"+config.{text}"))
    def check(document: dict[str, Any], order: str):
        with contextlib.suppress(InvalidArgument):
            query = PageQuery(parse_run_filter(json.dumps(document)), parse_run_order(order), 10)
            asyncio.run(store.read(lambda tx: search_runs(tx, 1, project_ids=[0], view="active", query=query)))

    check()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[", "it is no JSON"),
        ("[1]", "'[1]' stands where an object is expected"),
        ('{"$where": 1}', "there is no '$where'"),
        ('{"name": {"$near": 1}}', "there is no operator '$near'"),
        ('{"flavor": 1}', "runs have no 'flavor'"),
        ('{"summary_metrics.a": "x"}', "a value of the summary is a number here"),
        ('{"created_at": {"$gt": "soon"}}', "'\"soon\"' is no time"),
        ('{"name": {"$regex": "("}}', "'(' is not closed"),
        ('{"state": {"$gt": "a"}}', "'state' is a word"),
        ("{" + '"$not":{' * 60 + "}" * 61, "nested"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, reason: str):
    with pytest.raises(InvalidArgument) as refused:
        parse_run_filter(text)
    assert reason in refused.value.message
