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
_Moment: TypeAlias = tuple[frozenset[int], _Beside]


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
        self._known: dict[_Moment, dict[str, _Moment | bool]] = {}
        self._remembered = 0

    def found_in(self, text: str) -> bool:
        """Whether the pattern is somewhere in the text."""
        moment: _Moment = (frozenset(), "edge")
        for character in (*text, ""):  # the last is the end
            known = self._known.get(moment) or self._known.setdefault(moment, {})
            following = known.get(character)
            if following is None:
                following = known[character] = self._follow(moment, character)
                self._forget()
            if isinstance(following, bool):
                return following
            moment = following
        return False

    def _forget(self) -> None:
        self._remembered += 1
        if self._remembered > _MAX_REMEMBERED:
            self._known, self._remembered = {}, 0

    def _follow(self, moment: _Moment, character: str) -> _Moment | bool:
        """What is open behind the character; True when the pattern was found before it, False at a vain end."""
        begun, before = moment
        after: _Beside = "edge" if not character else "word" if _is_word(character) else "other"
        open_steps = self._reach((0, *begun), before, after)
        if any(self._steps[number] is None for number in open_steps):
            return True
        if not character:
            return False
        forms = {character, character.lower(), character.upper()} if self._ignores_case else {character}
        passed = (number + 1 for number in open_steps if _takes(self._steps[number], forms))
        return frozenset(passed), after

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
