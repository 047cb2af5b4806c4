"""API keys: made, listed and revoked. A key is told once, when it is made; what is stored is its digest."""

from podium.domain import names
from podium.domain.access import Actor, is_admin, may_manage
from podium.domain.accounts import MAX_DESCRIPTION, ApiKey, User, check_key, key_digest, key_hint, new_key
from podium.domain.events import Change
from podium.errors import AlreadyExists, NotFound
from podium.services.context import Context
from podium.store import accounts
from podium.store import api_keys as rows
from podium.store.transaction import Tx


class ApiKeys:
    """The keys of a user, for itself, for administrators, and those of a service account for who manages its team."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_of(self, actor: Actor, user: str) -> list[ApiKey]:
        """A user's keys, oldest first. Raises NotFound."""
        return await self._context.store.read(lambda tx: rows.list_keys(tx, _require_owner(tx, actor, user).id))

    async def create(
        self, actor: Actor, user: str, description: str = "", given: str | None = None
    ) -> tuple[str, ApiKey]:
        """A new key, or the `given` one, and what is shown of it later. Raises AlreadyExists for one that is in use."""
        names.check_label("description", description, MAX_DESCRIPTION)

        def work(tx: Tx) -> tuple[str, ApiKey]:
            owner = _require_owner(tx, actor, user)
            at = self._context.clock()
            key, made = add_key(tx, owner.id, given, description, at)
            self._record(tx, actor, owner, made, "create", at)
            return key, made

        return await self._context.write_accounts(work)

    async def revoke(self, actor: Actor, user: str | None, key_id: int) -> None:
        """End a key, of this user if one is named: nobody signs in with it any more. Raises NotFound."""

        def work(tx: Tx) -> None:
            key = rows.find_key(tx, key_id)
            owner = None if key is None else accounts.find_user_by_id(tx, key.user_id)
            if key is None or owner is None or user not in (None, owner.name) or not _may(actor, owner):
                raise NotFound(f"There is no API key {key_id}")
            at = self._context.clock()
            rows.revoke_key(tx, key_id, at)
            self._record(tx, actor, owner, key, "revoke", at)

        await self._context.write_accounts(work)

    def _record(self, tx: Tx, actor: Actor, owner: User, key: ApiKey, action: str, at: int) -> None:
        state = {"user": owner.name, "hint": key.hint, "description": key.description}
        before, after = (None, state) if action == "create" else (state, None)
        change = Change("api_key", str(key.id), owner.name, action, before, after)
        self._context.record(tx, actor, owner.team_id, change, at=at)


def add_key(tx: Tx, user_id: int, given: str | None, description: str, at: int) -> tuple[str, ApiKey]:
    """Store a new key for a user, or the given one. Raises AlreadyExists when that is in use."""
    if given is not None:
        check_key(given)
    key = given or new_key()
    key_id = rows.insert_key(tx, user_id, key_digest(key), key_hint(key), description, at)
    if key_id is None:
        raise AlreadyExists("This API key is in use already; leave it out and the server makes one.")
    return key, ApiKey(key_id, user_id, key_hint(key), description, at, None)


def _require_owner(tx: Tx, actor: Actor, name: str) -> User:
    user = accounts.find_user(tx, name)
    if user is None or not _may(actor, user):
        raise NotFound(f"There is no user '{name}' whose keys '{actor.name}' may manage")
    return user


def _may(actor: Actor, owner: User) -> bool:
    if is_admin(actor) or (actor.account is not None and actor.account.id == owner.id):
        return True
    return owner.kind == "service" and not owner.admin and may_manage(actor, owner.home_team_id)
