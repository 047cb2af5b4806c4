"""Runs and versions side by side: found over teams, with what their files say."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from podium.domain.access import Account, Actor
from podium.domain.logged_models import NewLoggedModel
from podium.domain.model_descriptions import ModelDescription
from podium.domain.registry import NewVersion
from podium.domain.runs import Point, Run
from podium.errors import InvalidArgument, NotFound
from podium.protocols.pages.compare_sheets import version_sheets
from podium.services import Services
from podium.services.comparison import ComparedRun
from podium.store.engine import Store
from support.files import body, context_of
from support.registry import ACTOR, refused

SIGNATURE = json.dumps([{"name": "age", "type": "long"}])
MLMODEL = f"flavors: {{}}\nsignature:\n  inputs: '{SIGNATURE}'\n  outputs: null\n"


class World:
    def __init__(self, store: Store, folder: Path) -> None:
        context, _ = context_of(store, folder)
        self.services = Services(context)
        self.numbers = itertools.count()

    async def run(self, actor: Actor, name: str, points: Sequence[Point] = (), **params: str) -> Run:
        """A run in a project of its own."""
        project = await self.services.projects.create(actor, f"of-{name}-{next(self.numbers)}", None, {})
        run = await self.services.runs.create(actor, str(project), name=name, user_id="ada", start_time=1, tags={})
        await self.services.metrics.log_batch(actor, run.info.run_id, points=points, params=list(params.items()))
        return run

    async def version(self, name: str, files: dict[str, str]) -> int:
        """A version of a model with these files."""
        run = await self.run(ACTOR, name)
        path = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
        for file, text in files.items():
            await self.services.artifacts.put(ACTOR, f"{path}/model/{file}", body(text.encode()))
        new = NewVersion(name, f"runs:/{run.info.run_id}/model", run_id=run.info.run_id)
        return (await self.services.versions.create(ACTOR, new)).version


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path)


def names(compared: list[ComparedRun]) -> list[str]:
    return [each.run.info.name for each in compared]


def test_runs_come_in_the_order_asked_with_the_metrics_that_have_curves(world):
    async def story():
        first = await world.run(ACTOR, "first", [Point("loss", 0.5, 1, 0), Point("loss", 0.4, 2, 1)], lr="0.1")
        second = await world.run(ACTOR, "second", [Point("f1", 0.9, 1, 0)], lr="0.2")
        ids = [second.info.run_id, first.info.run_id]
        found, curves = await world.services.comparison.runs(ACTOR, [*ids, ids[0]])
        assert names(found) == ["second", "first"]
        assert [each.run.params for each in found] == [{"lr": "0.2"}, {"lr": "0.1"}]
        assert curves == ["loss"]
        assert (found[0].place.team, found[0].place.project) == ("default", "of-second-1")

    asyncio.run(story())


def test_too_few_too_many_and_unknown_ones_are_refused(world):
    async def story():
        compare = world.services.comparison
        run = (await world.run(ACTOR, "one")).info.run_id
        assert "2 to 10 runs" in await refused(compare.runs(ACTOR, [run, run]), InvalidArgument)
        assert "not 11" in await refused(compare.runs(ACTOR, [str(n) for n in range(11)]), InvalidArgument)
        assert "'gone'" in await refused(compare.runs(ACTOR, [run, "gone"]), NotFound)
        assert "team/model/number" in await refused(compare.versions(ACTOR, ["M", "N"]), InvalidArgument)
        assert "version 1" in await refused(compare.versions(ACTOR, ["default/M/1", "default/M/2"]), NotFound)

    asyncio.run(story())


def test_what_another_team_has_is_not_there(world):
    async def story():
        await world.services.teams.create(ACTOR, "others", None, None)
        mine = await world.run(ACTOR, "mine")
        theirs = await world.run(ACTOR.at("others"), "theirs")
        ids = [mine.info.run_id, theirs.info.run_id]
        assert names((await world.services.comparison.runs(ACTOR, ids))[0]) == ["mine", "theirs"]
        guest = Actor("guest", "default", Account(None, "guest", admin=False, home="default", roles={1: "viewer"}))
        await refused(world.services.comparison.runs(guest, ids), NotFound)
        choices = await world.services.comparison.choices(guest, "")
        assert [run.name for run in choices.runs] == ["mine"]
        assert (await world.services.comparison.choices(ACTOR, "THEIR")).runs[0].name == "theirs"

    asyncio.run(story())


def test_versions_have_what_their_runs_measured_last_as_in_the_cabinet(world):
    services = world.services

    async def story():
        trained, judged = await world.run(ACTOR, "trained"), await world.run(ACTOR, "judged")
        run_id, project = trained.info.run_id, str(trained.info.project_id)
        model = (await services.logged_models.create(ACTOR, project, NewLoggedModel("m"))).model_id
        # MLflow's client tells the logged model what the run measured at step 0, and no more.
        await services.metrics.log_batch(ACTOR, run_id, points=[Point("loss", 0.9, 1, 0, model)])
        await services.metrics.log_batch(ACTOR, run_id, points=[Point("loss", 0.2, 2, 7)])
        await services.metrics.log_batch(ACTOR, judged.info.run_id, points=[Point("f1", 0.8, 3, 0, model)])
        await services.registry.create(ACTOR, "M", {})
        await services.versions.create(ACTOR, NewVersion("M", "s3://a/m", logged_model_id=model))
        await services.versions.create(ACTOR, NewVersion("M", "s3://a/m", run_id=run_id, logged_model_id=model))
        found, _ = await services.comparison.versions(ACTOR, ["M/1", "M/2"])
        assert [each.metrics for each in found] == [{"loss": 0.9, "f1": 0.8}, {"loss": 0.2, "f1": 0.8}]
        sheets = {sheet.id: sheet for sheet in version_sheets(found)}
        told = {line.key: [cell.value for cell in line.cells] for line in sheets["metrics"].lines}
        assert told == {"f1": [0.8, 0.8], "loss": [0.9, 0.2]}
        exhibit, _ = await services.cabinet.exhibit(ACTOR, "M", "loss")
        assert exhibit.trend.values == [0.2]

    asyncio.run(story())


def test_versions_say_what_they_take_and_need(world):
    async def story():
        await world.services.registry.create(ACTOR, "M", {})
        texts = {"MLmodel": MLMODEL, "requirements.txt": "numpy==2.1\n", "python_env.yaml": "python: 3.12.1\n"}
        await world.version("M", texts)
        await world.version("M", {"MLmodel": "signature: [unclosed", "model.bin": "x"})
        await world.services.versions.create(ACTOR, NewVersion("M", "s3://elsewhere/model"))
        first, second, third = (await world.services.comparison.versions(ACTOR, ["M/1", "default/M/2", "M/3"]))[0]
        assert [field.name for field in first.description.signature.inputs] == ["age"]
        assert first.description.environment == {"numpy": "==2.1", "python": "==3.12.1"}
        assert first.run.run.info.name == "M"
        assert second.description == ModelDescription()
        assert [file.path for file in second.manifest.entries] == ["MLmodel", "model.bin"]
        assert (third.manifest, third.run) == (None, None)

    asyncio.run(story())
