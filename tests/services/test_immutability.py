"""Whatever happens to what a version was made of, the version gives the bytes that were registered."""

import asyncio

import pytest

from podium.domain.access import Actor
from podium.domain.logged_models import NewLoggedModel
from podium.domain.registry import NewVersion
from podium.services import Services
from podium.services.file_owners import OfVersion
from support.files import body, context_of

ANN = Actor("ann")
BLUE = Actor("ann", "blue")
REGISTERED = b"as it was registered"


@pytest.fixture
def world(store, tmp_path):
    context, clock = context_of(store, tmp_path)
    yield Services(context), clock
    context.blobs.close()


class Registered:
    """A model version of a run's file, and one of a logged model's, with what they were made of."""

    def __init__(self, services: Services, clock, actor: Actor) -> None:
        self.services, self.clock, self.actor = services, clock, actor

    async def make(self) -> None:
        services, actor = self.services, self.actor
        self.project = str(await services.projects.create(actor, "p", None, {}))
        run = await services.runs.create(actor, self.project, name="", user_id="", start_time=0, tags={})
        self.run_id = run.info.run_id
        self.logged = await services.logged_models.create(
            actor, self.project, NewLoggedModel(source_run_id=self.run_id)
        )
        root = (await services.projects.get(actor, self.project)).artifact_location
        self.folders = [f"{root}/{self.run_id}/artifacts/m", self.logged.artifact_location]
        await services.registry.create(actor, "M", {})
        for folder, model_id in zip(self.folders, (None, self.logged.model_id), strict=True):
            await self.put(folder, REGISTERED)
            new = NewVersion("M", folder, run_id=self.run_id, logged_model_id=model_id)
            assert (await services.versions.create(actor, new)).manifest_id is not None

    async def put(self, folder: str, content: bytes) -> None:
        path = folder.removeprefix("mlflow-artifacts:/")
        await self.services.artifacts.put(self.actor, f"{path}/model.bin", body(content))

    async def check(self, name: str = "M", actor: Actor | None = None) -> None:
        self.clock.advance(days=2)
        await self.services.retention.collect(older_than_ms=0)
        artifacts = self.services.artifacts
        for version in ("1", "2"):
            file = await artifacts.get_of(actor or self.actor, OfVersion(name, version), "model.bin")
            assert b"".join([chunk async for chunk in artifacts.read(file)]) == REGISTERED
        assert [problem async for problem in self.services.verification.problems(quick=False)] == []


async def overwrite(it: Registered) -> None:
    for folder in it.folders:
        await it.put(folder, b"another")


async def delete_files(it: Registered) -> None:
    for folder in it.folders:
        await it.services.artifacts.delete(it.actor, folder.removeprefix("mlflow-artifacts:/"))


async def delete_run(it: Registered) -> None:
    await it.services.runs.delete(it.actor, it.run_id)


async def delete_logged_model(it: Registered) -> None:
    await it.services.logged_models.delete(it.actor, it.logged.model_id)


async def delete_project(it: Registered) -> None:
    await it.services.projects.delete(it.actor, it.project)


@pytest.mark.parametrize("change", [overwrite, delete_files, delete_run, delete_logged_model, delete_project])
def test_changes_of_the_source_leave_the_version_as_it_was(world, change):
    async def story():
        it = Registered(*world, ANN)
        await it.make()
        await change(it)
        await it.check()

    asyncio.run(story())


def test_renaming_and_another_team_leave_the_version_as_it_was(world):
    services, _ = world

    async def story():
        await services.teams.create(ANN, "blue", None, None)
        it = Registered(*world, BLUE)
        await it.make()
        await services.registry.rename(BLUE, "M", "N")
        await it.check("N")
        await services.teams.delete(ANN, "blue", "SET_DEFAULT")
        await it.check("N", ANN)

    asyncio.run(story())


def test_a_team_that_comes_back_has_the_bytes_of_its_versions(world):
    services, clock = world

    async def story():
        await services.teams.create(ANN, "blue", None, None)
        it = Registered(*world, BLUE)
        await it.make()
        await services.teams.delete(ANN, "blue", "CASCADE")
        clock.advance(days=2)
        await services.retention.collect(older_than_ms=30 * 24 * 3_600_000)
        await services.teams.restore(ANN, "blue")
        await it.check()

    asyncio.run(story())
