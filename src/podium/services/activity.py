"""The audit trail as people look at it: over all teams of the viewer, with what each event is about."""

from collections.abc import AsyncIterator

import msgspec

from podium.domain.access import Actor
from podium.domain.audit import EventFilter, Head
from podium.domain.events import Event
from podium.domain.feeds import Story
from podium.domain.subjects import Subject, SubjectKind
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.services.registry_roles import hidden_registries
from podium.services.subjects import require_subject
from podium.services.watching import stories_of
from podium.store import audit as rows
from podium.store.subject_events import list_subject_events
from podium.store.transaction import Tx

MAX_PAGE = 200
BATCH = 1000


class Activities(msgspec.Struct, frozen=True):
    """A page of stories, newest first, and the cursor of the next one."""

    stories: list[Story]
    cursor: int | None


class Activity:
    """Reads the trail of the teams that the actor belongs to."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(
        self, actor: Actor, which: EventFilter, *, team: str = "", limit: int = 50, cursor: int | None = None
    ) -> Activities:
        """A page of what happened; of one team alone if it is named. Raises NotFound for one of others."""
        _check_limit(limit)

        def work(tx: Tx) -> Activities:
            teams = self._teams(tx, actor, team)
            hidden = hidden_registries(tx, actor, teams)
            found = rows.newest_events(tx, teams, hidden, which, before=cursor, limit=limit + 1)
            return _page(tx, found, limit)

        return await self._context.store.read(work)

    async def about(
        self, actor: Actor, kind: SubjectKind, public_id: str, *, limit: int = 20, cursor: int | None = None
    ) -> tuple[Subject, Activities]:
        """What happened to a thing of the actor's team, with a model's versions and the comments. Raises NotFound."""
        _check_limit(limit)

        def work(tx: Tx) -> tuple[Subject, Activities]:
            subject = require_subject(self._context, tx, actor, kind, public_id)
            return subject, _page(tx, list_subject_events(tx, subject, before=cursor, limit=limit + 1), limit)

        return await self._context.store.read(work)

    async def export(self, actor: Actor, which: EventFilter, *, team: str = "") -> AsyncIterator[list[Event]]:
        """Every event that fits, oldest first, in batches: a trail of any length can be written out."""
        after = 0

        def work(tx: Tx) -> list[Event]:
            teams = self._teams(tx, actor, team)
            hidden = hidden_registries(tx, actor, teams)
            return rows.team_events_after(tx, teams, hidden, which, after=after, limit=BATCH)

        while True:
            batch = await self._context.store.read(work)
            yield batch
            if len(batch) < BATCH:
                return
            after = batch[-1].seq

    async def head(self) -> Head | None:
        """The end of the chain of events of all teams; None when its record is missing."""
        return await self._context.store.read(rows.chain_head)

    def _teams(self, tx: Tx, actor: Actor, name: str) -> list[int]:
        return [team.id for team in self._context.readable_teams(tx, actor, name)]


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")


def _page(tx: Tx, found: list[Event], limit: int) -> Activities:
    shown = found[:limit]
    return Activities(stories_of(tx, shown), shown[-1].seq if len(found) > limit else None)
