"""Users, keys, organizations and members, and what their roles let them do."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Account, Actor
from podium.domain.accounts import NewUser, UserChange
from podium.errors import (
    AlreadyExists,
    InvalidArgument,
    InvalidState,
    NotFound,
    NotSignedIn,
    PermissionDenied,
)
from podium.services.sign_in import Credentials
from podium.store.engine import Store
from support.registry import RegistryWorld, refused

NOBODY = Actor("anonymous")


class World(RegistryWorld):
    """Services, with short words for who signs in."""

    async def user(self, name: str, **given: Any) -> str:
        """The key of a new user, who is an administrator if it is the first one."""
        first = await self.services.sign_in.is_open()
        maker = NOBODY if first else await self.actor("root")
        made = await self.services.users.create(maker, NewUser(name=name, admin=first, api_key=f"key-{name}", **given))
        assert made.api_key is None
        return f"key-{name}"

    async def signed_in(self, user: str | None, secret: str) -> Account | None:
        return await self.services.sign_in.account(Credentials(user, secret))

    async def actor(self, name: str, team: str = "") -> Actor:
        account = await self.signed_in(None, f"key-{name}")
        assert account is not None
        return Actor(name, team or account.home, account)


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path / "blobs")


def test_a_server_is_open_until_the_first_user_who_has_to_be_an_administrator(world):
    services = world.services

    async def story():
        assert await services.sign_in.is_open()
        assert await services.sign_in.account(None) is None
        await refused(services.users.create(NOBODY, NewUser(name="ann")), InvalidState)
        await services.users.create(NOBODY, NewUser(name="ann", admin=True, password="pass word"))
        assert not await services.sign_in.is_open()
        await refused(services.sign_in.account(None), NotSignedIn)
        ann = await world.signed_in("ann", "pass word")
        assert ann.admin
        assert ann.home == "ann"
        await refused(world.signed_in("ann", "pass-word"), NotSignedIn)
        await refused(world.signed_in("bob", "pass word"), NotSignedIn)
        actor = Actor("ann", "ann", ann)
        await refused(services.users.delete(actor, "ann"), InvalidState)
        await refused(services.users.update(actor, "ann", UserChange(admin=False)), InvalidState)
        assert not await services.sign_in.is_open()

    asyncio.run(story())


def test_the_administrator_whose_key_the_server_was_started_with_needs_no_user(store, tmp_path):
    world = World(store, tmp_path / "blobs", admin_key="a key of the operator")

    async def story():
        assert not await world.services.sign_in.is_open()
        for user in (None, "api", "podium-admin"):
            assert (await world.signed_in(user, "a key of the operator")).admin
        await refused(world.signed_in("ann", "a key of the operator"), NotSignedIn)
        await refused(world.signed_in(None, "another key"), NotSignedIn)

    asyncio.run(story())


def test_keys_are_told_once_and_kept_as_digests_until_they_are_revoked(world):
    keys = world.services.api_keys

    async def story():
        await world.user("root")
        made = await world.services.users.create(await world.actor("root"), NewUser(name="ann"))
        assert made.api_key.startswith("podium-")
        account = await world.signed_in("api", made.api_key)
        ann = Actor("ann", "ann", account)
        secret, shown = await keys.create(ann, "ann", "laptop")
        assert (await world.signed_in("ann", secret)).name == "ann"
        await refused(world.signed_in("root", secret), NotSignedIn)
        await refused(keys.create(ann, "ann", "", secret), AlreadyExists)
        await refused(keys.create(ann, "ann", "", "a b"), InvalidArgument)
        await refused(keys.list_of(ann, "root"), NotFound)
        first, second = await keys.list_of(await world.actor("root"), "ann")
        assert (second.hint, second.description) == (secret[:12], "laptop")
        assert second.last_used_at > second.created_at
        assert first.last_used_at is not None
        stored = await world.store.read(lambda tx: tx.all("SELECT * FROM api_keys"))
        assert secret not in str(stored)
        await keys.revoke(ann, "ann", shown.id)
        await refused(world.signed_in("ann", secret), NotSignedIn)
        await refused(keys.revoke(ann, None, shown.id), NotFound)
        trail = await world.store.read(lambda tx: str(tx.all("SELECT * FROM events")))
        assert secret not in trail

    asyncio.run(story())


def test_another_process_notices_a_revoked_key_within_a_second(world, store, tmp_path, monkeypatch):
    other = World(store, tmp_path / "blobs")

    async def story():
        await world.user("root")
        assert (await other.signed_in("api", "key-root")).name == "root"
        root = await world.actor("root")
        [key] = await world.services.api_keys.list_of(root, "root")
        await world.services.api_keys.revoke(root, "root", key.id)
        assert (await other.signed_in("api", "key-root")).name == "root"  # for now
        monkeypatch.setattr("podium.services.known_accounts.time.monotonic", lambda: 10**9)
        await refused(other.signed_in("api", "key-root"), NotSignedIn)

    asyncio.run(story())


@pytest.mark.parametrize("name", ["", "a b", "api", "default", "../x", "-a", "x" * 129, "podium-admin"])
def test_what_cannot_name_a_user_is_refused(world, name):
    asyncio.run(refused(world.services.users.create(NOBODY, NewUser(name=name, admin=True)), InvalidArgument))


def test_a_viewer_reads_a_member_writes_and_to_others_a_team_does_not_exist(world):
    services = world.services

    async def story():
        for name in ("root", "ann", "vera", "otto"):
            await world.user(name)
        root = await world.actor("root")
        await services.organizations.create(root, "acme", "ann")
        await services.teams.create_in(await world.actor("ann"), "acme", "blue")
        await services.members.set_in_team(await world.actor("ann"), "blue", "vera", "viewer")

        await services.registry.create(await world.actor("ann", "blue"), "M", {})
        assert (await services.registry.get(await world.actor("vera", "blue"), "M")).name == "M"
        await refused(services.registry.create(await world.actor("vera", "blue"), "N", {}), PermissionDenied)
        await refused(services.registry.get(await world.actor("otto", "blue"), "M"), NotFound)
        await refused(services.registry.create(await world.actor("otto", "blue"), "N", {}), NotFound)
        await refused(services.registry.get(await world.actor("otto", "default"), "M"), NotFound)
        await refused(services.teams.get(await world.actor("otto"), "blue"), NotFound)
        await refused(services.organizations.get(await world.actor("otto"), "acme"), NotFound)
        assert [team.name for team in await services.teams.list_all(await world.actor("otto"))] == ["otto"]

        vera = await world.actor("vera")
        await refused(services.members.set_in_team(vera, "blue", "otto", "member"), PermissionDenied)
        await services.members.set_in_team(await world.actor("ann"), "blue", "vera", "member")
        await services.registry.create(await world.actor("vera", "blue"), "N", {})
        await services.members.remove_from_team(await world.actor("ann"), "blue", "vera")
        await refused(services.registry.get(await world.actor("vera", "blue"), "M"), NotFound)

    asyncio.run(story())


def test_no_rename_takes_access_away(world):
    services = world.services

    async def story():
        for name in ("root", "ann"):
            await world.user(name)
        root = await world.actor("root")
        await services.organizations.create(root, "acme", "ann")
        await services.teams.create_in(root, "acme", "blue", "root")
        await services.registry.create(await world.actor("ann", "blue"), "M", {})
        await services.registry.rename(await world.actor("ann", "blue"), "M", "M2")
        await services.organizations.rename(await world.actor("ann"), "acme", "ACME Inc.")
        found = await services.organizations.get(await world.actor("ann"), "ACME Inc.")
        assert found.entity == "acme"
        assert (await services.registry.get(await world.actor("ann", "blue"), "M2")).name == "M2"

    asyncio.run(story())


def test_an_organization_has_a_team_of_its_own_and_goes_with_all_its_teams(world):
    services = world.services

    async def story():
        for name in ("root", "ann", "vera"):
            await world.user(name)
        root = await world.actor("root")
        await refused(services.organizations.create(await world.actor("ann"), "acme"), PermissionDenied)
        made = await services.organizations.create(root, "ann", "ann")  # a user has the name, and its team
        assert made.entity.startswith("ann-org-")
        await services.members.set_in_organization(await world.actor("ann"), "ann", "vera", "viewer")
        common = made.entity
        await services.registry.create(await world.actor("ann", common), "M", {})
        await services.registry.get(await world.actor("vera", common), "M")
        await refused(services.registry.create(await world.actor("vera", common), "N", {}), PermissionDenied)
        await services.teams.create_in(await world.actor("ann"), "ann", "blue", "vera")
        await refused(services.teams.delete(root, common, "CASCADE"), InvalidState)
        await services.organizations.delete(await world.actor("ann"), "ann")
        await refused(services.registry.get(await world.actor("vera", "blue"), "M"), NotFound)
        assert await services.organizations.list_all(root) == []

    asyncio.run(story())


def test_a_service_account_works_for_one_team_and_is_managed_by_its_admins(world):
    services = world.services

    async def story():
        for name in ("root", "ann", "otto"):
            await world.user(name)
        await services.teams.create_in(await world.actor("ann"), None, "blue")
        new = NewUser(name="ci", kind="service", team="blue")
        await refused(services.users.create(await world.actor("otto"), new), NotFound)
        made = await services.users.create(await world.actor("ann"), new)
        ci = await world.signed_in(None, made.api_key)
        assert (ci.home, ci.admin) == ("blue", False)
        await services.registry.create(Actor("ci", ci.home, ci), "M", {})
        await services.api_keys.create(await world.actor("ann"), "ci")
        await refused(services.api_keys.create(await world.actor("otto"), "ci"), NotFound)
        await refused(services.users.delete(await world.actor("otto"), "ci"), PermissionDenied)
        await services.users.delete(await world.actor("ann"), "ci")
        await refused(world.signed_in(None, made.api_key), NotSignedIn)

    asyncio.run(story())


def test_a_deleted_user_is_gone_with_its_keys_and_its_team_and_the_name_is_free(world, tmp_path):
    services = world.services
    LocalBlobs.open(tmp_path / "blobs").close()

    async def story():
        for name in ("root", "ann"):
            await world.user(name)
        root = await world.actor("root")
        ann = await world.actor("ann")
        await refused(services.users.delete(ann, "root"), PermissionDenied)
        await refused(services.users.update(ann, "ann", UserChange(admin=True)), PermissionDenied)
        await services.registry.create(ann, "M", {})
        await services.users.delete(root, "ann")
        await refused(world.actor("ann"), NotSignedIn)
        await world.user("ann")
        await refused(services.registry.get(await world.actor("ann"), "M"), NotFound)
        await refused(services.teams.restore(root, "ann"), NotFound)
        collected = await services.retention.collect(older_than_ms=0)
        assert collected.teams == 1
        assert await world.store.read(lambda tx: tx.value("SELECT COUNT(*) FROM users")) == 2

    asyncio.run(story())


def test_who_names_no_team_addresses_its_home(world):
    services = world.services

    async def story():
        for name in ("root", "ann"):
            await world.user(name)
        root = await world.actor("root")
        await refused(services.users.update(root, "ann", UserChange(home_team="default")), NotFound)
        await services.members.set_in_team(root, "default", "ann", "member")
        await services.users.update(await world.actor("ann"), "ann", UserChange(home_team="default"))
        assert (await world.actor("ann")).team == "default"
        await services.members.remove_from_team(root, "default", "ann")
        assert (await world.actor("ann")).team == "ann"

    asyncio.run(story())
