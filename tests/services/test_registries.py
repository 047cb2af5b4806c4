"""Registries: who may do what in them, what they hold, and how registered models show there."""

import asyncio
import hashlib
from pathlib import Path

import msgspec
import pytest

from podium.domain.access import Actor
from podium.domain.accounts import NewUser
from podium.domain.artifact_collections import CollectionScope
from podium.domain.filters import And
from podium.domain.registries import MODELS
from podium.domain.tracked_runs import RunChange
from podium.errors import InvalidArgument, InvalidState, NotFound, PermissionDenied
from podium.protocols.wandb.grammar.registries import (
    parse_collection_filter,
    parse_registry_filter,
    parse_version_filter,
)
from podium.services import Services
from podium.services.artifact_aliases import AliasIn
from podium.services.artifact_changes import VersionEdit
from podium.services.registries import Page, RegistryEdit, Wanted
from podium.services.searching import Search
from podium.services.sign_in import Credentials
from podium.store.engine import Store
from support.files import body, context_of
from support.registry import ACTOR, RegistryWorld, refused
from support.versioned import Logger

RUN = "a" * 32
BY_NAME = Page("name", ascending=True, limit=10, offset=0)
BY_LINK = Page("linked_at", ascending=True, limit=10, offset=0)
ALL = Wanted(And(), And())


class World(RegistryWorld):
    """Both sides of the registry of models."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        context, self.clock = context_of(store, folder)
        self.services = Services(context)
        self.registry, self.versions = self.services.registry, self.services.versions

    @property
    def log(self) -> Logger:
        return Logger(self.services, ACTOR)

    async def shown(self, name: str = "M:latest"):
        """The place in the registry of models that a name stands for, as somebody finds it who looks there."""
        await self.services.model_sync.refresh(ACTOR)
        project = await self.services.projects.get_by_name(ACTOR, MODELS)
        return await self.services.artifact_reading.membership(ACTOR, project.id, name)

    async def register(self, content: str = "weights"):
        await self.services.artifacts.put(ACTOR, f"0/{RUN}/artifacts/model/weights", body(content.encode()))
        return await self.new_version(source=f"runs:/{RUN}/model", run_id=RUN)

    async def user(self, name: str, maker: Actor = ACTOR) -> Actor:
        """A new user, signed in; the first one is an administrator."""
        first = await self.services.sign_in.is_open()
        await self.services.users.create(maker, NewUser(name=name, admin=first, api_key=f"key-{name}"))
        return await self.actor(name)

    async def actor(self, name: str) -> Actor:
        account = await self.services.sign_in.account(Credentials(None, f"key-{name}"))
        assert account is not None
        return Actor(name, account.home, account)


def _at(actor: Actor, team: str) -> Actor:
    return msgspec.structs.replace(actor, team=team)


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    world = World(store, tmp_path / "blobs")

    async def fill() -> None:
        await world.registry.create(ACTOR, "M", {})
        await world.new_run(RUN)

    asyncio.run(fill())
    return world


def test_the_files_of_a_registered_version_are_read_once_for_all_who_ask(world, monkeypatch):
    read, open_range = [], world.services.artifact_reading._made._context.blobs.open_range

    def opened(digest, *given):
        read.append(digest)
        return open_range(digest, *given)

    async def story():
        await world.register()
        place = await world.shown()
        monkeypatch.setattr(
            type(world.services.artifact_reading._made._context.blobs), "open_range", staticmethod(opened)
        )
        key = place.version.id
        found = await asyncio.gather(*(world.services.artifact_reading.listing(ACTOR, key) for _ in range(5)))
        assert (len(set(found)), len(read)) == (1, 1)

    asyncio.run(story())


def test_a_registered_version_shows_as_an_artifact_with_the_same_files(world):
    services = world.services

    async def story():
        made = await world.register()
        await services.promotion.set_alias(ACTOR, "M", "prod", 1)
        place = await world.shown("M:prod")
        assert (place.number, place.version.sequence.name) == (0, "registered-M")
        assert {alias.alias for alias in place.aliases} == {"prod", "latest"}
        files = await services.artifact_reading.files(ACTOR, place.version.id, "", 10)
        assert [(file.path, file.size_bytes) for file in files.files] == [("weights", 7)]
        listing = await services.artifact_reading.listing(ACTOR, place.version.id)
        assert listing == await services.artifact_reading.listing(ACTOR, place.version.id)
        maker = await services.artifact_lineage.maker(ACTOR, place.version.id)
        assert maker.slug == RUN == made.run_id

        await world.register("better weights")
        await services.versions.delete(ACTOR, "M", 1)
        assert [await world.shown("M:v0"), (await world.shown("M")).number] == [None, 1]
        await services.versions.restore(ACTOR, "M", 1)
        assert (await world.shown("M:v0")).version.id == place.version.id

    asyncio.run(story())


def test_a_look_without_changes_writes_nothing(world):
    async def story():
        await world.register()
        before = await world.shown()
        events = len(await world.events())
        assert await world.shown() == before
        assert len(await world.events()) == events

    asyncio.run(story())


def test_what_is_asked_for_by_its_key_is_as_the_model_is_now(world):
    async def story():
        await world.register()
        place = await world.shown()
        sync, reading = world.services.model_sync, world.services.artifact_reading
        version, collection = place.version.id, place.collection.id
        await world.services.promotion.set_alias(ACTOR, "M", "prod", 1)
        assert "prod" not in {alias.alias for alias in (await reading.version(ACTOR, version)).aliases}
        await sync.refresh_version(ACTOR, version)
        assert "prod" in {alias.alias for alias in (await reading.version(ACTOR, version)).aliases}
        await world.registry.describe(ACTOR, "M", "better")
        await sync.refresh_collection(ACTOR, collection)
        assert (await reading.collection_by_key(ACTOR, collection)).description == "better"

    asyncio.run(story())


def test_what_is_outside_the_server_shows_as_a_reference(world):
    async def story():
        await world.new_version()
        place = await world.shown()
        assert place.version.manifest_id is None
        entry = await world.services.artifact_reading.listing(ACTOR, place.version.id)
        text = b"".join([piece async for piece in world.services.artifact_contents.read(entry, 0, entry.size_bytes)])
        assert b'"ref"' in text

    asyncio.run(story())


def test_names_descriptions_and_tags_are_the_models(world):
    services = world.services

    async def story():
        await world.register()
        place = await world.shown()
        collection = place.collection.id
        await services.registry.set_tag(ACTOR, "M", "team", "fraud")
        await services.registry.set_tag(ACTOR, "M", "mlflow.internal", "hidden")
        await services.artifact_changes.tag_collection(ACTOR, MODELS, "M", ["checked"], [])
        await services.artifact_changes.update_collection(ACTOR, collection, "N", "finds fraud")
        shown = (await world.shown("N")).collection
        assert (shown.id, shown.tags, shown.description) == (collection, ("checked", "team=fraud"), "finds fraud")
        model = await services.registry.get(ACTOR, "N")
        assert (model.description, model.tags["checked"]) == ("finds fraud", "")
        await services.artifact_changes.tag_collection(ACTOR, MODELS, "N", [], ["team=fraud"])
        assert (await world.shown("N")).collection.tags == ("checked",)
        await refused(services.artifact_changes.move_collection(ACTOR, collection, "other"), InvalidState)
        await services.artifact_changes.delete_collection(ACTOR, collection)
        await refused(services.registry.get(ACTOR, "N"), NotFound)
        assert await world.shown("N") is None

    asyncio.run(story())


def test_what_is_linked_is_registered_once(world):
    services = world.services

    async def story():
        version = await world.log.log("net", {"w": b"1"}, type="model", tags=["good"], description="first")
        place = await services.artifact_changes.link(ACTOR, version.id, MODELS, "New", ["prod", "latest"])
        again = await services.artifact_changes.link(ACTOR, version.id, MODELS, "New", ["best"])
        assert (place.id, place.number, again.id) == (again.id, 0, place.id)
        made = await services.versions.get(ACTOR, "New", 1)
        assert (made.aliases, made.tags, made.description) == (("best", "prod"), {"good": ""}, "first")
        assert (made.source, made.files) == ("wandb-artifact:///default/p/net:v0", "snapshot")
        # The same artifact may be a version of several models.
        await services.artifact_changes.link(ACTOR, version.id, MODELS, "M", [])
        assert (await services.versions.get(ACTOR, "M", 1)).manifest_id == made.manifest_id

        edit = VersionEdit(description="second", tags_to_add=["checked"], tags_to_remove=["good"])
        await services.artifact_changes.update(ACTOR, version.id, edit)
        for name in ("New", "M"):
            changed = await services.versions.get(ACTOR, name, 1)
            assert (changed.description, changed.tags) == ("second", {"checked": ""})

        await services.artifact_aliases.remove(ACTOR, version.id, [AliasIn("default", MODELS, "New", "prod")])
        await services.artifact_aliases.add(ACTOR, version.id, [AliasIn("default", MODELS, "New", "live")])
        await services.artifact_aliases.remove(ACTOR, version.id, [AliasIn("default", MODELS, "New", "nobody")])
        assert (await services.versions.get(ACTOR, "New", 1)).aliases == ("best", "live")
        await services.artifact_changes.unlink(ACTOR, version.id, place.collection.id)
        await refused(services.versions.get(ACTOR, "New", 1), NotFound)
        assert await world.shown("New:v0") is None

    asyncio.run(story())


def test_what_was_registered_outlives_its_artifact(world):
    services = world.services

    async def story():
        version = await world.log.log("net", {"w": b"1"}, type="model")
        await services.artifact_changes.link(ACTOR, version.id, MODELS, "New", ["prod"])
        await services.artifact_changes.delete(ACTOR, version.id, with_aliases=True)
        place = await world.shown("New:prod")
        assert place.version.id != version.id
        assert place.version.manifest_id == version.manifest_id

    asyncio.run(story())


def test_links_need_a_registry_that_allows_their_type(world):
    services = world.services

    async def story():
        data = await world.log.log("data", {"w": b"1"})
        await refused(services.artifact_changes.link(ACTOR, data.id, "wandb-registry-x", "c", []), NotFound)
        await services.registries.upsert(ACTOR, "wandb-registry-x", RegistryEdit(types=["model"]))
        await refused(services.artifact_changes.link(ACTOR, data.id, "wandb-registry-x", "c", []), InvalidArgument)
        await services.registries.upsert(ACTOR, "wandb-registry-x", RegistryEdit(types=["dataset"]))
        place = await services.artifact_changes.link(ACTOR, data.id, "wandb-registry-x", "c", ["good"])
        assert place.number == 0
        assert await world.shown("c") is None

    asyncio.run(story())


def test_registries_and_what_they_hold_are_found_by_filters(world):
    services = world.services

    async def story():
        for name in ("wandb-registry-b", "wandb-registry-a"):
            await services.registries.upsert(ACTOR, name, RegistryEdit(description=f"about {name[-1]}"))
        for number, raw in enumerate((b"1", b"22")):
            version = await world.log.log("data", {"w": raw}, tags=[f"t{number}"])
            await services.artifact_changes.link(ACTOR, version.id, "wandb-registry-a", "one", [f"a{number}"])
        await services.artifact_changes.tag_collection(ACTOR, "wandb-registry-a", "one", ["gold"], [])

        async def found(text: str) -> list[str]:
            return [
                each.name[-1] for each in await services.registries.search(ACTOR, parse_registry_filter(text), BY_NAME)
            ]

        assert await found("{}") == ["a", "b", "l"]
        assert await found('{"name": "a"}') == await found('{"name": "wandb-registry-a"}') == ["a"]
        assert await found('{"name": {"$regex": "^[ab]$"}}') == ["a", "b"]
        assert await found('{"name": {"$contains": "registry-b"}}') == ["b"]
        assert await found('{"description": "about b"}') == ["b"]
        key = (await services.projects.get_by_name(ACTOR, "wandb-registry-a")).id
        assert await found(f'{{"id": {key}}}') == ["a"]

        async def collections(text: str) -> list[str]:
            wanted = Wanted(parse_registry_filter('{"name": "a"}'), parse_collection_filter(text))
            return [each.name for each in (await services.registries.collections(ACTOR, wanted, BY_NAME))[0]]

        assert await collections('{"tag": "gold"}') == await collections('{"name": "one"}') == ["one"]
        assert await collections('{"tag": "lead"}') == []

        async def versions(text: str) -> list[int]:
            page = await services.registries.versions(ACTOR, ALL, parse_version_filter(text), BY_LINK)
            return [each.number for each in page[0]]

        assert await versions("{}") == [0, 1]
        assert await versions('{"alias": "a1"}') == await versions('{"tag": "t1"}') == [1]
        assert await versions('{"version": "v0"}') == await versions('{"artifact_size": {"$lt": 2}}') == [0]
        assert await versions('{"alias": "latest", "tag": "t0"}') == []

    asyncio.run(story())


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
        await services.registries.upsert(_at(admin, "acme"), "wandb-registry-x", RegistryEdit())
        registry = (await services.projects.get_by_name(_at(admin, "acme"), "wandb-registry-x")).id
        version = await Logger(services, _at(admin, "lab")).log("data", {"w": b"1"})
        link = services.artifact_changes.link
        await link(_at(admin, "acme"), version.id, "wandb-registry-x", "c", [])

        async def seen(actor) -> int:
            return len(await services.registries.search(_at(actor, "acme"), And(), BY_NAME))

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

        await services.registries.upsert(_at(admin, "acme"), "wandb-registry-x", RegistryEdit(access="RESTRICTED"))
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
        owner, name = _at(admin, "acme"), "wandb-registry-secret"
        registry, _ = await services.registries.upsert(owner, name, RegistryEdit(access="RESTRICTED"))
        bob, projects, key = _at(await world.actor("bob"), "acme"), services.projects, str(registry.id)

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
        owner = _at(admin, "acme")
        await services.registries.upsert(owner, "wandb-registry-x", RegistryEdit())
        version = await Logger(services, _at(admin, "lab")).log("data", {"w": b"1"})
        await services.artifact_changes.link(owner, version.id, "wandb-registry-x", "c", [])
        bob = _at(await world.actor("bob"), "others")
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
