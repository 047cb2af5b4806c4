"""The audit trail: who did what and when, and whether it is still what was written."""

from collections.abc import AsyncIterator
from typing import TypedDict, Unpack

from podium.domain.access import Actor
from podium.domain.audit import START, BadEvent, EventFilter, EventPage, Head, check_end, check_event
from podium.domain.events import Event
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.services.registry_roles import hidden_registries
from podium.store import audit as rows
from podium.store.transaction import Tx

MAX_PAGE = 1000
BATCH = 1000


class Criteria(TypedDict, total=False):
    """What can be asked for; domain/audit.py's `EventFilter` says what each means."""

    by: str | None
    entity: str | None
    entity_id: str | None
    entity_name: str | None
    action: str | None
    since: int | None
    until: int | None


class Audit:
    """Events of the actor's team, and the check of the whole chain."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_events(
        self, actor: Actor, *, limit: int = 100, cursor: int | None = None, **criteria: Unpack[Criteria]
    ) -> EventPage:
        """A page of events, newest first; `cursor` is the one of the page before. Raises InvalidArgument."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")
        which = EventFilter(**criteria)

        def work(tx: Tx) -> EventPage:
            team = self._context.team_id(tx, actor)
            hidden = hidden_registries(tx, actor, [team])
            found = rows.newest_events(tx, [team], hidden, which, before=cursor, limit=limit + 1)
            return EventPage(found[:limit], found[limit - 1].seq if len(found) > limit else None)

        return await self._context.store.read(work)

    async def export(self, actor: Actor, **criteria: Unpack[Criteria]) -> AsyncIterator[Event]:
        """Every event that fits, oldest first; read in batches, so a trail of any length can be written out."""
        which, after = EventFilter(**criteria), 0

        def work(tx: Tx) -> list[Event]:
            team = self._context.team_id(tx, actor)
            hidden = hidden_registries(tx, actor, [team])
            return rows.team_events_after(tx, [team], hidden, which, after=after, limit=BATCH)

        while True:
            batch = await self._context.store.read(work)
            for event in batch:
                yield event
            if len(batch) < BATCH:
                return
            after = batch[-1].seq

    async def verify(self, actor: Actor) -> BadEvent | None:
        """What `verify_chain` finds, for an administrator of the server: the chain is that of all teams."""
        self._context.require_admin(actor)
        return await self.verify_chain()

    async def verify_chain(self) -> BadEvent | None:
        """The first event, of any team, that was altered, moved, or is missing; None when the chain is whole.

        Every hash is computed anew. Events that are appended meanwhile are checked too.
        """
        last = START
        while True:
            batch, head = await self._batch(last)
            for event in batch:
                if bad := check_event(event, last):
                    return bad
                last = Head(event.seq, event.hash)
            if len(batch) < BATCH:
                return check_end(last, head) if head else BadEvent(last.seq, "the record of the chain's end is missing")

    async def _batch(self, last: Head) -> tuple[list[Event], Head | None]:
        """What follows `last`, and the recorded end as of the same moment."""
        return await self._context.store.read(lambda tx: (rows.events_after(tx, last.seq, BATCH), rows.chain_head(tx)))
