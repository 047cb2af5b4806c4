"""Text of a filter or an order into tokens, lazily, in time linear in the text.

An identifier is one token, from its prefix to the end of its key: `metrics.val/loss`, `params."cat dog"`,
`` `tags`.`a.b` ``. MLflow takes its tokens from a SQL parser, and so refuses unquoted keys that look like SQL
(`metrics.0`, `params.from`, `metrics.val-loss`); here a key without quotes ends where a space, an operator,
a quote or punctuation stands.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

from msgspec import Struct

from podium.errors import InvalidArgument

# A list of 28,000 run ids; it takes about a second.
MAX_LENGTH = 1_000_000


class Kind(Enum):
    IDENTIFIER = auto()
    STRING = auto()
    NUMBER = auto()
    OPERATOR = auto()
    PUNCTUATION = auto()
    UNKNOWN = auto()
    END = auto()


class Token(Struct, frozen=True):
    """`text` is as written, with its quotes; of UNKNOWN it is all from a quote that is never closed."""

    kind: Kind
    text: str
    start: int


_QUOTES = "'\"`"
_PLAIN = re.compile(r"[^\s<>=!~'\"`(),;]*")
_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?(?![^\s<>=!~'\"`(),;])")
_OPERATOR = re.compile(r"[<>=!~]+")
_AFTER_QUOTED = re.compile(r"[\s),<>=!~]|\Z")


def check_text(text: str) -> None:
    """Raise InvalidArgument for text that cannot be read in a moment, or that no database could compare."""
    if len(text) > MAX_LENGTH:
        raise InvalidArgument(f"Invalid filter or order: it is longer than {MAX_LENGTH} characters.")
    if "\0" in text:
        raise InvalidArgument("Invalid filter or order: it contains a NUL character.")


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of the text, the last of them END; nothing follows an UNKNOWN one but END.

    Raises InvalidArgument as `check_text` does.
    """
    check_text(text)
    at = _after(_SPACE, text, 0)
    while at < len(text):
        token = _token_at(text, at)
        yield token
        at = _after(_SPACE, text, at + len(token.text))
    yield Token(Kind.END, "", len(text))


def unquote(text: str) -> str:
    """Return what a quoted text stands for; a quote within it was doubled. Text without quotes is itself."""
    if len(text) < 2 or text[0] not in _QUOTES or text[-1] != text[0]:
        return text
    return text[1:-1].replace(text[0] * 2, text[0])


def _token_at(text: str, start: int) -> Token:
    first = text[start]
    if first in "(),;":
        return Token(Kind.PUNCTUATION, first, start)
    if match := _OPERATOR.match(text, start) or _NUMBER.match(text, start):
        kind = Kind.OPERATOR if first in "<>=!~" else Kind.NUMBER
        return Token(kind, match.group(), start)
    if first in "'\"":
        return _token_until(_end_of_quoted(text, start), Kind.STRING, text, start)
    head_end = _end_of_quoted(text, start) if first == "`" else start
    end = None if head_end is None else _end_of_identifier(text, head_end)
    return _token_until(end, Kind.IDENTIFIER, text, start)


def _token_until(end: int | None, kind: Kind, text: str, start: int) -> Token:
    if end is None:
        return Token(Kind.UNKNOWN, text[start:], start)
    return Token(kind, text[start:end], start)


def _end_of_identifier(text: str, at: int) -> int:
    """Return the end of an identifier of which the part up to `at` is known.

    A quote belongs to it only as the whole key, after a dot.
    """
    end = _after(_PLAIN, text, at)
    if end < len(text) and text[end] in _QUOTES and text[end - 1 : end] == ".":
        return _end_of_quoted(text, end) or end
    return end


def _end_of_quoted(text: str, start: int) -> int | None:
    """Return where the quoted text that begins at `start` ends, None if it is never closed."""
    quote, at = text[start], start + 1
    while (at := text.find(quote, at)) >= 0:
        if text.startswith(quote, at + 1):
            at += 2
        elif text[at - 1] == "\\" and not _AFTER_QUOTED.match(text, at + 1):
            # 'it\'s': MLflow's parser goes on, and keeps the backslash. At the end of a value ('C:\temp\')
            # it is an ordinary character.
            at += 1
        else:
            return at + 1
    return None


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
