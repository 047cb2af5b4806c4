"""Filters in MongoDB's style into the neutral tree, whatever it is that they are about."""

import json
import re
from collections.abc import Callable
from typing import Any

from podium.domain.filters import And, Node, Not, Operator, Or
from podium.domain.nesting import check_nesting
from podium.domain.patterns import parse_pattern
from podium.errors import InvalidArgument
from podium.protocols.wandb.grammar.subjects import Subject

# More than any person or program writes, and half of how deep a WHERE may nest in SQLite.
MAX_TESTS = 500
MAX_DEPTH = 50

_RANGES = {"$gt": Operator.GT, "$gte": Operator.GE, "$lt": Operator.LT, "$lte": Operator.LE}


def parse_filter(text: str | None, subject_of: Callable[[str], Subject]) -> Node:
    """What a filter asks for; without text, every row matches. `subject_of` says what a key is about.

    Raises InvalidArgument for whatever is no filter.
    """
    if not text:
        return And()
    check_nesting(text, "'filters'")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidArgument(f"Invalid filter: it is no JSON: {error}") from error
    return _Reader(subject_of).document({} if document is None else document, 0)


class _Reader:
    def __init__(self, subject_of: Callable[[str], Subject]) -> None:
        self._subject_of = subject_of
        self._left = MAX_TESTS

    def document(self, given: Any, depth: int) -> Node:
        """All that an object asks for, which has to hold together."""
        if not isinstance(given, dict):
            raise InvalidArgument(f"Invalid filter: '{_shown(given)}' stands where an object is expected")
        if depth > MAX_DEPTH:
            raise InvalidArgument(f"Invalid filter: it is nested more than {MAX_DEPTH} deep")
        return _all([self._part(key, value, depth) for key, value in given.items()])

    def _part(self, key: str, value: Any, depth: int) -> Node:
        if key == "$and":
            return _all(self._list(key, value, depth))
        if key == "$or":
            return Or(tuple(self._list(key, value, depth)))
        if key == "$nor":
            return Not(Or(tuple(self._list(key, value, depth))))
        if key == "$not":
            return Not(self.document(value, depth + 1))
        if key.startswith("$"):
            raise InvalidArgument(
                f"Invalid filter: there is no '{key[:100]}' around conditions; '$and', '$or' and so on"
            )
        return self._tests(self._subject_of(key), value, depth)

    def _list(self, key: str, given: Any, depth: int) -> list[Node]:
        if not isinstance(given, list):
            raise InvalidArgument(f"Invalid filter: '{key}' needs a list of objects, not '{_shown(given)}'")
        return [self.document(item, depth + 1) for item in given]

    def _tests(self, subject: Subject, value: Any, depth: int) -> Node:
        """What a key's value asks for: an object of operators, or a value to be equal to."""
        if not isinstance(value, dict):
            return self._test(subject, "$eq", value, depth)
        if not value or not all(name.startswith("$") for name in value):
            raise InvalidArgument(
                f"Invalid filter: '{_shown(value)}' stands where a value or an operator, as '$eq', is expected"
            )
        tests = {name: operand for name, operand in value.items() if name != "$options"}
        if "$regex" in tests and "i" in str(value.get("$options", "")):
            tests["$regex"] = f"(?i){str(tests['$regex']).removeprefix('(?i)')}"
        return _all([self._test(subject, name, operand, depth) for name, operand in tests.items()])

    def _test(self, subject: Subject, name: str, value: Any, depth: int) -> Node:
        self._left -= 1
        if self._left < 0:
            raise InvalidArgument(f"Invalid filter: it has more than {MAX_TESTS} conditions")
        if name in ("$eq", "$ne"):
            equal = subject.one_of((value,))
            return equal if name == "$eq" else Not(equal)
        if name in ("$in", "$nin"):
            listed = subject.one_of(_values(name, value))
            return listed if name == "$in" else Not(listed)
        if name in _RANGES:
            return subject.compared(_RANGES[name], value)
        if name in ("$regex", "$contains"):
            return subject.matching(_pattern(value) if name == "$regex" else _literal(value))
        if name == "$exists":
            return subject.present() if value else Not(subject.present())
        if name == "$not":
            if depth > MAX_DEPTH:
                raise InvalidArgument(f"Invalid filter: it is nested more than {MAX_DEPTH} deep")
            return Not(self._tests(subject, value, depth + 1))
        raise InvalidArgument(
            f"Invalid filter: there is no operator '{name[:100]}'; "
            "there are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $regex, $contains and $not"
        )


def _all(items: list[Node]) -> Node:
    return items[0] if len(items) == 1 else And(tuple(items))


def _values(name: str, given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list):
        raise InvalidArgument(f"Invalid filter: '{name}' needs a list, not '{_shown(given)}'")
    return tuple(given)


def _pattern(given: Any) -> str:
    if not isinstance(given, str):
        raise InvalidArgument(f"Invalid filter: '$regex' needs a text, not '{_shown(given)}'")
    parse_pattern(given)
    return given


def _literal(given: Any) -> str:
    if not isinstance(given, str):
        raise InvalidArgument(f"Invalid filter: '$contains' needs a text, not '{_shown(given)}'")
    return _pattern(re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", given))


def _shown(value: Any) -> str:
    return json.dumps(value)[:100]
