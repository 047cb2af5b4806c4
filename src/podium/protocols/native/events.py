"""The audit trail: events, and the check of their chain."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from podium.domain.access import Actor
from podium.domain.events import Event
from podium.errors import InvalidArgument, PermissionDenied
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.shapes import Limit, Time, parse_optional_time, shown


class EventView(msgspec.Struct, frozen=True):
    """An event: who did what to which entity, and what it was before and after. `entity_id` survives a rename;
    `entity_name` is what the entity was called then.
    """

    seq: int
    at: datetime
    actor: str
    entity: str
    entity_id: str
    entity_name: str
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    previous_hash: str
    hash: str


class EventPage(msgspec.Struct, frozen=True):
    """A page of events, the newest first."""

    items: list[EventView]
    next_cursor: str | None


class ListEvents(Input, frozen=True, kw_only=True):
    """Which events: every criterion that is given has to hold. `until` is not included."""

    actor: str | None = None
    entity: Annotated[str, Meta(examples=["model", "version", "project", "run"])] | None = None
    entity_id: str | None = None
    entity_name: str | None = None
    action: str | None = None
    since: Time | None = None
    until: Time | None = None
    limit: Limit = 100
    cursor: Annotated[str, Meta(pattern="^[0-9]{1,18}$")] | None = None


class VerifyAudit(Input, frozen=True, kw_only=True):
    """Nothing needs to be said."""


class Verdict(msgspec.Struct, frozen=True):
    """Whether the chain is whole; if not, the number of the first event that does not fit, and why."""

    intact: bool
    first_bad_event: int | None
    reason: str | None


def view_of(event: Event) -> EventView:
    """An event as the API shows it."""
    return EventView(
        seq=event.seq,
        at=shown(event.at),
        actor=event.actor,
        entity=event.entity,
        entity_id=event.entity_id,
        entity_name=event.entity_name,
        action=event.action,
        before=_state(event.before),
        after=_state(event.after),
        previous_hash=event.previous_hash,
        hash=event.hash,
    )


async def list_events(api: Api, actor: Actor, request: ListEvents) -> EventPage:
    page = await api.services.audit.list_events(
        actor,
        limit=request.limit,
        cursor=int(request.cursor) if request.cursor else None,
        by=request.actor,
        entity=request.entity,
        entity_id=request.entity_id,
        entity_name=request.entity_name,
        action=request.action,
        since=parse_optional_time("since", request.since),
        until=parse_optional_time("until", request.until),
    )
    cursor = None if page.cursor is None else str(page.cursor)
    return EventPage([view_of(event) for event in page.events], cursor)


async def verify_chain(api: Api, actor: Actor, __: VerifyAudit) -> Verdict:
    """Computes every hash anew, of the events of all teams."""
    bad = await api.services.audit.verify(actor)
    if bad is None:
        return Verdict(intact=True, first_bad_event=None, reason=None)
    return Verdict(intact=False, first_bad_event=bad.seq, reason=bad.reason)


def _state(text: str | None) -> dict[str, Any] | None:
    """What stood there, out of its JSON. Someone may have edited the row: then it is shown as it is."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return {"not JSON": text}


TOPIC = Topic(
    "events",
    "The audit trail. Each event carries the hash of the one before, so that a change of history shows.",
    (
        Call("GET", "/events", ListEvents, EventPage, list_events, "Search events", (InvalidArgument,)),
        Call(
            "GET", "/audit/verify", VerifyAudit, Verdict, verify_chain, "Check the chain of events", (PermissionDenied,)
        ),
    ),
)
