"""Who sees whom, what the palette finds and what the activity tells, over both databases."""

import asyncio
from pathlib import Path

import pytest

from podium.domain.access import Actor
from podium.domain.accounts import NewUser
from podium.domain.audit import EventFilter
from podium.domain.logged_models import NewLoggedModel
from podium.domain.registry import PROMPT_TAG
from podium.domain.runs import Dataset, DatasetInput
from podium.domain.stories import differences_of, words_of
from podium.errors import InvalidArgument, NotFound
from podium.protocols.pages.palette import address_of
from podium.store.engine import Store
from support.people import RUN, PeopleWorld
from support.registry import ACTOR, refused


@pytest.fixture
def world(store: Store, tmp_path: Path) -> PeopleWorld:
    world = PeopleWorld(store, tmp_path / "blobs")
    asyncio.run(world.fill())
    return world


async def found(world: PeopleWorld, actor: Actor, text: str) -> dict[str, list[str]]:
    groups = await world.services.palette.find(actor, text)
    return {group: [find.name for find in finds] for group, finds in groups.items() if finds}


def test_everybody_sees_whom_they_work_with(world):
    async def story():
        who = await world.people(ann="admin", bob="member", otto=None)
        people = world.services.people
        page = await people.page(who["bob"])
        assert [(person.user.name, person.roles) for person in page.people] == [
            ("ann", {"default": "admin"}),
            ("bob", {"default": "member"}),
        ]
        assert [person.user.name for person in (await people.page(who["otto"])).people] == ["otto"]
        first = await people.page(who["root"], limit=2)
        rest = await people.page(who["root"], limit=2, after=first.after)
        names = [person.user.name for person in (*first.people, *rest.people)]
        assert (names, rest.after) == (["ann", "bob", "otto", "root"], None)
        assert [person.user.name for person in (await people.page(who["root"], text="OT")).people] == ["otto", "root"]
        assert (await people.page(who["root"], text="%\\_")).people == []
        await refused(people.page(who["bob"], limit=0), InvalidArgument)

    asyncio.run(story())


def test_only_who_manages_a_team_sees_the_keys_of_its_service_accounts(world):
    async def story():
        who = await world.people(ann="admin", bob="member", otto=None)
        made = await world.services.users.create(who["ann"], NewUser(name="ci", kind="service", team="default"))
        other = await world.services.users.create(
            who["root"], NewUser(name="elsewhere", kind="service", team="otto")
        )  # works for another team, and is a guest here
        await world.services.members.set_in_team(who["root"], "default", "elsewhere", "member")
        crew = await world.services.people.crew(await world.actor("ann"), "default")
        assert {user: len(keys) for user, keys in crew.keys.items()} == {made.user.id: 1}
        assert other.user.id in {member.user_id for member in crew.members}
        seen = await world.services.people.crew(await world.actor("bob"), "default")
        assert (seen.keys, seen.may_manage, len(seen.members)) == ({}, False, 4)
        await refused(world.services.people.crew(who["otto"], "default"), NotFound)
        [card] = await world.services.people.teams(who["bob"])
        assert (card.team.name, card.members, card.role) == ("default", 4, "member")

    asyncio.run(story())


def test_the_palette_finds_by_the_beginning_first_and_only_what_is_ones_own(world):
    async def story():
        await world.registry.create(ACTOR, "churn-Model", {})
        await world.registry.create(ACTOR, "model-b", {})
        await world.new_version("churn-Model")
        await world.promotion.set_alias(ACTOR, "M", "champion", 1)
        assert await found(world, ACTOR, "model") == {"Models": ["model-b", "churn-Model"]}
        assert await found(world, ACTOR, "churn/1") == {"Versions": ["churn-Model v1"]}
        assert (await found(world, ACTOR, "M v1"))["Versions"] == ["M v1", "churn-Model v1"]
        assert await found(world, ACTOR, "@ch") == {"Versions": ["M v1"]}
        assert await found(world, ACTOR, "100%_") == {}
        await world.registry.create(ACTOR, "model-prompt", {PROMPT_TAG: "true"})  # prompts have no page to go to
        assert (await found(world, ACTOR, "model"))["Models"] == ["model-b", "churn-Model"]
        ran = await world.services.palette.find(ACTOR, RUN[:8])
        assert [find.path for find in ran["Runs"]] == [(RUN, RUN)]
        assert [find.name for find in ran["Projects"]] == [RUN]
        assert (await found(world, ACTOR, ""))["Models"][0] == "churn-Model"
        who = await world.people(ann="viewer", otto=None)
        assert await found(world, who["otto"], "churn") == {}
        assert await found(world, who["otto"], "ot") == {"People": ["otto"]}
        assert (await found(world, who["ann"], "an"))["People"] == ["ann"]

    asyncio.run(story())


def test_the_palette_finds_datasets_and_logged_models(world):
    services = world.services

    async def story():
        for digest, name in (("d1", "churn-2025"), ("d2", "churn-2025"), ("d3", "old-churn"), ("d4", "wine")):
            read = [DatasetInput(Dataset(name, digest, "local", "{}"), {})]
            await services.datasets.log_inputs(ACTOR, RUN, read, [])
        project = str((await services.runs.get(ACTOR, RUN)).info.project_id)
        models = [
            (await services.logged_models.create(ACTOR, project, NewLoggedModel(name))).model_id
            for name in ("churn-net", "gone-churn", "Forest")
        ]
        await services.logged_models.delete(ACTOR, models[1])
        groups = await services.palette.find(ACTOR, "churn")
        # Of the data that is called the same, what became known last.
        assert [(find.name, find.note) for find in groups["Datasets"]] == [
            ("churn-2025", f"{RUN} · d2"),
            ("old-churn", f"{RUN} · d3"),
        ]
        shown = await services.dataset_shelf.dataset(ACTOR, int(groups["Datasets"][0].path[0]))
        assert (shown.dataset.name, shown.dataset.digest) == ("churn-2025", "d2")
        assert [(find.name, find.path) for find in groups["Logged models"]] == [("churn-net", (models[0],))]
        assert [address_of(find) for find in groups["Logged models"]] == [f"/logged-models/{models[0]}"]
        assert await found(world, ACTOR, models[2][:10]) == {"Logged models": ["Forest"]}
        assert (await found(world, ACTOR, "fores"))["Logged models"] == ["Forest"]
        who = await world.people(otto=None)
        assert await found(world, who["otto"], "churn") == {}

    asyncio.run(story())


def test_the_activity_of_all_ones_teams_with_what_it_is_about(world):
    async def story():
        await world.promotion.transition_stage(ACTOR, "M", 1, "Staging")
        await world.registry.rename(ACTOR, "M", "N")
        who = await world.people(ann="member", otto=None)
        activity = world.services.activity
        staged = EventFilter(entity="model_version", action="transition_stage")
        [moved] = (await activity.page(who["ann"], staged)).stories
        assert (moved.event.entity_name, moved.subject.path, moved.team) == ("M/1", ("N", "1"), "default")
        assert words_of(moved.event) == ("moved", "to Staging")
        assert "stage" in {each.field for each in differences_of(moved.event)}
        assert (await activity.page(who["otto"], staged)).stories == []
        await refused(activity.page(who["otto"], staged, team="default"), NotFound)
        first = await activity.page(who["ann"], EventFilter(), limit=2)
        rest = await activity.page(who["ann"], EventFilter(), limit=200, cursor=first.cursor)
        numbers = [story.event.seq for story in (*first.stories, *rest.stories)]
        assert numbers == sorted(numbers, reverse=True)
        batches = [batch async for batch in activity.export(who["ann"], EventFilter())]
        assert [event.seq for batch in batches for event in batch] == numbers[::-1]
        subject, about = await activity.about(who["ann"], "model", "N")
        told = [(story.event.entity, story.event.action) for story in about.stories]
        assert (subject.name, told[0], told[-1]) == (
            "N",
            ("registered_model", "rename"),
            ("registered_model", "create"),
        )
        assert ("model_version", "transition_stage") in told

    asyncio.run(story())
