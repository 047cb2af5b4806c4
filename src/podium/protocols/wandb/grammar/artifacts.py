"""The names by which collections of artifacts, and the versions in one, are filtered and sorted."""

from collections.abc import Mapping

from podium.domain.filters import Field, FieldKind, Node, Order
from podium.errors import InvalidArgument
from podium.protocols.wandb.grammar.mongo import parse_filter
from podium.protocols.wandb.grammar.subjects import Number, Subject, Text, Time


def _attribute(key: str) -> Field:
    return Field(FieldKind.ATTRIBUTE, key)


_TAG, _ALIAS = Text(Field(FieldKind.TAG, "tag")), Text(Field(FieldKind.TAG, "alias"))
_CREATED, _UPDATED = Time(_attribute("created_at")), Time(_attribute("updated_at"))
_LINKED, _SIZE = Time(_attribute("linked_at")), Number(_attribute("size_bytes"))
_NUMBER, _DESCRIPTION = Number(_attribute("number")), Text(_attribute("description"))

_BOTH: dict[str, Subject] = {
    "tag": _TAG,
    "tags": _TAG,
    "description": _DESCRIPTION,
    "createdAt": _CREATED,
    "created_at": _CREATED,
    "updatedAt": _UPDATED,
    "updated_at": _UPDATED,
}
_COLLECTIONS: dict[str, Subject] = {**_BOTH, "name": Text(_attribute("name")), "type": Text(_attribute("type"))}
_MEMBERS: dict[str, Subject] = {
    **_BOTH,
    "alias": _ALIAS,
    "aliases": _ALIAS,
    "state": Text(_attribute("state")),
    "digest": Text(_attribute("digest")),
    "artifact_size": _SIZE,
    "size": _SIZE,
    "linked_at": _LINKED,
    "linkedAt": _LINKED,
    "versionIndex": _NUMBER,
    "version_index": _NUMBER,
}


def parse_collection_filter(text: str | None) -> Node:
    """What a filter asks of collections. Raises InvalidArgument for whatever is none."""
    return parse_filter(text, lambda name: _subject(_COLLECTIONS, "collections", name))


def parse_collection_order(text: str | None) -> tuple[Order, ...]:
    """What collections are sorted by; without text the newest come first. Raises InvalidArgument for other names."""
    return _order(_COLLECTIONS, "collections", text) if text else (Order(_attribute("id"), ascending=False),)


def parse_member_filter(text: str | None) -> Node:
    """What a filter asks of the versions in a collection. Raises InvalidArgument for whatever is none."""
    return parse_filter(text, lambda name: _subject(_MEMBERS, "versions", name))


def parse_member_order(text: str | None) -> tuple[Order, ...]:
    """What versions are sorted by; without text the newest come first. Raises InvalidArgument for other names."""
    return _order(_MEMBERS, "versions", text) if text else (Order(_attribute("number"), ascending=False),)


def _order(subjects: Mapping[str, Subject], what: str, text: str) -> tuple[Order, ...]:
    ascending, name = not text.startswith("-"), text.removeprefix("+").removeprefix("-").strip()
    subject = _subject(subjects, what, name)
    if isinstance(subject, Text | Number | Time) and subject not in (_TAG, _ALIAS):
        return (Order(subject.field, ascending),)
    raise InvalidArgument(f"Invalid order: {what} are not sorted by '{name[:100]}'")


def _subject(subjects: Mapping[str, Subject], what: str, name: str) -> Subject:
    subject = subjects.get(name)
    if subject is None:
        known = ", ".join(sorted(subjects))
        raise InvalidArgument(f"Invalid filter or order: {what} have no '{name[:100]}'; they have {known}")
    return subject
