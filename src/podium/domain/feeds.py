"""What changed in what somebody watches: events, and runs that were begun, which are no events."""

import heapq
from collections.abc import Sequence
from itertools import groupby

import msgspec

from podium.domain.comments import Comment
from podium.domain.events import Event
from podium.domain.subjects import Subject
from podium.errors import InvalidArgument

_END = 2**63 - 1


class Story(msgspec.Struct, frozen=True):
    """An event, the team that it was in, what it is about and the comment that it tells of, if they are still there."""

    event: Event
    team: str
    subject: Subject | None
    comment: Comment | None = None


class BegunRun(msgspec.Struct, frozen=True):
    """A run of a watched project, as its client says who began it, and when."""

    key: int
    run_id: str
    slug: str
    name: str
    user: str
    at: int
    project: int


class Begun(msgspec.Struct, frozen=True):
    """Runs that one person began in a project, with nothing in between; the newest first."""

    project: Subject
    user: str
    at: int
    runs: list[BegunRun]


class Seen(msgspec.Struct, frozen=True):
    """Up to which event, and until when, somebody has seen the feed."""

    seq: int = 0
    at: int = 0


class FeedPlace(msgspec.Struct, frozen=True):
    """Where a page of the feed begins: behind an event and a run, the newest of all where nothing is said."""

    seq: int = _END
    at: int = _END
    run: int = _END

    def __str__(self) -> str:
        return f"{self.seq}-{self.at}-{self.run}"


class Feed(msgspec.Struct, frozen=True):
    """A page of stories, newest first; `seen` is as of the time before."""

    stories: list[Story | Begun]
    seen: Seen
    cursor: FeedPlace | None


def parse_place(text: str) -> FeedPlace:
    """The place that a cursor names. Raises InvalidArgument."""
    parts = text.split("-")
    if len(parts) != len(FeedPlace.__struct_fields__) or not all(
        part.isascii() and part.isdecimal() and int(part[:20]) <= _END for part in parts
    ):
        raise InvalidArgument(f"'{text[:100]}' is no cursor of the feed: take the one of the page before.")
    return FeedPlace(*map(int, parts))


def merged(
    events: Sequence[Event], runs: Sequence[BegunRun], before: FeedPlace, limit: int
) -> tuple[list[Event | BegunRun], FeedPlace | None]:
    """The newest of both, each newest first, and where the next page begins if there is more.

    Events stay in their order, whatever their times: a cursor that goes by the one would lose some by the other.
    """
    each_in_order: tuple[Sequence[Event | BegunRun], ...] = (events, runs)
    found = list(heapq.merge(*each_in_order, key=lambda each: -each.at))
    shown = found[:limit]
    if len(found) <= limit:
        return shown, None
    last_event = next((each for each in reversed(shown) if isinstance(each, Event)), None)
    last_run = next((each for each in reversed(shown) if isinstance(each, BegunRun)), None)
    seq = before.seq if last_event is None else last_event.seq
    at, run = (before.at, before.run) if last_run is None else (last_run.at, last_run.key)
    return shown, FeedPlace(seq, at, run)


def told_together(
    shown: Sequence[Event | BegunRun], stories: Sequence[Story], projects: dict[int, Subject]
) -> list[Story | Begun]:
    """Events as their stories, and runs that follow each other as one."""
    of = {story.event.seq: story for story in stories}
    told: list[Story | Begun] = []
    for _, group in groupby(shown, lambda each: each.seq if isinstance(each, Event) else (each.project, each.user)):
        together = list(group)
        runs = [each for each in together if isinstance(each, BegunRun)]
        if runs:
            told.append(Begun(projects[runs[0].project], runs[0].user, runs[0].at, runs))
        else:
            told += [of[each.seq] for each in together if isinstance(each, Event)]
    return told
