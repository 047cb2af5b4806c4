import asyncio
from pathlib import Path

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.filters import And
from podium.domain.logged_models import NewLoggedModel
from podium.domain.registry import NewVersion
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound
from podium.services.searching import Search
from podium.store.engine import Store
from support.registry import ACTOR, RegistryWorld, refused

BLUE = Actor("ada", "blue")


@pytest.fixture
def world(store: Store, tmp_path: Path) -> RegistryWorld:
    return RegistryWorld(store, tmp_path / "blobs")


def test_a_team_is_created_changed_and_deleted_with_events(world):
    teams = world.services.teams

    async def story():
        made = await teams.create(ACTOR, "blue", "sky", "s3://bucket/blue")
        assert (made.description, made.default_artifact_root) == ("sky", "s3://bucket/blue")
        told = await refused(teams.create(ACTOR, "blue", None, None), AlreadyExists)
        assert told == "There is a team 'blue' already."
        changed = await teams.update(ACTOR, "blue", None, "")
        assert (changed.description, changed.default_artifact_root) == ("sky", None)
        assert [team.name for team in await teams.list_all(ACTOR)] == ["blue", "default"]
        await teams.delete(ACTOR, "blue", "RESTRICT")
        await refused(teams.get(ACTOR, "blue"), NotFound)
        assert [row[0] for row in await world.events()] == ["create", "update", "delete"]

    asyncio.run(story())


@pytest.mark.parametrize("name", ["a", "Blue", "-a", "a-", "a_b", "api", "x" * 64])
def test_what_cannot_name_a_team_is_refused(world, name):
    asyncio.run(refused(world.services.teams.create(ACTOR, name, None, None), InvalidArgument))


def test_what_a_team_has_is_kept_from_others_given_to_the_default_team_or_deleted_with_it(world):
    teams, services = world.services.teams, world.services

    async def story():
        await teams.create(ACTOR, "blue", None, None)
        project = str(await services.projects.create(BLUE, "p", None, {}))
        model = await services.logged_models.create(BLUE, project, NewLoggedModel(name="m"))
        assert (
            model.artifact_location == f"mlflow-artifacts:/workspaces/blue/{project}/models/{model.model_id}/artifacts"
        )
        await refused(services.logged_models.get(ACTOR, model.model_id), NotFound)
        assert (await services.logged_models.search(ACTOR, [project], Search(And()))).items == []
        await refused(teams.delete(ACTOR, "blue", "RESTRICT"), InvalidState)

        clashing = str(await services.projects.create(ACTOR, "p", None, {}))
        await refused(teams.delete(ACTOR, "blue", "SET_DEFAULT"), InvalidState)
        await services.projects.rename(ACTOR, clashing, "q")
        await teams.delete(ACTOR, "blue", "SET_DEFAULT")
        moved = await services.logged_models.get(ACTOR, model.model_id)
        assert moved.artifact_location == f"mlflow-artifacts:/{project}/models/{model.model_id}/artifacts"

        await teams.create(ACTOR, "blue", None, None)
        project = str(await services.projects.create(BLUE, "p2", None, {}))
        lost = await services.logged_models.create(BLUE, project, NewLoggedModel())
        await teams.delete(ACTOR, "blue", "CASCADE")
        await teams.create(ACTOR, "blue", None, None)
        await refused(services.logged_models.get(BLUE, lost.model_id, allow_deleted=True), NotFound)

    asyncio.run(story())


def test_the_past_of_a_model_goes_with_it_to_the_default_team(world):
    services = world.services

    async def story():
        await services.teams.create(ACTOR, "blue", None, None)
        await services.registry.create(BLUE, "M", {})
        await services.versions.create(BLUE, NewVersion("M", "s3://bucket/m"))
        await services.promotion.transition_stage(BLUE, "M", 1, "Staging")
        before = world.clock()
        await services.teams.delete(ACTOR, "blue", "SET_DEFAULT")
        [standing] = await services.registry_history.version_at(ACTOR, "M", world.clock(), stage="Staging")
        assert standing.version == 1
        await refused(services.registry_history.version_at(ACTOR, "M", before, stage="Staging"), NotFound)

    asyncio.run(story())


def test_a_deleted_team_comes_back_with_all_it_had_until_garbage_is_collected(world, tmp_path):
    teams, services = world.services.teams, world.services
    LocalBlobs.open(tmp_path / "blobs").close()

    async def story():
        await teams.create(ACTOR, "blue", "sky", None)
        project = str(await services.projects.create(BLUE, "p", None, {}))
        await services.registry.create(BLUE, "M", {})
        await services.evaluation_datasets.create(BLUE, "questions", [project], {})
        await teams.delete(ACTOR, "blue", "CASCADE")
        await refused(services.registry.get(BLUE, "M"), NotFound)

        await teams.create(ACTOR, "blue", None, None)
        await refused(teams.restore(ACTOR, "blue"), AlreadyExists)
        await teams.delete(ACTOR, "blue", "RESTRICT")
        assert (await services.retention.collect(older_than_ms=10_000)).teams == 0
        await world.store.write(lambda tx: tx.run("DELETE FROM teams WHERE description IS NULL"))

        assert (await teams.restore(ACTOR, "blue")).description == "sky"
        assert (await services.registry.get(BLUE, "M")).name == "M"
        assert (await services.projects.get(BLUE, project)).name == "p"

        await teams.delete(ACTOR, "blue", "CASCADE")
        assert (await services.retention.collect(older_than_ms=0)).teams == 1
        await refused(teams.restore(ACTOR, "blue"), NotFound)
        owned = "SELECT team_id FROM projects UNION ALL SELECT team_id FROM evaluation_datasets"
        assert await world.store.read(lambda tx: tx.all(f"SELECT team_id FROM ({owned}) AS o WHERE team_id <> 1")) == []

    asyncio.run(story())
