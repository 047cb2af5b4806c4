"""The audit trail's events and their hash chain.

The hash of an event is SHA-256 over the JSON array `[previous hash, seq, at, actor, team id, entity, entity id,
entity name, action, before, after]`, UTF-8, without spaces. This form never changes: a chain that was written by any
release is verified by every later one. A new field would start a new, versioned form.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

GENESIS = ""

State = dict[str, Any] | None


class Change(msgspec.Struct, frozen=True):
    """What a service did: the part of an event that the service knows.

    `entity_id` is the key that survives a rename; `entity_name` is what people called it at the time.
    """

    entity: str
    entity_id: str
    entity_name: str
    action: str
    before: State = None
    after: State = None


class Event(msgspec.Struct, frozen=True):
    """A change with its place in the chain. `at` is in milliseconds since the epoch; before and after are JSON."""

    seq: int
    at: int
    actor: str
    team_id: int
    entity: str
    entity_id: str
    entity_name: str
    action: str
    before: str | None
    after: str | None
    previous_hash: str
    hash: str


def event_hash(event: Event) -> str:
    """The hash that `event` has to carry, as 64 hex digits; its own `hash` field is not looked at."""
    *content, _ = msgspec.structs.astuple(event)
    return _hash(content)


def chain(change: Change, *, seq: int, at: int, actor: str, team_id: int, previous_hash: str) -> Event:
    """The event that follows the one with `previous_hash`."""
    before, after = _json(change.before), _json(change.after)
    content = (
        *(seq, at, actor, team_id, change.entity, change.entity_id, change.entity_name, change.action),
        *(before, after, previous_hash),
    )
    return Event(*content, hash=_hash(content))


def _hash(content: Sequence[Any]) -> str:
    """The hash over all fields of an event but its own, which come in the order of the struct."""
    *fields, previous_hash = content
    return hashlib.sha256(msgspec.json.encode([previous_hash, *fields])).hexdigest()


def _json(state: State) -> str | None:
    return None if state is None else msgspec.json.encode(state, order="sorted").decode()
