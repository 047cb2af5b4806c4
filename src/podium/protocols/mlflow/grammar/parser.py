"""Tokens into comparisons as they were written: what stands where, not yet what it means."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar.entities import clip
from podium.protocols.mlflow.grammar.tokens import Kind, Token, tokenize


class Clause(NamedTuple):
    """A comparison as written; `operator` is in upper case with single spaces, `value` of a list a tuple."""

    identifier: str
    operator: str
    value: Token | tuple[Token, ...] | None


# Operators written as words, and the words that may follow each.
_WORD_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "LIKE": (),
    "ILIKE": (),
    "RLIKE": (),
    "IN": (),
    "NOT": ("IN", "LIKE", "ILIKE"),
    "IS": ("NULL", "NOT"),
    "IS NOT": ("NULL",),
}


class ClauseReader:
    """Reads the clauses of one filter.

    As in MLflow an AND may be missing between two clauses, doubled, or left over at either end. `bad_clause`
    begins the message of the InvalidArgument that text in another form raises.
    """

    def __init__(self, text: str, bad_clause: str) -> None:
        self._text = text
        self._bad_clause = bad_clause
        self._tokens = tokenize(text)
        self._next = next(self._tokens)
        self._clause_start = 0

    def __iter__(self) -> Iterator[Clause]:
        while True:
            while _word(self._next) == "AND":
                self._take()
            if self._next.kind is Kind.END:
                return
            self._clause_start = self._next.start
            yield self._clause()

    def _clause(self) -> Clause:
        left = self._take()
        if not _can_be_identifier(left) and self._next.kind is Kind.OPERATOR:
            raise InvalidArgument(f"Invalid comparison clause. Expected 'Identifier' found '{clip(left.text)}'")
        if not _can_be_identifier(left):
            raise self._unexpected(left)
        operator = self._operator()
        value = None if operator.endswith("NULL") else self._value(operator)
        # A quote that is never closed is told before the value in front of it is judged: it is one mistake.
        if self._next.kind is Kind.UNKNOWN:
            raise self._unexpected(self._next)
        return Clause(left.text, operator, value)

    def _operator(self) -> str:
        if self._next.kind is Kind.OPERATOR:
            return self._take().text
        operator = _word(self._next)
        if operator not in _WORD_OPERATORS:
            raise self._unexpected(self._next)
        self._take()
        while followers := _WORD_OPERATORS.get(operator, ()):
            if (follower := _word(self._next)) not in followers:
                raise self._unexpected(self._next)
            self._take()
            operator = f"{operator} {follower}"
        return operator

    def _value(self, operator: str) -> Token | tuple[Token, ...]:
        token = self._take()
        if token.text == "(":
            return self._list()
        if operator in ("IN", "NOT IN") or token.kind not in (Kind.STRING, Kind.NUMBER, Kind.IDENTIFIER):
            raise self._unexpected(token)
        return token

    def _list(self) -> tuple[Token, ...]:
        """Read the rest of a list; a comma may follow its last item."""
        items: list[Token] = []
        while self._next.text != ")":
            if self._next.kind in (Kind.END, Kind.UNKNOWN):
                raise self._unexpected(self._next)
            items.append(self._list_item())
        self._take()
        return tuple(items)

    def _list_item(self) -> Token:
        item = self._take()
        if item.kind is Kind.PUNCTUATION or self._next.text not in (",", ")"):
            if self._next.kind in (Kind.END, Kind.UNKNOWN):
                raise self._unexpected(self._next)
            raise InvalidArgument(
                "While parsing a list in the query, expected a non-empty list of string values, "
                "but got ill-formed list."
            )
        if self._next.text == ",":
            self._take()
        return item

    def _take(self) -> Token:
        token = self._next
        self._next = next(self._tokens, token)
        return token

    def _unexpected(self, token: Token) -> InvalidArgument:
        if token.text == ";" and self._next.kind is not Kind.END:
            return InvalidArgument(
                f"Search filter contained multiple expression {clip(self._text)!r}. Provide AND-ed expression list."
            )
        return InvalidArgument(f"{self._bad_clause}: {clip(self._text[self._clause_start :])}")


def _can_be_identifier(token: Token) -> bool:
    return token.kind is Kind.IDENTIFIER or (token.kind is Kind.STRING and token.text[0] == '"')


def _word(token: Token) -> str:
    return token.text.upper() if token.kind is Kind.IDENTIFIER else ""
