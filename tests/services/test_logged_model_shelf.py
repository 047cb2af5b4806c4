"""Logged models as pages show them, over all the teams that somebody belongs to."""

import asyncio
from pathlib import Path

import pytest

from podium.domain.access import Account, Actor
from podium.domain.logged_models import NewLoggedModel
from podium.domain.registry import NewVersion
from podium.errors import InvalidArgument, NotFound
from podium.services import Services
from podium.store.engine import Store
from support.files import context_of
from support.registry import ACTOR, RegistryWorld, refused

RUN = "a" * 32
GUEST = Actor("guest", "default", Account(None, "guest", admin=False, home="default", roles={1: "viewer"}))


class World(RegistryWorld):
    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        context, self.clock = context_of(store, folder)
        self.services = Services(context)
        self.shelf = self.services.logged_model_shelf

    async def log(self, name: str, run: str | None = None) -> str:
        new = NewLoggedModel(name, source_run_id=run)
        return (await self.services.logged_models.create(ACTOR, "0", new)).model_id


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path)


def test_they_are_listed_newest_first_with_what_they_became(world):
    async def story():
        await world.new_run(RUN)
        first = await world.log("first", run=RUN)
        second = await world.log("second")
        gone = await world.log("gone")
        await world.services.logged_models.delete(ACTOR, gone)
        await world.services.registry.create(ACTOR, "Net", {})
        version = NewVersion("Net", f"models:/{first}", logged_model_id=first)
        await world.services.versions.create(ACTOR, version)
        page = await world.shelf.find(ACTOR, limit=1)
        assert ([each.model_id for each in page.models], page.count) == ([second], 2)
        rest = await world.shelf.find(ACTOR, before=page.before, limit=1)
        [shown] = rest.models
        assert (shown.model_id, shown.run_slug, rest.before) == (first, RUN, None)
        assert [(one.name, one.version) for one in rest.registered[first]] == [("Net", 1)]
        assert [each.name for each in (await world.shelf.find(ACTOR, "SEC")).models] == ["second"]
        whole = await world.shelf.model(ACTOR, first)
        assert (whole.model.name, [one.name for one in whole.registered]) == ("first", ["Net"])
        await refused(world.shelf.model(ACTOR, gone), NotFound)
        await refused(world.shelf.find(ACTOR, limit=0), InvalidArgument)

    asyncio.run(story())


def test_nobody_sees_those_of_other_teams(world):
    async def story():
        await world.services.teams.create(ACTOR, "others", None, None)
        project = await world.services.projects.create(ACTOR.at("others"), "nets", None, {})
        new = NewLoggedModel("theirs")
        hidden = (await world.services.logged_models.create(ACTOR.at("others"), str(project), new)).model_id
        await world.log("ours")
        assert [each.name for each in (await world.shelf.find(ACTOR)).models] == ["ours", "theirs"]
        assert [each.name for each in (await world.shelf.find(GUEST)).models] == ["ours"]
        await refused(world.shelf.model(GUEST, hidden), NotFound)
        await refused(world.shelf.find(GUEST, team="others"), NotFound)

    asyncio.run(story())
