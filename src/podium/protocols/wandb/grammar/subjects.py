"""What a key of a filter may be about, and what each kind of it is to be tested for."""

import json
import math
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from podium.domain.filters import And, Comparison, Field, FieldKind, Node, Operator, Or
from podium.domain.matching import matcher
from podium.domain.patterns import parse_pattern
from podium.errors import InvalidArgument

_INT64 = range(-(2**63), 2**63)


class Subject(Protocol):
    """Something that can be tested. Each of these raises InvalidArgument for values of the wrong kind."""

    def one_of(self, values: tuple[Any, ...]) -> Node:
        """That it is equal to one of the values; null is no value."""
        ...

    def compared(self, operator: Operator, value: Any) -> Node:
        """That it is less or greater than the value."""
        ...

    def matching(self, pattern: str) -> Node:
        """That a regular expression, a valid one, is found in it."""
        ...

    def present(self) -> Node:
        """That it has a value."""
        ...


class Text(msgspec.Struct, frozen=True):
    """A text; whatever it is compared with is one too."""

    field: Field

    def one_of(self, values: tuple[Any, ...]) -> Node:
        return _listed(self.field, values, tuple(_text(self.field, value) for value in values if value is not None))

    def compared(self, operator: Operator, value: Any) -> Node:
        return Comparison(self.field, operator, _text(self.field, value))

    def matching(self, pattern: str) -> Node:
        return found(self.field, pattern)

    def present(self) -> Node:
        return _present(self.field)


class Param(msgspec.Struct, frozen=True):
    """A value of the config, which is kept as the text that Python writes for it."""

    field: Field

    def one_of(self, values: tuple[Any, ...]) -> Node:
        return _listed(self.field, values, tuple(text for value in values for text in _spellings(self.field, value)))

    def compared(self, operator: Operator, value: Any) -> Node:
        number = value if isinstance(value, str) else _number(self.field, value)
        return Comparison(self.field, operator, number)

    def matching(self, pattern: str) -> Node:
        return found(self.field, pattern)

    def present(self) -> Node:
        return _present(self.field)


class Number(msgspec.Struct, frozen=True):
    """A number: a metric, or an attribute that is one."""

    field: Field

    def one_of(self, values: tuple[Any, ...]) -> Node:
        equal = [
            _absent(self.field) if value is None else Comparison(self.field, Operator.EQ, _number(self.field, value))
            for value in values
        ]
        return equal[0] if len(equal) == 1 else Or(tuple(equal))

    def compared(self, operator: Operator, value: Any) -> Node:
        return Comparison(self.field, operator, _number(self.field, value))

    def matching(self, pattern: str) -> Node:
        raise InvalidArgument(f"Invalid filter: '{self.field.key}' is a number, in which nothing matches '{pattern}'")

    def present(self) -> Node:
        return _present(self.field)


class Time(msgspec.Struct, frozen=True):
    """A time, kept in milliseconds; clients write ISO 8601, or seconds since the epoch."""

    field: Field

    def one_of(self, values: tuple[Any, ...]) -> Node:
        equal = tuple(Comparison(self.field, Operator.EQ, _milliseconds(value)) for value in values)
        return equal[0] if len(equal) == 1 else Or(equal)

    def compared(self, operator: Operator, value: Any) -> Node:
        return Comparison(self.field, operator, _milliseconds(value))

    def matching(self, pattern: str) -> Node:
        raise InvalidArgument(f"Invalid filter: '{self.field.key}' is a time, in which nothing matches '{pattern}'")

    def present(self) -> Node:
        return _present(self.field)


class Listed(msgspec.Struct, frozen=True):
    """A list of texts, kept as JSON in one: it is equal to what it holds."""

    field: Field

    def one_of(self, values: tuple[Any, ...]) -> Node:
        held = tuple(self._equal(value) for value in values)
        return held[0] if len(held) == 1 else Or(held)

    def compared(self, operator: Operator, value: Any) -> Node:
        raise InvalidArgument(f"Invalid filter: '{self.field.key}' is a list, of which nothing is {operator} '{value}'")

    def matching(self, pattern: str) -> Node:
        return found(self.field, pattern)

    def present(self) -> Node:
        return _present(self.field)

    def _equal(self, value: Any) -> Node:
        if value is None:
            return _absent(self.field)
        if isinstance(value, list):
            return And(tuple(self._equal(item) for item in value))
        text = _text(self.field, value)
        # A quote within an item is escaped: what follows a bracket or comma so begins an item.
        spelled = {msgspec.json.encode(text).decode(), json.dumps(text)}
        return Or(
            tuple(
                Comparison(self.field, Operator.CONTAINS, before + item)
                for item in sorted(spelled)
                for before in ("[", ",", ", ")
            )
        )


class OneOf(msgspec.Struct, frozen=True):
    """One of a few words, each with a condition of its own."""

    name: str
    conditions: dict[str, Node]

    def one_of(self, values: tuple[Any, ...]) -> Node:
        return self._any([word for word in self.conditions if word in values])

    def compared(self, operator: Operator, value: Any) -> Node:
        raise InvalidArgument(f"Invalid filter: '{self.name}' is a word, of which none is {operator} '{value}'")

    def matching(self, pattern: str) -> Node:
        return self._any([word for word in self.conditions if matcher(pattern).found_in(word)])

    def present(self) -> Node:
        return And()

    def _any(self, words: list[str]) -> Node:
        found_words = tuple(self.conditions[word] for word in words)
        return found_words[0] if len(found_words) == 1 else Or(found_words)


def found(field: Field, pattern: str) -> Node:
    """That a pattern is found in a text, in the way that takes the least."""
    literal = parse_pattern(pattern).literal
    if literal is not None:
        return Comparison(field, Operator.CONTAINS, literal)
    return Comparison(field, Operator.MATCHES, pattern)


def _listed(field: Field, values: tuple[Any, ...], texts: tuple[str, ...]) -> Node:
    """That a text is one of these, or absent where null is among the values."""
    nodes: list[Node] = [_absent(field)] if None in values else []
    if len(texts) == 1:
        nodes.append(Comparison(field, Operator.EQ, texts[0]))
    elif texts:
        nodes.append(Comparison(field, Operator.IN, tuple(dict.fromkeys(texts))))
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))


def _present(field: Field) -> Node:
    return Comparison(field, Operator.IS_NOT_NULL)


def _absent(field: Field) -> Node:
    return Comparison(field, Operator.IS_NULL)


def _text(field: Field, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise InvalidArgument(f"Invalid filter: '{field.key}' is a text, not '{json.dumps(value)[:100]}'")


def _spellings(field: Field, value: Any) -> tuple[str, ...]:
    """The texts by which a value of the config may be kept."""
    if isinstance(value, bool | str) or value is None:
        return (str(value),)
    if isinstance(value, int):
        return (str(value), str(float(value))) if abs(value) < 1 << 53 else (str(value),)
    if isinstance(value, float):
        return (str(int(value)), str(value)) if value.is_integer() and abs(value) < 1 << 53 else (str(value),)
    if isinstance(value, list):
        return (json.dumps(value), str(value))
    raise InvalidArgument(f"Invalid filter: '{field.key}' is no object; name a key within it, joined by a dot")


def _number(field: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        what = "a value of the summary is a number here" if field.kind is FieldKind.METRIC else "it needs a number"
        raise InvalidArgument(f"Invalid filter: '{field.key}' is compared with '{json.dumps(value)[:100]}'; {what}")
    if isinstance(value, int) and value not in _INT64:
        return float(value) if abs(value) < 1 << 1023 else math.copysign(math.inf, value)
    return value


def _milliseconds(value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e15:
        return value if abs(value) > 1e11 else value * 1000
    try:
        time = datetime.fromisoformat(value)
        return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgument(
            f"Invalid filter: '{json.dumps(value)[:100]}' is no time; write it as 2030-01-31T12:00:00Z"
        ) from None
