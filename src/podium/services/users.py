"""Users: people and service accounts, made, changed and deleted."""

import asyncio
from typing import Any

import msgspec

from podium.domain.access import Actor, is_admin, may_manage, may_read
from podium.domain.accounts import (
    NewUser,
    User,
    UserChange,
    check_email,
    check_password,
    check_user_name,
)
from podium.domain.events import Change, State
from podium.domain.teams import Team
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound, PermissionDenied
from podium.services.api_keys import add_key
from podium.services.context import Context
from podium.services.passwords import hash_password, is_password
from podium.store import accounts as rows
from podium.store import api_keys, organizations, teams, watches
from podium.store.transaction import Tx

MAX_PAGE = 1000
MAX_FOUND = 20


class MadeUser(msgspec.Struct, frozen=True):
    """A new user, and the key that was made for it, which is told only here."""

    user: User
    api_key: str | None


class Users:
    """What can be done with users. Most of it takes an administrator; each user may change itself."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_all(self, actor: Actor, *, after: str = "", limit: int = 100) -> list[User]:
        """Users by name, those behind `after`: for administrators."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")
        self._context.require_admin(actor)
        return await self._context.store.read(lambda tx: rows.list_users(tx, after=after, limit=limit))

    async def get(self, actor: Actor, name: str) -> User:
        """The user of this name. Whoever may sign in can look others up by their exact name. Raises NotFound."""
        return await self._context.store.read(lambda tx: _shown(tx, actor, require_user(tx, name)))

    async def search(self, actor: Actor, query: str) -> list[User]:
        """The users with exactly this name or e-mail address."""

        def work(tx: Tx) -> list[User]:
            return [_shown(tx, actor, user) for user in rows.search_users(tx, query, MAX_FOUND)]

        return await self._context.store.read(work)

    async def teams_of(self, actor: Actor, user_id: int) -> list[Team]:
        """The teams that a user belongs to and the actor may know, its own first."""

        def work(tx: Tx) -> list[Team]:
            return [team for team in teams.list_teams_of_user(tx, user_id) if may_read(actor, team.id)]

        return await self._context.store.read(work)

    async def create(self, actor: Actor, new: NewUser) -> MadeUser:
        """The new user, with a team of its own. The first one of a server administers it. Raises AlreadyExists."""
        check_user_name(new.name)
        if new.email is not None:
            check_email(new.email)
        hashed = await _hashed(new.password)

        def work(tx: Tx) -> MadeUser:
            at = self._context.clock()
            home = self._allowed_home(tx, actor, new)
            own = teams.insert_team(tx, new.name, None, None, at, kind="user")
            user_id = None if own is None else self._insert(tx, new, own, home, hashed, at)
            if user_id is None:
                raise AlreadyExists(f"'{new.name}' is the name of a user or team already.")
            assert own is not None, "the user has it"
            organizations.set_team_member(tx, own, user_id, "admin", at)
            if home is not None:
                organizations.set_team_member(tx, home, user_id, "member", at)
            key = None
            if new.api_key is not None or (new.password is None and new.makes_key):
                key = add_key(tx, user_id, new.api_key, "", at)[0]
            user = _required(tx, new.name)
            self._record(tx, actor, user, "create", after=_state(user), at=at)
            return MadeUser(user, None if new.api_key else key)

        return await self._context.write_accounts(work)

    async def update(self, actor: Actor, name: str, change: UserChange) -> User:
        """Change what is not None. Only administrators say who is one, and change a password without knowing it."""
        if change.email is not None:
            check_email(change.email)
        hashed = await _hashed(change.password)
        if hashed is not None and not is_admin(actor):
            await self._check_password(name, change.current_password or "")

        def work(tx: Tx) -> User:
            before = require_user(tx, name, lock=True)
            self._require_may_change(actor, before)
            values = self._changed(tx, actor, before, change)
            if hashed is not None:
                values["password_hash"] = hashed
            at = self._context.clock()
            rows.update_user(tx, before.id, values, at)
            after = _required(tx, name)
            states = _state(before), {**_state(after), **({"password": "changed"} if hashed else {})}
            self._record(tx, actor, after, "update", *states, at=at)
            return after

        return await self._context.write_accounts(work)

    async def delete(self, actor: Actor, name: str) -> None:
        """Delete a user, with its keys, its memberships and its own team; garbage collection removes that later."""

        def work(tx: Tx) -> None:
            user = require_user(tx, name, lock=True)
            if not (is_admin(actor) or _manages(actor, user)):
                raise PermissionDenied(f"'{actor.name}' may not delete the user '{name}': an administrator may.")
            self._keep_an_admin(tx, user)
            at = self._context.clock()
            rows.update_user(tx, user.id, {"deleted_at": at, "password_hash": None, "home_team_id": None}, at)
            rows.delete_memberships(tx, user.id)
            watches.unwatch_all(tx, user.id)
            api_keys.revoke_keys(tx, user.id, at)
            teams.update_deleted(tx, user.team_id, at, at)
            self._record(tx, actor, user, "delete", _state(user), at=at)

        await self._context.write_accounts(work)

    def _allowed_home(self, tx: Tx, actor: Actor, new: NewUser) -> int | None:
        """The key of the team that the new user joins."""
        if not new.admin and self._context.admin_key is None and not rows.count_admins(tx):
            raise InvalidState(f"The first user has to administer the server: make '{new.name}' an administrator.")
        home = None if new.team is None else teams.find_team_id(tx, new.team)
        if new.team is not None and (home is None or not may_manage(actor, home)):
            raise NotFound(f"There is no team '{new.team}' whose members '{actor.name}' may manage")
        if new.admin or new.kind == "person" or home is None:
            self._context.require_admin(actor)
        return home

    def _insert(self, tx: Tx, new: NewUser, own: int, home: int | None, hashed: str | None, at: int) -> int | None:
        values = {
            "name": new.name,
            "email": new.email,
            "kind": new.kind,
            "admin": int(new.admin),
            "password_hash": hashed,
            "team": own,
            "home": home,
        }
        return rows.insert_user(tx, values, at)

    def _changed(self, tx: Tx, actor: Actor, user: User, change: UserChange) -> dict[str, Any]:
        values: dict[str, Any] = {} if change.email is None else {"email": change.email}
        if change.admin is not None and change.admin != user.admin:
            self._context.require_admin(actor)
            if not change.admin:
                self._keep_an_admin(tx, user)
            values["is_admin"] = int(change.admin)
        if change.home_team is not None:
            values["home_team_id"] = _home(tx, user, change.home_team)
        return values

    def _keep_an_admin(self, tx: Tx, user: User) -> None:
        if user.admin and self._context.admin_key is None and rows.count_admins(tx) == 1:
            raise InvalidState(f"'{user.name}' is the last administrator: make another user one first.")

    async def _check_password(self, name: str, given: str) -> None:
        found = await self._context.store.read(lambda tx: rows.find_password(tx, name))
        if found is not None and not await asyncio.to_thread(is_password, given, found[1]):
            raise PermissionDenied("'current_password' has to be the password as it is now.")

    def _require_may_change(self, actor: Actor, user: User) -> None:
        own = actor.account is not None and actor.account.id == user.id
        if not (own or is_admin(actor) or _manages(actor, user)):
            raise PermissionDenied(f"'{actor.name}' may not change the user '{user.name}'.")

    def _record(
        self, tx: Tx, actor: Actor, user: User, action: str, before: State = None, after: State = None, *, at: int
    ) -> None:
        change = Change("user", str(user.id), user.name, action, before, after)
        self._context.record(tx, actor, user.team_id, change, at=at)


def require_user(tx: Tx, name: str, *, lock: bool = False) -> User:
    """The user of this name. Raises NotFound."""
    user = rows.find_user(tx, name, lock=lock)
    if user is None:
        raise NotFound(f"There is no user '{name}'")
    return user


def _shown(tx: Tx, actor: Actor, user: User) -> User:
    """The user as the actor may see it: an e-mail address is for those who work together, and administrators."""
    account = actor.account
    if account is None or account.admin or account.id == user.id:
        return user
    if account.id is not None and rows.share_anything(tx, account.id, user.id):
        return user
    return msgspec.structs.replace(user, email=None)


def _manages(actor: Actor, user: User) -> bool:
    """Whether it is the service account of a team that the actor manages."""
    return user.kind == "service" and not user.admin and may_manage(actor, user.home_team_id)


def _home(tx: Tx, user: User, name: str) -> int:
    account = rows.load_account(tx, user.id)
    team = teams.find_team_id(tx, name)
    if team is None or account is None or not (account.admin or team in account.roles):
        raise NotFound(f"There is no team '{name}' that '{user.name}' belongs to")
    return team


async def _hashed(password: str | None) -> str | None:
    if password is None:
        return None
    check_password(password)
    return await asyncio.to_thread(hash_password, password)


def _required(tx: Tx, name: str) -> User:
    user = rows.find_user(tx, name)
    assert user is not None, "it was written in this transaction"
    return user


def _state(user: User) -> dict[str, Any]:
    return {"name": user.name, "email": user.email, "kind": user.kind, "admin": user.admin, "home": user.home_team}
