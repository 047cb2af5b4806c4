"""Roles in registries say who sees, links and changes, whichever way a registry is addressed."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from podium.domain.artifact_collections import CollectionScope
from podium.domain.filters import And
from podium.domain.tracked_runs import RunChange
from podium.errors import InvalidArgument, NotFound, PermissionDenied
from podium.services.artifact_aliases import AliasIn
from podium.services.registries import RegistryEdit
from podium.services.searching import Search
from podium.store.engine import Store
from support.registries import World, at_team, sorted_by
from support.registry import refused
from support.versioned import Logger


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path / "blobs")


def test_roles_in_a_registry_say_who_sees_and_links(world):
    services = world.services

    async def story():
        admin = await world.user("root")
        await services.organizations.create(admin, "acme", "root")
        await services.teams.create_in(admin, "acme", "lab", "root")
        await world.user("eve", admin)
        ann, bob = await world.user("ann", admin), await world.user("bob", admin)
        for name, role in (("ann", "member"), ("bob", "viewer")):
            await services.members.set_in_organization(admin, "acme", name, role)
        await services.registries.upsert(at_team(admin, "acme"), "wandb-registry-x", RegistryEdit())
        registry = (await services.projects.get_by_name(at_team(admin, "acme"), "wandb-registry-x")).id
        version = await Logger(services, at_team(admin, "lab")).log("data", {"w": b"1"})
        link = services.artifact_changes.link
        await link(at_team(admin, "acme"), version.id, "wandb-registry-x", "c", [])

        async def seen(actor) -> int:
            return len((await services.registries.search(at_team(actor, "acme"), sorted_by("name"))).items)

        ann, bob = await world.actor("ann"), await world.actor("bob")
        eve = await world.actor("eve")
        assert [await seen(ann), await seen(bob)] == [1, 1]
        await refused(seen(eve), NotFound)
        alias = AliasIn("acme", "wandb-registry-x", "c", "mine")
        await services.artifact_aliases.add(ann, version.id, [alias])
        await refused(services.artifact_aliases.add(bob, version.id, [alias]), PermissionDenied)
        # What a registry links to can be read, and not changed, by who sees the registry.
        assert (await services.artifact_reading.version(bob, version.id)).id == version.id
        await refused(services.artifact_reading.version(eve, version.id), NotFound)
        await refused(services.artifact_changes.delete(ann, version.id, with_aliases=True), NotFound)
        # And not what else is where that comes from.
        reading, source = services.artifact_reading, version.sequence
        project, scope = source.place.project_id, CollectionScope(source.place.project_id)
        for call in (
            lambda actor: reading.membership(actor, project, "data:latest"),
            lambda actor: reading.collection(actor, project, "data"),
            lambda actor: reading.collections(actor, scope, Search(And())),
            lambda actor: reading.types(actor, project, 10, 0),
            lambda actor: reading.type(actor, project, source.type),
            lambda actor: reading.aliases(actor, source.id, 10, 0),
            lambda actor: reading.members(actor, source.id, Search(And())),
            lambda actor: reading.member(actor, source.id, "latest"),
            lambda actor: reading.latest(actor, source.id),
        ):
            await call(admin)
            await refused(call(bob), NotFound)

        await services.registries.upsert(at_team(admin, "acme"), "wandb-registry-x", RegistryEdit(access="RESTRICTED"))
        assert [await seen(ann), await seen(bob)] == [0, 0]
        await refused(services.artifact_reading.version(bob, version.id), NotFound)
        await services.registry_members.add(admin, registry, [bob.account.id], [])
        assert await seen(bob) == 1
        await services.registry_members.set_user_role(admin, registry, bob.account.id, "member")
        await services.artifact_aliases.add(bob, version.id, [alias])
        await refused(services.registry_members.add(bob, registry, [ann.account.id], []), PermissionDenied)
        await refused(services.registry_members.users(ann, registry), NotFound)
        assert [each.user for each in await services.registry_members.users(bob, registry)] == ["bob", "root"]
        await services.registry_members.remove(admin, registry, [bob.account.id], [])
        await refused(services.artifact_aliases.add(bob, version.id, [alias]), NotFound)

    asyncio.run(story())


def test_a_registry_is_changed_and_known_by_its_roles_alone(world):
    services = world.services

    async def story():
        admin = await world.user("root")
        await services.organizations.create(admin, "acme", "root")
        await world.user("bob", admin)
        await services.members.set_in_organization(admin, "acme", "bob", "member")
        owner, name = at_team(admin, "acme"), "wandb-registry-secret"
        registry, _ = await services.registries.upsert(owner, name, RegistryEdit(access="RESTRICTED"))
        bob, projects, key = at_team(await world.actor("bob"), "acme"), services.projects, str(registry.id)

        async def listed(actor) -> list[str]:
            return [each.name for each in (await projects.search(actor, Search(And()), "all")).items]

        assert [name in await listed(actor) for actor in (owner, bob)] == [True, False]
        for call in (
            lambda: projects.get(bob, key),
            lambda: projects.get_by_name(bob, name),
            lambda: projects.resolve(bob, key),
            lambda: projects.rename(bob, key, "plain"),
            lambda: projects.delete(bob, key),
            lambda: projects.restore(bob, key),
            lambda: projects.set_tag(bob, key, "a", "b"),
            lambda: projects.delete_tag(bob, key, "a"),
            lambda: services.project_pages.open(bob, name),
        ):
            await refused(call(), NotFound)
        assert await projects.find_team(bob, key) is None

        await services.registries.upsert(owner, name, RegistryEdit(access="PRIVATE"))
        assert (await projects.get(bob, key)).name == name
        await refused(projects.delete(bob, key), PermissionDenied)
        await refused(projects.rename(owner, key, "plain"), InvalidArgument)
        # Nothing begins in a registry, not for who administers it either.
        await refused(services.run_upserts.upsert(owner, name, "r", RunChange(), together=False), InvalidArgument)
        await refused(Logger(services, owner).log("data", {"w": b"1"}, project=name), InvalidArgument)
        await projects.rename(owner, key, "wandb-registry-open")
        await projects.delete(owner, key)
        await projects.restore(owner, key)

    asyncio.run(story())


def test_a_link_does_not_outlive_the_right_to_see_where_it_leads_to(world):
    services = world.services

    async def story():
        admin = await world.user("root")
        await services.organizations.create(admin, "acme", "root")
        await world.user("bob", admin)
        await services.members.set_in_organization(admin, "acme", "bob", "member")
        await services.teams.create_in(admin, "acme", "lab", "root")
        await services.teams.create_in(admin, "acme", "others", "bob")
        owner = at_team(admin, "acme")
        await services.registries.upsert(owner, "wandb-registry-x", RegistryEdit())
        version = await Logger(services, at_team(admin, "lab")).log("data", {"w": b"1"})
        await services.artifact_changes.link(owner, version.id, "wandb-registry-x", "c", [])
        bob = at_team(await world.actor("bob"), "others")
        link = await services.artifact_changes.link(bob, version.id, "side", "p", [])
        reading, place = services.artifact_reading, link.collection
        md5 = hashlib.md5(b"1", usedforsecurity=False).hexdigest()

        async def shown() -> list[bool]:
            members = await reading.members(bob, place.id, Search(And()))
            return [
                bool(members.items),
                await reading.member(bob, place.id, "v0") is not None,
                await reading.membership(bob, place.place.project_id, "p:v0") is not None,
            ]

        assert await shown() == [True] * 3
        assert (await services.artifact_contents.file_of(bob, "side", "p", md5, "w")).size_bytes == 1
        await services.registries.upsert(owner, "wandb-registry-x", RegistryEdit(access="RESTRICTED"))
        assert await shown() == [False] * 3
        await refused(services.artifact_contents.file_of(bob, "side", "p", md5, "w"), NotFound)

    asyncio.run(story())
