"""Forms that are kept while the things do not change: never an old one, whatever changed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.filters import And
from podium.domain.logged_models import NewLoggedModel
from podium.domain.registry import ModelVersion, NewVersion, RegisteredModel
from podium.domain.runs import Dataset, DatasetInput, ModelOutput, Point, Run
from podium.errors import InvalidArgument, NotFound
from podium.services import Services
from podium.services.context import Context
from podium.services.forms import Forms
from podium.services.searching import Search
from podium.store.engine import Store
from podium.store.run_data import load_runs
from podium.store.runs import select_revisions

ADA = Actor("ada")
MODEL = '{"run_id": "r", "artifact_path": "m", "flavors": {}, "utc_time_created": "now"}'
Change = Callable[[Services, str], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "metric": lambda s, run: s.metrics.log(ADA, run, Point("loss", 0.5, 1)),
    "batch": lambda s, run: s.metrics.log_batch(ADA, run, params=[("lr", "1")], tags=[("team", "a")]),
    "param": lambda s, run: s.runs.log_param(ADA, run, "depth", "3"),
    "tag": lambda s, run: s.runs.set_tag(ADA, run, "kind", "try"),
    "tag taken off": lambda s, run: s.runs.delete_tag(ADA, run, "mlflow.runName"),
    "end": lambda s, run: s.runs.update(ADA, run, status="FINISHED", end_time=9, name="other"),
    "deletion": lambda s, run: s.runs.delete(ADA, run),
    "project's deletion": lambda s, _: s.projects.delete(ADA, "0"),
    "model": lambda s, run: s.runs.log_model(ADA, run, MODEL),
    "dataset": lambda s, run: s.datasets.log_inputs(ADA, run, [DatasetInput(Dataset("d", "1", "local", "x"), {})], []),
    "output": lambda s, run: s.datasets.log_outputs(ADA, run, [ModelOutput("m-1", 0)]),
}


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Services:
    return Services(Context(store=store, blobs=LocalBlobs(tmp_path / "b"), clock=lambda: 5_000))


class Shaper:
    """A shape that counts how often it is asked."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, thing: Run | RegisteredModel | ModelVersion) -> bytes:
        self.made += 1
        return repr(thing).encode()


async def new_run(services: Services, name: str = "r") -> str:
    run = await services.runs.create(ADA, "0", name=name, user_id="ada", start_time=1, tags={})
    return run.info.run_id


async def listed(services: Services, shape: Shaper) -> list[bytes]:
    found = await services.run_search.search_forms(ADA, ["0"], Search(And(())), "all", shape)
    return found.items


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_run_is_shown_as_it_is_now(services: Services, change: str):
    async def scenario() -> None:
        shape = Shaper()
        run = await new_run(services)
        before = await services.run_search.get_form(ADA, run, shape)
        await CHANGES[change](services, run)
        after = await services.run_search.get_form(ADA, run, shape)
        assert after != before
        assert after == repr(await services.runs.get(ADA, run)).encode()
        assert await listed(services, shape) == [after]
        assert shape.made == 2

    asyncio.run(scenario())


def test_only_the_run_that_changed_is_made_again(services: Services):
    async def scenario() -> None:
        shape = Shaper()
        runs = [await new_run(services, f"r{i}") for i in range(5)]
        first = await listed(services, shape)
        assert await listed(services, shape) == first
        await services.runs.set_tag(ADA, runs[2], "k", "v")
        assert len(set(await listed(services, shape)) - set(first)) == 1
        assert shape.made == 6

    asyncio.run(scenario())


def test_two_shapes_do_not_meet(services: Services):
    async def scenario() -> None:
        run = await new_run(services)
        assert await services.run_search.get_form(ADA, run, lambda _: b"one") == b"one"
        assert await services.run_search.get_form(ADA, run, lambda _: b"two") == b"two"

    asyncio.run(scenario())


def test_the_oldest_forms_make_room(services: Services, store: Store):
    forms = Forms(load_runs, max_bytes=25)
    shape_calls: list[int] = []

    def shape(run: Run) -> bytes:
        shape_calls.append(run.info.id)
        return b"x" * 10

    async def scenario() -> None:
        for i in range(3):
            await new_run(services, f"r{i}")
        keys = await store.read(lambda tx: [row[0] for row in tx.all("SELECT id FROM runs ORDER BY id")])
        for wanted in ([keys[0]], [keys[1]], [keys[2]], [keys[0]], [keys[2]]):
            await store.read(lambda tx, wanted=wanted: forms.select(tx, select_revisions(tx, wanted), shape))
        assert shape_calls == [*keys, keys[0]]

    asyncio.run(scenario())


REGISTRY_CHANGES: dict[str, Callable[[Services, str, str], Awaitable[object]]] = {
    "model's description": lambda s, *_: s.registry.describe(ADA, "m", "better"),
    "model's tag": lambda s, *_: s.registry.set_tag(ADA, "m", "k", "v"),
    "model's tag taken off": lambda s, *_: s.registry.delete_tag(ADA, "m", "old"),
    "another version": lambda s, *_: s.versions.create(ADA, NewVersion("m", "s3://b/x")),
    "version's description": lambda s, *_: s.versions.describe(ADA, "m", 1, "better"),
    "version's tag": lambda s, *_: s.versions.set_tag(ADA, "m", 1, "k", "v"),
    "version's tag taken off": lambda s, *_: s.versions.delete_tag(ADA, "m", 1, "old"),
    "stage": lambda s, *_: s.promotion.transition_stage(ADA, "m", 1, "Staging"),
    "alias": lambda s, *_: s.promotion.set_alias(ADA, "m", "champion", 1),
    "alias taken off": lambda s, *_: s.promotion.delete_alias(ADA, "m", "old"),
    "alias moved on": lambda s, *_: s.promotion.set_alias(ADA, "m", "old", 2),
    "logged model's metric": lambda s, run, logged: s.metrics.log(ADA, run, Point("loss", 0.5, 1, model_id=logged)),
    "logged model's param": lambda s, _, logged: s.logged_models.log_params(ADA, logged, {"depth": "3"}),
}


@pytest.mark.parametrize("change", REGISTRY_CHANGES)
def test_a_changed_model_and_its_versions_are_shown_as_they_are_now(services: Services, change: str):
    async def shown(shape: Shaper) -> list[bytes]:
        models = await services.registry.search_forms(ADA, Search(And(())), shape)
        versions = await services.versions.search_forms(ADA, Search(And(())), shape)
        alone = [
            await services.registry.get_form(ADA, "m", shape),
            await services.versions.get_form(ADA, "m", 1, shape),
        ]
        return [*models.items, *versions.items, *alone]

    async def scenario() -> None:
        run = await new_run(services)
        logged = await services.logged_models.create(ADA, "0", NewLoggedModel("l", source_run_id=run))
        await services.registry.create(ADA, "m", {"old": "1"})
        source = f"models:/{logged.model_id}"
        for _ in range(2):
            await services.versions.create(
                ADA, NewVersion("m", source, logged_model_id=logged.model_id, tags={"old": "1"})
            )
        await services.promotion.set_alias(ADA, "m", "old", 1)
        kept = Shaper()
        before = await shown(kept)
        assert await shown(kept) == before
        assert kept.made == 3
        await REGISTRY_CHANGES[change](services, run, logged.model_id)
        after = await shown(kept)
        assert after != before
        assert after == await shown(Shaper())

    asyncio.run(scenario())


def test_a_renamed_or_restored_model_shows_its_new_name(services: Services):
    async def scenario() -> None:
        shape = Shaper()
        await services.registry.create(ADA, "m", {})
        await services.versions.create(ADA, NewVersion("m", "s3://b/x"))
        await services.versions.get_form(ADA, "m", 1, shape)
        await services.registry.rename(ADA, "m", "n")
        assert b"name='n'" in await services.versions.get_form(ADA, "n", 1, shape)
        key = await services.registry.delete(ADA, "n")
        with pytest.raises(NotFound):
            await services.registry.get_form(ADA, "n", shape)
        with pytest.raises(NotFound):
            await services.versions.get_form(ADA, "n", 1, shape)
        await services.registry.restore(ADA, key)
        assert b"name='n'" in await services.registry.get_form(ADA, "n", shape)

    asyncio.run(scenario())


def test_an_alias_shows_the_version_that_it_points_to_now(services: Services):
    async def scenario() -> None:
        shape = Shaper()
        await services.registry.create(ADA, "m", {})
        for _ in range(2):
            await services.versions.create(ADA, NewVersion("m", "s3://b/x"))
        for version in (1, 2, 1):
            await services.promotion.set_alias(ADA, "m", "best", version)
            form = await services.versions.get_form_by_alias(ADA, "m", "best", shape)
            assert f"version={version}," in form.decode()
        assert b"version=2," in await services.versions.get_form_by_alias(ADA, "m", "latest", shape)
        with pytest.raises(InvalidArgument, match="alias none not found"):
            await services.versions.get_form_by_alias(ADA, "m", "none", shape)

    asyncio.run(scenario())
