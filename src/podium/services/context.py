"""What every service is given, and what all of them do: find the team, ask whether the actor may, record the change."""

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from podium.blobs.base import Blobs
from podium.domain.access import DEFAULT_TEAM, DEFAULT_TEAM_ID, Account, Actor, is_admin, may_read, may_write
from podium.domain.events import Change
from podium.domain.teams import Team
from podium.errors import NotFound, PermissionDenied
from podium.services.known_accounts import KnownAccounts
from podium.services.secret_box import SecretBox
from podium.store import accounts, events, teams
from podium.store.engine import Store
from podium.store.transaction import Tx

T = TypeVar("T")


_NOBODY = Account(None, "anonymous", admin=False, home=DEFAULT_TEAM, roles={})


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


class TeamNotFound(NotFound):
    """The team that is addressed does not exist, or not for this actor."""

    def __init__(self, team: str) -> None:
        # The clients that read this call a team a workspace, or an entity.
        super().__init__(f"Workspace '{team}' not found: you belong to no team (W&B's entity) of this name")
        self.team = team


class Context(msgspec.Struct, frozen=True):
    """The parts that services are made of. Tests pass a clock of their own."""

    store: Store
    blobs: Blobs
    clock: Callable[[], int] = now_ms
    secrets: SecretBox = msgspec.field(default_factory=SecretBox)
    version_source_pattern: str | None = None  # what a registered version's source has to match
    admin_key: str | None = None  # who has it administers the server
    known_accounts: KnownAccounts = msgspec.field(default_factory=KnownAccounts)

    def team_id(self, tx: Tx, actor: Actor, *, only_reads: bool = False) -> int:
        """The key of the actor's team, if the actor may do there what the transaction was begun for.

        Every service method that touches what a team has asks here: a transaction that was begun to write needs the
        right to write, unless it `only_reads` there. Raises NotFound when there is no such team, or not for this
        actor, and PermissionDenied.
        """
        return self._allowed_team(tx, actor, writes=tx.writes and not only_reads)

    def require_team(self, tx: Tx, actor: Actor, team_id: int, missing: str) -> None:
        """The same for what was found by a key of its own, and belongs to a team. Raises NotFound as `missing` says."""
        if not may_read(self._known(actor), team_id):
            raise NotFound(missing)
        if tx.writes and not may_write(actor, team_id):
            raise PermissionDenied(f"'{actor.name}' may read what this team has, and not change it.")

    def may_read(self, actor: Actor, team_id: int) -> bool:
        """Whether the actor knows of the team with this key, and what it has."""
        return may_read(self._known(actor), team_id)

    def readable_teams(self, tx: Tx, actor: Actor, name: str = "") -> list[Team]:
        """The teams whose things the actor may see, by name; the named one alone. Raises NotFound for that one."""
        known = self._known(actor)
        found = [team for team in teams.list_teams(tx) if may_read(known, team.id) and name in ("", team.name)]
        if name and not found:
            raise NotFound(f"There is no team '{name}' that '{actor.name}' belongs to")
        return found

    async def require_write(self, actor: Actor) -> None:
        """Raise NotFound or PermissionDenied unless the actor may change what its team has.

        For work that is begun before the transaction that writes: nobody sends gigabytes to be refused then.
        """
        if not is_admin(actor):
            await self.store.read(lambda tx: self._allowed_team(tx, actor, writes=True))

    def _allowed_team(self, tx: Tx, actor: Actor, *, writes: bool) -> int:
        found = DEFAULT_TEAM_ID if actor.team == DEFAULT_TEAM else teams.find_team_id(tx, actor.team)
        if found is None or not may_read(self._known(actor), found):
            raise TeamNotFound(actor.team)
        if writes and not may_write(actor, found):
            raise PermissionDenied(f"'{actor.name}' may read what team '{actor.team}' has, and not change it.")
        return found

    def require_admin(self, actor: Actor) -> None:
        """Raise PermissionDenied unless the actor administers the server."""
        if not is_admin(actor):
            raise PermissionDenied(f"'{actor.name}' does not administer this server, which this needs.")

    async def write_accounts(self, work: Callable[[Tx], T]) -> T:
        """Like `Store.write`, for what decides who may do what: no server goes on with what it knew before."""

        def counted(tx: Tx) -> T:
            accounts.count_change(tx)  # first, because on PostgreSQL it makes such changes wait for each other
            return work(tx)

        try:
            return await self.store.write(counted)
        finally:
            self.known_accounts.forget()

    def _known(self, actor: Actor) -> Actor:
        """The actor, who without an account may do nothing where accounts are known to be."""
        if actor.account is None and self.known_accounts.closed:
            return msgspec.structs.replace(actor, account=_NOBODY)
        return actor

    def record(self, tx: Tx, actor: Actor, team_id: int, change: Change, *, at: int) -> None:
        """Append the event of a governed change, in the transaction of the change.

        `at` is the time that the changed rows were given too: asked what was so at a row's time, the trail agrees.
        """
        events.append_event(tx, change, at=at, actor=actor.name, team_id=team_id)
