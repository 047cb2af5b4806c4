"""What a search asks for, whichever client asked: a filter tree, an order, and the place in a list of pages.

A protocol parses its own grammar into this tree, a service adds what the actor may see as one more condition,
the store compiles it once. Field keys are Podium's names, never a client's.

What the tree means, and every compiler of it has to give:

- A comparison on a key that the row does not have is false, with `!=` and `NOT IN` too; only `IS NULL` finds
  such rows.
- Of a metric that is NaN only `!=` is true.
- `LIKE` heeds case and `ILIKE` does not; `%` and `_` are the only special characters, there is no escape.
- `CONTAINS` finds a text, heeding case, `MATCHES` a regular expression of `domain.patterns`, anywhere in the value.
- A param that is compared with a number is one too: its text as a number, and without a value where it is none.
- `Not` holds wherever its item does not, also on rows without the key.
- Rows without a value to sort by come last, in both directions.
"""

import base64
import hashlib
from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec import Struct

from podium.errors import InvalidArgument


class FieldKind(StrEnum):
    """Where the value of a field is kept."""

    ATTRIBUTE = "attribute"
    METRIC = "metric"
    PARAM = "param"
    TAG = "tag"
    DATASET = "dataset"
    ALIAS = "alias"


class Operator(StrEnum):
    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"
    CONTAINS = "CONTAINS"
    MATCHES = "MATCHES"


class DatasetRef(Struct, frozen=True):
    """A dataset by name, in any state (`digest` is None) or in one."""

    name: str
    digest: str | None = None


class Field(Struct, frozen=True):
    """Something that rows are compared or sorted by.

    `datasets` narrows a metric to the points measured on one of them; empty means any point.
    """

    kind: FieldKind
    key: str
    datasets: tuple[DatasetRef, ...] = ()


Value: TypeAlias = str | int | float | tuple[str, ...] | tuple[int, ...] | None


class Comparison(Struct, frozen=True, tag=True):
    """One field against one value.

    The value is a non-empty tuple for `IN` and `NOT IN`, None for `IS NULL` and `IS NOT NULL`. Whole numbers
    fit into 64 bits; what a client wrote beyond that is a float here.
    """

    field: Field
    operator: Operator
    value: Value = None


class HasMetricOn(Struct, frozen=True, tag=True):
    """The row has at least one metric measured on one of the datasets."""

    datasets: tuple[DatasetRef, ...]


class Exists(Struct, frozen=True, tag=True):
    """There is a row related to this one (a span of a trace, say) for which the condition holds; or none, negated."""

    relation: str
    condition: "Node"
    negated: bool = False


class And(Struct, frozen=True, tag=True):
    """All of the items hold; with no items, every row matches."""

    items: "tuple[Node, ...]" = ()


class Or(Struct, frozen=True, tag=True):
    """One of the items holds; with no items, no row matches."""

    items: "tuple[Node, ...]" = ()


class Not(Struct, frozen=True, tag=True):
    """The item does not hold."""

    item: "Node"


Node: TypeAlias = Comparison | HasMetricOn | Exists | And | Or | Not


class Order(Struct, frozen=True):
    """What rows are sorted by. `as_number` sorts params that are numbers by these, and before those that are texts."""

    field: Field
    ascending: bool = True
    as_number: bool = False


def conjuncts(node: Node) -> tuple[Node, ...]:
    """The conditions that all hold where `node` does."""
    if isinstance(node, And):
        return tuple(part for item in node.items for part in conjuncts(item))
    return (node,)


SortValue: TypeAlias = int | float | str | None

# The first item of a token. Tokens live for minutes: a change of their form takes the next number, and old
# ones are refused like broken ones.
_TOKEN_FORM = 1


class _Token(Struct, frozen=True, array_like=True):
    form: int
    query: str
    values: tuple[SortValue, ...]


def query_digest(scope: str, condition: Node, order: tuple[Order, ...]) -> str:
    """Return a short text that differs when anything differs that decides what is on which page.

    `scope` names what is searched and within what: entity, team, projects, view.
    """
    canonical = msgspec.msgpack.encode((scope, condition, order))
    return hashlib.sha256(canonical).hexdigest()[:16]


def encode_cursor(values: tuple[SortValue, ...], digest_of_query: str) -> str:
    """Return the page token for the rows after the one with these sort values, its own id last.

    Whole numbers have to fit into 64 bits, as all that a database sorts by does.
    """
    token = msgspec.msgpack.encode(_Token(_TOKEN_FORM, digest_of_query, values))
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def decode_cursor(token: str, digest_of_query: str) -> tuple[SortValue, ...]:
    """Return the sort values of the last row of the page before, exactly as they were encoded.

    Raises InvalidArgument for a token that is broken, or that a search with another filter or order gave.
    """
    cursor = _decode_token(token)
    if cursor.query != digest_of_query:
        raise InvalidArgument(
            "Invalid page token: it belongs to a search with another filter, order or scope. "
            "Repeat the search without a page token."
        )
    return cursor.values


def _decode_token(token: str) -> _Token:
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InvalidArgument("Invalid page token, could not base64-decode") from None
    try:
        cursor = msgspec.msgpack.decode(packed, type=_Token)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidArgument("Invalid page token, it is not one that this server gave") from None
    if cursor.form != _TOKEN_FORM:
        raise InvalidArgument("Invalid page token, another release of the server gave it")
    return cursor
