"""Tells open pages that what they show has changed, however many are open.

Nothing that writes knows of pages. As long as pages are open, the process asks twice a second whether anything at all
was committed, which costs one value; if so, it looks at the events since and at the runs that are shown, once for all
pages. Other processes and other hosts are noticed the same way.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress

import msgspec

from podium.domain.access import Actor
from podium.domain.live import (
    Key,
    LiveKind,
    Mark,
    Topic,
    cabinet_topic,
    digest_of,
    parse_mark,
    topic_of,
    touched_by,
)
from podium.errors import PodiumError, StorageUnavailable
from podium.services.context import Context
from podium.services.subjects import require_subject
from podium.store import live as rows
from podium.store.transaction import Tx

_log = logging.getLogger("podium.live")

MAX_STREAMS = 500  # of a process; pages beyond ask again and again
TICK_S = 0.5
SPARED = 20  # a look is followed by a pause of this many times what it took
# A sign of life keeps proxies from closing a connection, and finds out that nobody is there.
SILENCE_S = 20.0
# Then the browser connects again, and is asked anew who it is.
STREAM_S = 900.0
_MAX_EVENTS = 1000


class Look(msgspec.Struct, frozen=True):
    """Where a page stands now, and whether what it shows has changed since it was made."""

    mark: Mark
    changed: bool


class _Shown:
    """A topic that pages are open on: how it stands, and when that last changed."""

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.seq = mark.seq  # up to which event it was looked at
        self.pages = 0
        self.changed = asyncio.Event()

    def take(self, seq: int, digest: str, *, touched: bool) -> None:
        """Note how it stands now, and wake those who wait for a change."""
        self.seq = max(self.seq, seq)
        if touched or digest != self.mark.digest:
            self.mark = Mark(self.seq, digest)
            self.changed.set()
            self.changed = asyncio.Event()


class Live:
    """What open pages ask, and are told."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._shown: dict[Topic, _Shown] = {}
        self._known = ""  # what told that nothing was committed since the last look around
        self._watch: asyncio.Task[None] | None = None

    async def topic(self, actor: Actor, kind: LiveKind, public_id: str, shown: Iterable[int] = ()) -> Topic:
        """What the page of a thing of the actor's team shows, or the cabinet. Raises NotFound."""
        return await self._context.store.read(lambda tx: self._topic(tx, actor, kind, public_id, shown))

    async def begin(self, actor: Actor, kind: LiveKind, public_id: str, shown: Iterable[int] = ()) -> Mark:
        """The mark of a page that is about to be made: what changes from here on is news to it. Raises NotFound."""

        def work(tx: Tx) -> Mark:
            topic = self._topic(tx, actor, kind, public_id, shown)
            return Mark(rows.last_seq(tx), _digests(tx, [topic])[topic])

        return await self._context.store.read(work)

    async def look(self, topic: Topic, mark: str) -> Look:
        """How what is shown stands now, compared with a page's mark."""
        given = parse_mark(mark)

        def work(tx: Tx) -> Look:
            now = Mark(rows.last_seq(tx), _digests(tx, [topic])[topic])
            if given is None:
                return Look(now, changed=False)
            touched = _touched(tx, given.seq)
            changed = touched is None or not topic.keys.isdisjoint(touched) or now.digest != given.digest
            return Look(now, changed=changed)

        return await self._context.store.read(work)

    async def follow(self, topic: Topic, mark: str) -> AsyncGenerator[Mark | None]:
        """At once, then each time that what is shown has changed, the page's new mark; None when there is none.

        Raises StorageUnavailable when too many pages are followed already.
        """
        look = await self.look(topic, mark)
        shown = self._join(topic, look.mark)
        try:
            told = shown.mark
            is_news = look.changed or told.seq > look.mark.seq or told.digest != look.mark.digest
            yield max(look.mark, told, key=lambda each: each.seq) if is_news else None
            until = time.monotonic() + STREAM_S
            while time.monotonic() < until:
                if shown.mark is told:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(SILENCE_S):
                            await shown.changed.wait()
                news, told = None if shown.mark is told else shown.mark, shown.mark
                yield news
        finally:
            self._leave(topic, shown)

    def _topic(self, tx: Tx, actor: Actor, kind: LiveKind, public_id: str, shown: Iterable[int]) -> Topic:
        if kind == "cabinet":
            return cabinet_topic(team.id for team in self._context.readable_teams(tx, actor))
        subject = require_subject(self._context, tx, actor, kind, public_id)
        return topic_of(subject, rows.runs_within(tx, subject.key, shown) if kind == "project" else ())

    def _join(self, topic: Topic, mark: Mark) -> _Shown:
        if sum(each.pages for each in self._shown.values()) >= MAX_STREAMS:
            raise StorageUnavailable("Too many pages are followed at once; this one has to ask for changes.")
        if topic not in self._shown:
            self._shown[topic] = _Shown(mark)
            self._known = ""  # a look that is under way does not look at it
        shown = self._shown[topic]
        shown.pages += 1
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_commits(), name="podium live pages")
        return shown

    def _leave(self, topic: Topic, shown: _Shown) -> None:
        shown.pages -= 1
        if not shown.pages:
            del self._shown[topic]
        if not self._shown and self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _watch_commits(self) -> None:
        pause = TICK_S
        while True:
            await asyncio.sleep(pause)
            began = time.monotonic()
            try:
                found = await self._context.store.read(rows.commit_mark)
                if found != self._known:
                    self._known = found
                    await self._look_around()
            except PodiumError:  # the database is away; pages learn of changes when it is back
                self._known = ""
            except Exception:  # noqa: BLE001  nothing may end it: the pages are still open
                self._known = ""
                _log.exception("looking for what open pages show failed")
            pause = max(TICK_S, SPARED * (time.monotonic() - began))

    async def _look_around(self) -> None:
        """Look at all that is shown, and tell the pages that show what has changed."""
        topics = list(self._shown)
        since = min(shown.seq for shown in self._shown.values())

        def work(tx: Tx) -> tuple[int, set[Key] | None, dict[Topic, str]]:
            return rows.last_seq(tx), _touched(tx, since), _digests(tx, topics)

        seq, touched, digests = await self._context.store.read(work)
        for topic in topics:
            if shown := self._shown.get(topic):
                shown.take(seq, digests[topic], touched=touched is None or not topic.keys.isdisjoint(touched))


def _touched(tx: Tx, since: int) -> set[Key] | None:
    """What the events since one touched; None when there are so many that everything may be."""
    events = rows.events_after(tx, since, _MAX_EVENTS)
    return None if len(events) == _MAX_EVENTS else {key for event in events for key in touched_by(event)}


def _digests(tx: Tx, topics: Iterable[Topic]) -> dict[Topic, str]:
    """How the runs stand that each topic shows: two statements, and one a project."""
    topics = list(topics)
    newest = rows.newest_runs(tx, {topic.project for topic in topics if topic.project is not None})
    runs = {topic: {*topic.runs, *newest.get(topic.project or 0, ())} for topic in topics}
    marks = rows.run_marks(tx, sorted(set().union(*runs.values()))) if any(runs.values()) else {}
    return {topic: digest_of((key, marks.get(key)) for key in sorted(runs[topic])) for topic in topics}
