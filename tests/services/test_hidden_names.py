"""Names and counts of registries, and of what they link to, show to those alone who may see them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from podium.domain.audit import EventFilter
from podium.domain.filters import And
from podium.domain.registries import MODELS
from podium.domain.shelf import WantedArtifacts
from podium.domain.tracked_runs import RunChange
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound, PermissionDenied
from podium.services.artifact_aliases import AliasIn
from podium.services.registries import RegistryEdit
from podium.services.searching import Search
from podium.store import projects
from podium.store.engine import Store
from support.hidden import SECRET, hidden_registry, organization
from support.registries import World, at_team
from support.registry import refused
from support.versioned import Logger

ALL = Search(And())


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path / "blobs")


def test_a_registry_shows_in_no_list_and_no_answer_about_what_it_links_to(world):
    services = world.services

    async def story():
        owner, bob, vera = await organization(world)
        registry, version = await hidden_registry(world, owner)
        await services.registry_members.add(owner, registry, [vera.account.id], [])
        reading = services.artifact_reading
        whole = await reading.version(owner, version)
        source, key = whole.sequence, str(registry)
        listed = (
            lambda a: reading.version(a, version),
            lambda a: reading.places_of(a, version),
            lambda a: reading.members(a, source.id, ALL),
            lambda a: reading.membership(a, source.place.project_id, "open:latest"),
            lambda a: services.artifact_shelf.find(a, WantedArtifacts()),
            lambda a: services.artifact_shelf.version(a, "p", "open", "latest"),
            lambda a: services.palette.find(a, SECRET),
            services.project_pages.list_projects,
            lambda a: services.projects.search(a, ALL, "active"),
            lambda a: services.registries.search(a, ALL),
            services.audit.list_events,
            lambda a: services.activity.page(a, EventFilter()),
        )
        for call in listed:
            assert [SECRET in repr(await call(actor)) for actor in (owner, vera, bob)] == [True, True, False]
        counts = [(await services.overview.count(actor))["projects"] for actor in (owner, vera, bob)]
        assert counts == [2, 2, 1]
        trails = [repr(await exported(services.audit.export(actor))) for actor in (owner, vera, bob)]
        assert [SECRET in trail for trail in trails] == [True, True, False]

        # What is said of the version is said without a word of who else has it.
        told = await refused(services.artifact_changes.delete(bob, version, with_aliases=False), InvalidState)
        assert SECRET not in told
        for call in (
            services.watching.watch(bob, "project", key),
            services.registry_members.users(bob, registry),
            services.artifact_changes.link(bob, version, f"wandb-registry-{SECRET}", "c", []),
        ):
            await refused(call, NotFound)
        nobodys = await refused(services.artifact_changes.link(bob, version, "wandb-registry-none", "c", []), NotFound)
        taken = await refused(
            services.artifact_changes.link(bob, version, f"wandb-registry-{SECRET}", "c", []), NotFound
        )
        assert taken == nobodys.replace("'none'", f"'{SECRET}'")

    asyncio.run(story())


def test_a_page_of_links_counts_what_its_reader_may_see(world):
    services = world.services

    async def story():
        owner, bob, _ = await organization(world)
        await services.teams.create_in(owner, "acme", "lab", "root")
        log = Logger(services, at_team(owner, "lab"))
        versions = [await log.log("data", {"w": raw}) for raw in (b"1", b"2", b"3")]
        versions.append(await Logger(services, owner).log("own", {"w": b"4"}))
        for version in versions:
            place = await services.artifact_changes.link(owner, version.id, "side", "links", [])
        await services.registries.upsert(owner, "wandb-registry-open", RegistryEdit())
        await services.artifact_changes.link(owner, versions[0].id, "wandb-registry-open", "c", [])
        reading, links = services.artifact_reading, place.collection.id
        found = [await reading.members(actor, links, ALL) for actor in (owner, bob)]
        assert [(page.total, [each.number for each in page.items]) for page in found] == [
            (4, [0, 1, 2, 3]),
            (2, [0, 3]),  # of its own team, and what a registry shows
        ]
        small = await reading.members(bob, links, Search(And(), limit=1))
        assert [each.number for each in small.items] == [0]
        assert small.next_page_token is not None
        shown = await services.artifact_shelf.collection(bob, "side", "links", before=None, limit=1)
        assert ([each.number for each in shown.members], shown.before) == ([3], 3)

    asyncio.run(story())


def test_a_project_does_not_become_a_registry_nor_is_one_begun_by_logging(world):
    services, name = world.services, "wandb-registry-x"

    async def story():
        owner, bob, _ = await organization(world)
        await refused(services.projects.create(bob, name, None, {}), InvalidArgument)
        await refused(services.run_upserts.upsert(bob, name, "r", RunChange(), together=False), InvalidArgument)
        await refused(Logger(services, bob).log("data", {"w": b"1"}, project=name), InvalidArgument)
        key = await services.projects.create(bob, "plain", None, {})
        await refused(services.projects.rename(bob, str(key), name), InvalidArgument)
        # One that has such a name from before stays what it is, too.
        await world.store.write(lambda tx: projects.update_name(tx, key, name, 1))
        await services.runs.create(bob, str(key), name="r", user_id="", start_time=1, tags={})
        for actor in (owner, bob):
            await refused(services.registries.upsert(actor, name, RegistryEdit(access="RESTRICTED")), AlreadyExists)
        assert len((await services.run_search.search(bob, [str(key)], ALL, "all")).items) == 1
        await services.projects.rename(bob, str(key), "plain again")
        assert (await services.registries.upsert(owner, name, RegistryEdit()))[1]

    asyncio.run(story())


def test_models_are_not_changed_by_who_may_not_see_their_registry(world):
    services = world.services

    async def story():
        owner, bob, vera = await organization(world)
        version = await Logger(services, owner).log("net", {"w": b"1"}, type="model")
        place = await services.artifact_changes.link(owner, version.id, MODELS, "M", [])
        registry, _ = await services.registries.upsert(owner, MODELS, RegistryEdit(access="RESTRICTED"))
        await services.registry_members.add(owner, registry.id, [vera.account.id], [])
        alias = [AliasIn("acme", MODELS, "M", "prod")]
        for actor, refusal in ((bob, NotFound), (vera, PermissionDenied)):
            for call in (
                services.artifact_changes.tag_collection(actor, MODELS, "M", ["t"], []),
                services.artifact_changes.update_collection(actor, place.collection.id, None, "mine"),
                services.artifact_changes.delete_collection(actor, place.collection.id),
                services.artifact_changes.unlink(actor, version.id, place.collection.id),
                services.artifact_aliases.add(actor, version.id, alias),
                services.artifact_aliases.remove(actor, version.id, alias),
            ):
                await refused(call, refusal)
        await services.artifact_aliases.add(owner, version.id, alias)
        assert (await services.versions.get(owner, "M", 1)).aliases == ("prod",)

    asyncio.run(story())


async def exported(events: AsyncIterator[Any]) -> list[Any]:
    return [event async for event in events]
