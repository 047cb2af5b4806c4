"""Whether a text has a pattern within it, in a time that grows with the text's length and nothing else.

The pattern is a list of steps; all ways through it are gone at the same time, and which of them are open after which
character is remembered, so that most characters cost a look into a dictionary.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

from podium.domain.patterns import At, Chars, Choice, Pattern, Repeat, Sequence, Tree, parse_pattern

_MAX_REMEMBERED = 20_000

_Beside = Literal["edge", "word", "other"]  # what is before or behind a place


class _Moment:
    """What is open behind a character, which was of such a kind; and what followed from characters seen there before.

    True follows where the pattern has been found, False where the text ended in vain.
    """

    __slots__ = ("before", "begun", "following")

    def __init__(self, begun: frozenset[int], before: _Beside) -> None:
        self.begun, self.before = begun, before
        self.following: dict[str, _Moment | bool] = {}


class _Jump(msgspec.Struct, frozen=True):
    """Go on at each of these steps."""

    to: tuple[int, ...]


_Step: TypeAlias = Chars | At | _Jump | None  # None: the pattern has been found


class Matcher:
    """Finds one pattern in texts."""

    def __init__(self, pattern: Pattern) -> None:
        self._steps: list[_Step] = []
        self._add(pattern.tree)
        self._steps.append(None)
        self._ignores_case = pattern.ignores_case
        self._forget()

    def found_in(self, text: str) -> bool:
        """Whether the pattern is somewhere in the text."""
        moment = self._start
        for character in text:
            following = moment.following.get(character)
            if following is None:
                following = self._follow(moment, character)
            if following is True:
                return True
            assert following, "only the end is in vain"
            moment = following
        end = moment.following.get("")
        return (self._follow(moment, "") if end is None else end) is True

    def _forget(self) -> None:
        self._start = _Moment(frozenset(), "edge")
        self._known: dict[tuple[frozenset[int], _Beside], _Moment] = {}
        self._remembered = 0

    def _follow(self, moment: _Moment, character: str) -> _Moment | bool:
        """What follows from the character, or from the end for "", which is remembered."""
        if self._remembered > _MAX_REMEMBERED:
            self._forget()
        self._remembered += 1
        following = moment.following[character] = self._find(moment, character)
        return following

    def _find(self, moment: _Moment, character: str) -> _Moment | bool:
        begun, before = moment.begun, moment.before
        after: _Beside = "edge" if not character else "word" if _is_word(character) else "other"
        open_steps = self._reach((0, *begun), before, after)
        if any(self._steps[number] is None for number in open_steps):
            return True
        if not character:
            return False
        forms = {character, character.lower(), character.upper()} if self._ignores_case else {character}
        passed = frozenset(number + 1 for number in open_steps if _takes(self._steps[number], forms))
        return self._known.setdefault((passed, after), _Moment(passed, after))

    def _reach(self, numbers: Iterable[int], before: _Beside, after: _Beside) -> set[int]:
        """All steps that can be come to without a character."""
        reached: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number in reached:
                continue
            reached.add(number)
            step = self._steps[number]
            if isinstance(step, _Jump):
                waiting.extend(step.to)
            elif isinstance(step, At) and _is_at(step, before, after):
                waiting.append(number + 1)
        return reached

    def _add(self, tree: Tree) -> None:
        match tree:
            case Sequence(items):
                for item in items:
                    self._add(item)
            case Choice(items):
                self._add_choice(items)
            case Repeat(item, least, most):
                self._add_repeat(item, least, most)
            case _:
                self._steps.append(tree)

    def _add_choice(self, items: tuple[Tree, ...]) -> None:
        fork = self._reserve()
        starts, ends = [], []
        for item in items:
            starts.append(len(self._steps))
            self._add(item)
            ends.append(self._reserve())
        self._steps[fork] = _Jump(tuple(starts))
        for end in ends:
            self._steps[end] = _Jump((len(self._steps),))

    def _add_repeat(self, item: Tree, least: int, most: int | None) -> None:
        for _ in range(least):
            self._add(item)
        if most is None:
            fork = self._reserve()
            self._add(item)
            self._steps.append(_Jump((fork,)))
            self._steps[fork] = _Jump((fork + 1, len(self._steps)))
            return
        forks = []
        for _ in range(most - least):
            forks.append(self._reserve())
            self._add(item)
        for fork in forks:
            self._steps[fork] = _Jump((fork + 1, len(self._steps)))

    def _reserve(self) -> int:
        self._steps.append(None)
        return len(self._steps) - 1


@lru_cache(maxsize=100)
def matcher(text: str) -> Matcher:
    """The matcher of a pattern's text. Raises InvalidArgument for what is no pattern."""
    return Matcher(parse_pattern(text))


def _takes(step: _Step, forms: set[str]) -> bool:
    if not isinstance(step, Chars):
        return False
    return any(_within(step, ord(form)) for form in forms if len(form) == 1)


def _within(chars: Chars, point: int) -> bool:
    return any(low <= point <= high for low, high in chars.ranges) is not chars.negated


def _is_at(step: At, before: _Beside, after: _Beside) -> bool:
    if step.place in ("start", "end"):
        return (before if step.place == "start" else after) == "edge"
    return ((before == "word") != (after == "word")) is (step.place == "boundary")


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())
