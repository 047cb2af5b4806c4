"""Who a request comes from: credentials to an account."""

import asyncio
import hmac
import time
from contextlib import suppress

import msgspec

from podium.domain.access import DEFAULT_TEAM, Account, by_grant
from podium.domain.accounts import BOOTSTRAP_ADMIN, key_digest
from podium.domain.events import Change
from podium.errors import NotSignedIn, StorageError
from podium.services.context import Context
from podium.services.known_accounts import Known
from podium.services.passwords import is_password
from podium.store import accounts, api_keys
from podium.store.transaction import Tx

# So often the last use of a key is written down.
NOTED_EVERY_S = 60
# Each takes a quarter of a second of a processor and 16 MiB.
_PASSWORDS_AT_ONCE = 2
# What a key is called that a browser got when somebody signed in with it: this, a comma and the day.
BROWSER_KEY = "browser"
# W&B's client signs in as `api`; what it wrote into a .netrc says `user`.
_KEY_USERS = frozenset({"api", "user", ""})

_ADMIN = Account(None, BOOTSTRAP_ADMIN, admin=True, home=DEFAULT_TEAM, roles={})


class Credentials(msgspec.Struct, frozen=True):
    """A user's name and a password or API key of the user; without a name, a key."""

    user: str | None
    secret: str


class SignIn:
    """Finds accounts. A server is open to everybody while it has no account and was given no administrator's key."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._admin_key = context.admin_key
        self._passwords = asyncio.Semaphore(_PASSWORDS_AT_ONCE)

    async def is_open(self) -> bool:
        """Whether everybody may do everything here, because nobody has an account."""
        if not self._context.known_accounts.fresh:
            await self._refresh()
        return self._context.known_accounts.open

    async def account(self, given: Credentials | None) -> Account | None:
        """Whose credentials they are; None on an open server. Raises NotSignedIn."""
        if await self.is_open():
            return None
        if given is None:
            raise NotSignedIn("Sign in: with an API key, or with a user's name and password.")
        if self._admin_key and given.user in (None, *_KEY_USERS, BOOTSTRAP_ADMIN) and _same(given, self._admin_key):
            return _ADMIN
        known = self._context.known_accounts.find(given.user, given.secret) or await self._look_up(given)
        if known.account is None:
            raise NotSignedIn("These credentials are not valid: the API key, or the user's name and password.")
        if known.key_id is not None and time.monotonic() >= known.note_at:
            await self._note(known)
        return known.account

    async def end(self, given: Credentials) -> None:
        """Revoke the key that the credentials are, for whoever has it; what is no key, or none any more, is fine."""
        digest = key_digest(given.secret)

        def work(tx: Tx) -> None:
            found = api_keys.find_owner(tx, digest)
            owner = None if found is None else accounts.find_user_by_id(tx, found[1])
            if found is not None and owner is not None:
                at = self._context.clock()
                api_keys.revoke_key(tx, found[0], at)
                state = {"user": owner.name}
                change = Change("api_key", str(found[0]), owner.name, "revoke", before=state)
                self._context.record(tx, by_grant(owner.name, DEFAULT_TEAM), owner.team_id, change, at=at)

        await self._context.write_accounts(work)

    async def _refresh(self) -> None:
        generation = self._context.known_accounts.begin()
        revision, some = await self._context.store.read(accounts.read_state)
        is_open = not some and not self._admin_key
        self._context.known_accounts.refresh(generation, revision, is_open=is_open)

    async def _look_up(self, given: Credentials) -> Known:
        generation = self._context.known_accounts.begin()
        known = await self._by_key(given) or await self._by_password(given) or Known(None)
        self._context.known_accounts.keep(generation, given.user, given.secret, known)
        return known

    async def _by_key(self, given: Credentials) -> Known | None:
        digest = key_digest(given.secret)

        def work(tx: Tx) -> Known | None:
            found = api_keys.find_owner(tx, digest)
            account = None if found is None else accounts.load_account(tx, found[1])
            if found is None or account is None:
                return None
            if given.user not in (None, *_KEY_USERS, account.name):
                return None
            noted_ago_s = NOTED_EVERY_S if found[2] is None else (self._context.clock() - found[2]) / 1000
            return Known(account, found[0], time.monotonic() + NOTED_EVERY_S - noted_ago_s)

        return await self._context.store.read(work)

    async def _by_password(self, given: Credentials) -> Known | None:
        if given.user is None:
            return None
        user = given.user
        found = await self._context.store.read(lambda tx: accounts.find_password(tx, user))
        if found is None:
            return None
        user_id, stored = found
        async with self._passwords:
            if not await asyncio.to_thread(is_password, given.secret, stored):
                return None
        account = await self._context.store.read(lambda tx: accounts.load_account(tx, user_id))
        return None if account is None else Known(account)

    async def _note(self, known: Known) -> None:
        key_id, at = known.key_id, self._context.clock()
        assert key_id is not None, "only keys are noted"
        known.note_at = time.monotonic() + NOTED_EVERY_S
        with suppress(StorageError):  # a full disk keeps nobody from reading
            await self._context.store.write(lambda tx: api_keys.note_use(tx, key_id, at), brief=True)


def _same(given: Credentials, key: str) -> bool:
    return hmac.compare_digest(given.secret.encode("utf-8", "surrogatepass"), key.encode())
