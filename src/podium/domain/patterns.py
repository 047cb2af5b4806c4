r"""Regular expressions as clients send them in filters, read into a tree: the core of RE2's syntax.

Characters, `.`, classes, `\d \w \s` and their opposites, `^ $ \b \B`, groups, `|`, and the repetitions `* + ? {m,n}`,
lazy or not, since only whether there is a match is asked; `(?i)` at the beginning. What has no bound in time, as
references to groups, is refused, and so is what would take too much room.
"""

from typing import Literal, TypeAlias

import msgspec

from podium.errors import InvalidArgument

MAX_LENGTH = 1000
MAX_SIZE = 1000
_MAX_REPEAT = 255
_MAX_DEPTH = 50
_LAST = 0x10FFFF

Ranges: TypeAlias = tuple[tuple[int, int], ...]
Place = Literal["start", "end", "boundary", "inside"]


class Chars(msgspec.Struct, frozen=True):
    """One character out of these ranges of code points, or one that is in none of them."""

    ranges: Ranges
    negated: bool = False


class At(msgspec.Struct, frozen=True):
    """Nothing, at such a place: a boundary of a word, or not one."""

    place: Place


class Sequence(msgspec.Struct, frozen=True):
    items: "tuple[Tree, ...]" = ()


class Choice(msgspec.Struct, frozen=True):
    items: "tuple[Tree, ...]"


class Repeat(msgspec.Struct, frozen=True):
    """The item so many times; without `most`, any number of them."""

    item: "Tree"
    least: int
    most: int | None


Tree: TypeAlias = Chars | At | Sequence | Choice | Repeat


class Pattern(msgspec.Struct, frozen=True):
    """What a text has somewhere within it."""

    tree: Tree
    ignores_case: bool = False

    @property
    def literal(self) -> str | None:
        """The text that is sought, when the pattern is nothing more than one."""
        items = self.tree.items if isinstance(self.tree, Sequence) else (self.tree,)
        points = [_single(item) for item in items]
        if self.ignores_case or not points or None in points:
            return None
        return "".join(chr(point) for point in points if point is not None)


_DIGITS: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACE}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_PLACES: dict[str, Place] = {"b": "boundary", "B": "inside", "A": "start", "z": "end"}
_REPEATS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def parse_pattern(text: str) -> Pattern:
    """The pattern that a text writes. Raises InvalidArgument, saying where it cannot be read."""
    if len(text) > MAX_LENGTH:
        raise InvalidArgument(f"Invalid regular expression: it has more than {MAX_LENGTH} characters.")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise InvalidArgument("Invalid regular expression: it holds what no text does.")
    ignores_case = text.startswith("(?i)")
    reader = _Reader(text, 4 if ignores_case else 0)
    tree = reader.choice(0)
    if reader.peek():
        raise reader.refusal("')' closes no group")
    if _size(tree) > MAX_SIZE:
        raise InvalidArgument("Invalid regular expression: its repetitions make it too large.")
    return Pattern(tree, ignores_case)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str, position: int) -> None:
        self._text, self._position = text, position

    def peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def refusal(self, reason: str) -> InvalidArgument:
        return InvalidArgument(
            f"Invalid regular expression '{self._text[:200]}': {reason} (character {self._position + 1})."
        )

    def choice(self, depth: int) -> Tree:
        if depth > _MAX_DEPTH:
            raise self.refusal("its groups are nested too deeply")
        items = [self._sequence(depth)]
        while self.peek() == "|":
            self._position += 1
            items.append(self._sequence(depth))
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def _sequence(self, depth: int) -> Tree:
        items: list[Tree] = []
        while self.peek() not in ("", "|", ")"):
            items.append(self._repeated(self._item(depth)))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _repeated(self, item: Tree) -> Tree:
        times = self._times()
        if times is None:
            return item
        if self.peek() == "?":  # the shortest match is one too
            self._position += 1
        if self.peek() and (self.peek() in _REPEATS or self._braces() is not None):
            raise self.refusal("a repetition of a repetition needs a group")
        return Repeat(item, *times)

    def _times(self) -> tuple[int, int | None] | None:
        if self.peek() in _REPEATS:
            self._position += 1
            return _REPEATS[self._text[self._position - 1]]
        braces = self._braces()
        if braces is None:
            return None
        length, least, most = braces
        if least > _MAX_REPEAT or (most is not None and not least <= most <= _MAX_REPEAT):
            raise self.refusal(f"a repetition is of 0 to {_MAX_REPEAT} times, the smaller number first")
        self._position += length
        return least, most

    def _braces(self) -> tuple[int, int, int | None] | None:
        """The length of `{m,n}` here, and its numbers; braces with anything else in them are characters."""
        if self.peek() != "{":
            return None
        inner, end, _ = self._text[self._position + 1 : self._position + 12].partition("}")
        least, comma, most = inner.partition(",")
        if not (end and _is_number(least) and (not most or _is_number(most))):
            return None
        return len(inner) + 2, int(least), int(most) if most else None if comma else int(least)

    def _item(self, depth: int) -> Tree:
        found = self.peek()
        if found == "(":
            return self._group(depth)
        if found in _REPEATS:
            raise self.refusal(f"'{found}' repeats nothing")
        self._position += 1
        if found == "[":
            return self._class()
        if found == "\\":
            return self._escape()
        if found == ".":
            return Chars(((10, 10),), negated=True)
        if found in ("^", "$"):
            return At("start" if found == "^" else "end")
        return _char(found)

    def _group(self, depth: int) -> Tree:
        start = self._position
        self._position += 1
        if self.peek() == "?":
            if self._text[self._position : self._position + 2] != "?:":
                raise self.refusal("of the groups that begin with '(?' there is only '(?:', and '(?i)' at the start")
            self._position += 2
        tree = self.choice(depth + 1)
        if self.peek() != ")":
            self._position = start
            raise self.refusal("'(' is not closed")
        self._position += 1
        return tree

    def _escape(self) -> Tree:
        letter = self._next("'\\' escapes nothing")
        if letter in _PLACES:
            return At(_PLACES[letter])
        if letter.lower() in _CLASSES:
            return Chars(_CLASSES[letter.lower()], negated=letter.isupper())
        return _char(self._escaped(letter))

    def _escaped(self, letter: str) -> str:
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isascii() and letter.isalnum():
            raise self.refusal(f"'\\{letter}' is not supported")
        return letter

    def _class(self) -> Tree:
        negated = self.peek() == "^"
        self._position += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self.peek() != "]":
            ranges += self._class_item()
            first = False
        self._position += 1
        return Chars(tuple(ranges), negated)

    def _class_item(self) -> Ranges:
        low = self._class_char()
        if isinstance(low, tuple):
            return low
        if self.peek() != "-" or self._text[self._position + 1 : self._position + 2] in ("", "]"):
            return ((low, low),)
        self._position += 1
        high = self._class_char()
        if isinstance(high, tuple) or high < low:
            raise self.refusal("a range of a class goes from a lower to a higher character")
        return ((low, high),)

    def _class_char(self) -> int | Ranges:
        found = self._next("'[' is not closed")
        if found == "[" and self.peek() == ":":
            raise self.refusal("classes by name are not supported")
        if found != "\\":
            return ord(found)
        letter = self._next("'\\' escapes nothing")
        if letter.lower() in _CLASSES:
            ranges = _CLASSES[letter.lower()]
            return _others(ranges) if letter.isupper() else ranges
        return ord(self._escaped(letter))

    def _next(self, missing: str) -> str:
        found = self.peek()
        if not found:
            raise self.refusal(missing)
        self._position += 1
        return found


def _char(text: str) -> Chars:
    return Chars(((ord(text), ord(text)),))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _others(ranges: Ranges) -> Ranges:
    """All that lies between ranges that are in order."""
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), _LAST]
    return tuple(zip(starts, ends, strict=True))


def _single(item: Tree) -> int | None:
    if isinstance(item, Chars) and not item.negated and len(item.ranges) == 1 and len(set(item.ranges[0])) == 1:
        return item.ranges[0][0]
    return None


def _size(tree: Tree) -> int:
    """How many steps of a matcher a tree takes."""
    match tree:
        case Sequence(items) | Choice(items):
            return 1 + sum(_size(item) for item in items)
        case Repeat(item, least, most):
            return 1 + (_size(item) + 1) * max(least + (most is None), most or 0)
        case _:
            return 1
