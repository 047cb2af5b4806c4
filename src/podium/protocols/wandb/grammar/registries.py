"""What registries, and the collections and versions in them, are filtered and sorted by.

The name of a registry may be given with its prefix or without. Each thing has several names: the client sends others
when the server has a search index of its own.
"""

from typing import Any

import msgspec

from podium.domain.artifact_collections import version_number
from podium.domain.filters import And, Exists, Field, FieldKind, Node, Operator, Or, Order
from podium.domain.registries import PREFIX
from podium.errors import InvalidArgument
from podium.protocols.wandb.grammar.mongo import parse_filter
from podium.protocols.wandb.grammar.subjects import Number, Subject, Text, Time


class _Name(msgspec.Struct, frozen=True):
    """The name of a registry."""

    text: Text

    def one_of(self, values: tuple[Any, ...]) -> Node:
        prefixed = tuple(f"{PREFIX}{value}" for value in values if isinstance(value, str))
        return self.text.one_of((*values, *prefixed))

    def compared(self, operator: Operator, value: Any) -> Node:
        return self.text.compared(operator, value)

    def matching(self, pattern: str) -> Node:
        """Found in the whole name, or, where it begins with the name's beginning, behind the prefix."""
        whole = self.text.matching(pattern)
        if not pattern.startswith("^") or "|" in pattern:
            return whole
        return Or((whole, self.text.matching(f"^{PREFIX}{pattern[1:]}")))

    def present(self) -> Node:
        return And()


class _Held(msgspec.Struct, frozen=True):
    """One of several texts that belong to a thing: tags, aliases."""

    relation: str

    def one_of(self, values: tuple[Any, ...]) -> Node:
        return self._any(self._text.one_of(tuple(value for value in values if value is not None)))

    def compared(self, operator: Operator, value: Any) -> Node:
        return self._any(self._text.compared(operator, value))

    def matching(self, pattern: str) -> Node:
        return self._any(self._text.matching(pattern))

    def present(self) -> Node:
        return self._any(And())

    @property
    def _text(self) -> Text:
        return Text(_field(self.relation))

    def _any(self, condition: Node) -> Node:
        return Exists(self.relation, condition)


class _Version(msgspec.Struct, frozen=True):
    """A number within a collection, which may be written as `v3`."""

    number: Number

    def one_of(self, values: tuple[Any, ...]) -> Node:
        return self.number.one_of(tuple(_index(value) for value in values))

    def compared(self, operator: Operator, value: Any) -> Node:
        return self.number.compared(operator, _index(value))

    def matching(self, pattern: str) -> Node:
        return self.number.matching(pattern)

    def present(self) -> Node:
        return And()


def parse_registry_filter(text: str | None) -> Node:
    """Which registries are meant. Raises InvalidArgument."""
    return parse_filter(text, _of_registry)


def parse_collection_filter(text: str | None) -> Node:
    """Which collections are meant. Raises InvalidArgument."""
    return parse_filter(text, _of_collection)


def parse_version_filter(text: str | None) -> Node:
    """Which versions are meant. Raises InvalidArgument."""
    return parse_filter(text, _of_version)


def parse_order(text: str | None, known: dict[str, str], default: str) -> tuple[Order, ...]:
    """What is sorted by, of the attributes that `known` has by their names. Raises InvalidArgument."""
    given = text or default
    name = known.get(given.lstrip("+-"))
    if name is None:
        raise InvalidArgument(f"Invalid order '{given[:100]}': there are {', '.join(known)}, and '-' before them.")
    return (Order(_field(name), ascending=not given.startswith("-")),)


def _of_registry(key: str) -> Subject:
    return _subject(_REGISTRY, key)


def _of_collection(key: str) -> Subject:
    return _subject(_COLLECTION, key)


def _of_version(key: str) -> Subject:
    return _subject(_VERSION, key)


def _subject(known: dict[str, Subject], key: str) -> Subject:
    if key not in known:
        raise InvalidArgument(f"Invalid filter: '{key[:100]}' is none of {', '.join(known)}")
    return known[key]


def _index(value: Any) -> Any:
    number = version_number(value) if isinstance(value, str) else None
    return value if number is None else number


def _field(key: str) -> Field:
    return Field(FieldKind.ATTRIBUTE, key)


_TIMES: dict[str, Subject] = {name: Time(_field(name)) for name in ("created_at", "updated_at")}
_REGISTRY: dict[str, Subject] = {
    "name": _Name(Text(_field("name"))),
    "id": Number(_field("id")),
    "project_id": Number(_field("id")),
    "description": Text(_field("description")),
    **_TIMES,
}
_COLLECTION: dict[str, Subject] = {
    **dict.fromkeys(("name", "collection_name", "artifact_collection_name"), Text(_field("name"))),
    **dict.fromkeys(("id", "collection_id", "artifact_collection_id"), Number(_field("id"))),
    **dict.fromkeys(("tag", "tags"), _Held("tag")),
    "description": Text(_field("description")),
    **_TIMES,
}
_VERSION: dict[str, Subject] = {
    **dict.fromkeys(("version", "version_index"), _Version(Number(_field("version")))),
    **dict.fromkeys(("id", "artifact_id"), Number(_field("id"))),
    **dict.fromkeys(("tag", "tags"), _Held("tag")),
    **dict.fromkeys(("alias", "aliases"), _Held("alias")),
    **dict.fromkeys(("metadata", "artifact_metadata"), Text(_field("metadata"))),
    **dict.fromkeys(("linked_at", "acm_created_at"), Time(_field("linked_at"))),
    "artifact_created_at": Time(_field("created_at")),
    "artifact_size": Number(_field("artifact_size")),
    **_TIMES,
}
