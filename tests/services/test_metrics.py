"""Metrics: every point once, the latest beside them, histories by page. On both databases."""

import asyncio
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.runs import Point
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.metrics import Metrics
from podium.services.runs import Runs
from podium.store.engine import Store
from podium.store.run_data import load_runs
from podium.store.transaction import Tx

ADA = Actor("ada")
INT64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)


@pytest.fixture
def context(store: Store, tmp_path: Path) -> Context:
    return Context(store=store, blobs=LocalBlobs(tmp_path / "b"))


@pytest.fixture
def metrics(context: Context) -> Metrics:
    return Metrics(context)


@pytest.fixture
def new_run(context: Context):
    runs = Runs(context)
    return lambda: asyncio.run(runs.create(ADA, "0", name="", user_id="", start_time=0, tags={})).info.run_id


def history(metrics: Metrics, run: str, key: str) -> list[Point]:
    return asyncio.run(metrics.history(ADA, run, key, limit=None, page_token=None)).points


def latest(context: Context, run: str) -> dict[str, Point]:
    return {point.key: point for point in asyncio.run(Runs(context).get(ADA, run)).metrics}


def identity(point: Point) -> tuple[str, int, int, float, bool]:
    """What makes a point the same as another: NaN is like NaN, and -0.0 like 0.0."""
    nan = math.isnan(point.value)
    return (point.key, point.timestamp, point.step, 0.0 if nan else point.value, nan)


POINTS = st.lists(
    st.builds(
        Point,
        key=st.sampled_from(["loss", "val/acc"]),
        value=st.floats(),
        timestamp=st.integers(0, 3) | st.integers(0, 2**63 - 1),
        step=st.integers(-2, 2) | INT64,
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(POINTS, max_size=4))
def test_history_is_the_set_of_points_and_latest_their_maximum(context, metrics, new_run, batches):
    run = new_run()
    logged = [point for batch in batches for point in batch]
    for batch in batches:
        if len(batch) == 1:
            asyncio.run(metrics.log(ADA, run, batch[0]))
        else:
            asyncio.run(metrics.log_batch(ADA, run, points=batch))
    for key in ("loss", "val/acc"):
        wanted = {identity(point) for point in logged if point.key == key}
        found = [identity(point) for point in history(metrics, run, key)]
        assert found == sorted(wanted)
        newest = max(((step, at, value, nan) for _, at, step, value, nan in wanted), default=None)
        shown = latest(context, run).get(key)
        assert newest == (shown and (shown.step, shown.timestamp, *identity(shown)[3:]))


def test_a_batch_sent_again_doubles_nothing(metrics, new_run):
    run = new_run()
    points = [Point("loss", math.nan if i % 3 == 0 else i / 7, i, i) for i in range(300)]
    for _ in range(2):
        asyncio.run(metrics.log_batch(ADA, run, points=points))
    assert [identity(p) for p in history(metrics, run, "loss")] == [identity(p) for p in points]


def test_histories_come_in_pages_that_neither_skip_nor_repeat(metrics, new_run):
    run = new_run()
    points = [Point("loss", value, 7, step) for step in range(5) for value in (-math.inf, 0.5, math.inf)]
    asyncio.run(metrics.log_batch(ADA, run, points=points))
    found, token = [], None
    while True:
        page = asyncio.run(metrics.history(ADA, run, "loss", limit=4, page_token=token))
        found += page.points
        token = page.next_page_token
        if token is None:
            break
        asyncio.run(metrics.log(ADA, run, Point("loss", 0.0, 1, len(found))))  # behind the reader: not seen
    assert [(p.value, p.timestamp, p.step) for p in found] == [(p.value, p.timestamp, p.step) for p in points]


def test_a_page_token_is_good_for_its_own_history_only(metrics, new_run):
    run = new_run()
    asyncio.run(metrics.log_batch(ADA, run, points=[Point("a", 1.0, 1), Point("a", 2.0, 1)]))
    token = asyncio.run(metrics.history(ADA, run, "a", limit=1, page_token=None)).next_page_token
    for key, given_token in (("b", token), ("a", "nonsense"), ("a", "%%%")):
        with pytest.raises(InvalidArgument, match="Invalid page token"):
            asyncio.run(metrics.history(ADA, run, key, limit=1, page_token=given_token))
    with pytest.raises(InvalidArgument, match="positive integer"):
        asyncio.run(metrics.history(ADA, run, "a", limit=0, page_token=None))


def test_a_name_first_used_by_a_refused_batch_is_not_remembered(metrics, new_run):
    run = new_run()
    asyncio.run(metrics.log_batch(ADA, run, params=[("p", "1")]))
    with pytest.raises(InvalidArgument, match="Changing param values"):
        asyncio.run(metrics.log_batch(ADA, run, points=[Point("ghost", 1.0, 1)], params=[("p", "2")]))
    with pytest.raises(NotFound, match="Logged model with ID 'm-none' not found"):
        asyncio.run(metrics.log(ADA, run, Point("ghost", 1.0, 1, model_id="m-none")))
    asyncio.run(metrics.log(ADA, run, Point("real", 2.0, 1)))
    asyncio.run(metrics.log(ADA, run, Point("ghost", 3.0, 1)))
    assert [p.value for p in history(metrics, run, "real")] == [2.0]
    assert [p.value for p in history(metrics, run, "ghost")] == [3.0]


def test_many_writers_of_new_names_at_once(context, new_run):
    """Two processes meet as two services with memories of their own."""
    run = new_run()
    services = [Metrics(context) for _ in range(4)]

    async def scenario() -> None:
        points = [Point(f"m{i}", float(i), 1) for i in range(50)]
        await asyncio.gather(
            *(service.log_batch(ADA, run, points=points[::d]) for service in services for d in (1, -1))
        )

    asyncio.run(scenario())
    assert {key: point.value for key, point in latest(context, run).items()} == {f"m{i}": i for i in range(50)}


def test_samples_keep_first_and_last_and_stay_within_their_size(metrics, new_run):
    runs = [new_run() for _ in range(2)]
    for run, count in zip(runs, (10, 3), strict=True):
        asyncio.run(metrics.log_batch(ADA, run, points=[Point("a", 0.0, 1, step) for step in range(count)]))

    def sample(per_run, steps=None):
        found = asyncio.run(metrics.sample(ADA, [runs[1], runs[0]], "a", per_run=per_run, steps=steps))
        return [[s.point.step for s in found if s.run_id == run] for run in runs]

    assert sample(5) == [[0, 2, 4, 6, 9], [0, 1, 2]]
    assert sample(1) == [[9], [2]]
    assert sample(100, steps=(2, 4)) == [[2, 3, 4], [2]]
    bulk = asyncio.run(metrics.histories(ADA, [*runs, "missing"], "a", 11))
    assert [s.run_id for s in bulk] == sorted(s.run_id for s in bulk)
    assert len(bulk) == 11


def test_many_runs_load_in_a_fixed_number_of_statements(context, metrics, new_run, monkeypatch):
    for run in [new_run() for _ in range(12)]:
        asyncio.run(metrics.log_batch(ADA, run, points=[Point("a", 1.0, 1)], params=[("p", run)]))
    statements: list[str] = []
    execute = Tx._execute

    def counted(tx: Tx, statement: str, parameters: object):
        statements.append(statement)
        return execute(tx, statement, parameters)

    def load(keys: list[int]) -> int:
        statements.clear()
        loaded = asyncio.run(context.store.read(lambda tx: load_runs(tx, keys)))
        assert [run.info.id for run in loaded] == keys
        assert all(run.params == {"p": run.info.run_id} for run in loaded)
        return len(statements)

    rows = asyncio.run(context.store.read(lambda tx: tx.all("SELECT id FROM runs ORDER BY id DESC")))
    keys = [row[0] for row in rows]
    monkeypatch.setattr(Tx, "_execute", counted)
    assert load(keys[:1]) == load(keys) <= 8
