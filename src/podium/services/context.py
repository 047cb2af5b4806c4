"""What every service is given, and the two things that all of them do: find the team, and record the change."""

import time
from collections.abc import Callable

import msgspec

from podium.blobs.base import Blobs
from podium.domain.access import DEFAULT_TEAM, DEFAULT_TEAM_ID, Actor
from podium.domain.events import Change
from podium.errors import NotFound
from podium.services.secret_box import SecretBox
from podium.store import events, teams
from podium.store.engine import Store
from podium.store.transaction import Tx


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


class Context(msgspec.Struct, frozen=True):
    """The parts that services are made of. Tests pass a clock of their own."""

    store: Store
    blobs: Blobs
    clock: Callable[[], int] = now_ms
    secrets: SecretBox = msgspec.field(default_factory=SecretBox)
    version_source_pattern: str | None = None  # what a registered version's source has to match

    def team_id(self, tx: Tx, actor: Actor) -> int:
        """The key of the actor's team. Raises NotFound when there is none of that name."""
        if actor.team == DEFAULT_TEAM:
            return DEFAULT_TEAM_ID
        found = teams.find_team_id(tx, actor.team)
        if found is None:
            raise NotFound(f"Workspace '{actor.team}' not found")
        return found

    def record(self, tx: Tx, actor: Actor, team_id: int, change: Change, *, at: int) -> None:
        """Append the event of a governed change, in the transaction of the change.

        `at` is the time that the changed rows were given too: asked what was so at a row's time, the trail agrees.
        """
        events.append_event(tx, change, at=at, actor=actor.name, team_id=team_id)
