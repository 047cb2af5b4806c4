"""Reading the audit trail: which events are asked for, and which event breaks the chain."""

import msgspec

from podium.domain.events import GENESIS, Event, event_hash


class EventFilter(msgspec.Struct, frozen=True):
    """Which events: each criterion that is not None has to hold. Times are milliseconds, `until` is not included."""

    by: str | None = None
    entity: str | None = None
    entity_id: str | None = None
    entity_name: str | None = None
    action: str | None = None
    since: int | None = None
    until: int | None = None


class EventPage(msgspec.Struct, frozen=True):
    """Events, newest first, and the cursor of the next page; None on the last one."""

    events: list[Event]
    cursor: int | None


class BadEvent(msgspec.Struct, frozen=True):
    """The first event that does not fit the chain, by its number, and why."""

    seq: int
    reason: str


class Head(msgspec.Struct, frozen=True):
    """Where the chain stands: the number and hash of its last event."""

    seq: int
    hash: str


START = Head(0, GENESIS)


def check_event(event: Event, before: Head) -> BadEvent | None:
    """What is wrong with `event` as the one that follows `before`."""
    seq = before.seq + 1
    if event.seq != seq:
        return BadEvent(seq, f"event {seq} is missing: event {event.seq} follows event {before.seq}")
    if event.previous_hash != before.hash:
        return BadEvent(seq, f"event {seq} does not follow event {before.seq}: its previous hash is another one")
    if event.hash != event_hash(event):
        return BadEvent(seq, f"event {seq} was altered: its content does not have its hash")
    return None


def check_end(last: Head, head: Head) -> BadEvent | None:
    """What is wrong with a chain that ends at `last` while its head was recorded as `head`."""
    if last.seq < head.seq:
        return BadEvent(last.seq + 1, f"events {last.seq + 1} to {head.seq} are missing: the chain's tail was cut off")
    if last != head:
        return BadEvent(last.seq, f"event {last.seq} is not the recorded end of the chain, event {head.seq}")
    return None
