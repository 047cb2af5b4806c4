"""Watching things, and the feed of what changed in them: events, comments, and mentions of oneself."""

from collections.abc import Sequence

from podium.domain.access import Actor, is_admin, may_read
from podium.domain.comments import Comment
from podium.domain.events import Event
from podium.domain.feeds import Feed, Story
from podium.domain.subjects import Subject, SubjectKind
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.services.registry_roles import hidden_registries
from podium.services.subjects import require_subject
from podium.store import comments
from podium.store import watches as rows
from podium.store.audit import chain_head
from podium.store.subjects import subjects_of_events
from podium.store.teams import load_teams
from podium.store.transaction import Tx

MAX_PAGE = 200
MAX_UNSEEN = 100  # more is told as so many


class Watching:
    """What the actor watches. It takes the right to read a thing, no more."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def is_watched(self, actor: Actor, kind: SubjectKind, public_id: str) -> bool:
        """Whether the actor watches a thing of its team. Raises NotFound."""

        def work(tx: Tx) -> bool:
            return rows.is_watched(tx, _watcher(actor), require_subject(self._context, tx, actor, kind, public_id))

        return await self._context.store.read(work)

    async def watch(self, actor: Actor, kind: SubjectKind, public_id: str) -> None:
        """Begin to watch a thing of the actor's team. Raises NotFound."""

        def work(tx: Tx) -> None:
            subject = require_subject(self._context, tx, actor, kind, public_id, only_reads=True)
            rows.watch(tx, _watcher(actor), subject, self._context.clock())

        await self._context.store.write(work)

    async def unwatch(self, actor: Actor, kind: SubjectKind, public_id: str) -> None:
        """Watch a thing of the actor's team no longer. Raises NotFound."""

        def work(tx: Tx) -> None:
            subject = require_subject(self._context, tx, actor, kind, public_id, only_reads=True)
            rows.unwatch(tx, _watcher(actor), subject)

        await self._context.store.write(work)

    async def watched(self, actor: Actor) -> list[Subject]:
        """What the actor watches and may still see, the last first."""

        def work(tx: Tx) -> list[Subject]:
            found = rows.list_watched(tx, _watcher(actor))
            hidden = _hidden(tx, actor)
            return [
                subject
                for subject in found
                if not subject.deleted and may_read(actor, subject.team_id) and subject.project_id not in hidden
            ]

        return await self._context.store.read(work)

    async def feed(self, actor: Actor, *, limit: int = 50, cursor: int | None = None) -> Feed:
        """What changed in what the actor watches, who called it, and who replied to it; newest first."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")

        def work(tx: Tx) -> Feed:
            watcher = _watcher(actor)
            found = rows.feed_events(tx, watcher, _teams(actor), _hidden(tx, actor), before=cursor, limit=limit + 1)
            shown = found[:limit]
            more = shown[-1].seq if len(found) > limit else None
            return Feed(stories_of(tx, shown), rows.find_mark(tx, watcher), more)

        return await self._context.store.read(work)

    async def unseen(self, actor: Actor) -> int:
        """How many of the feed's events the actor has not seen, nor caused; at most `MAX_UNSEEN`."""
        but_by = None if actor.account is None else actor.name

        def work(tx: Tx) -> int:
            hidden = _hidden(tx, actor)
            return rows.count_unseen(tx, _watcher(actor), _teams(actor), hidden, but_by, MAX_UNSEEN)

        return await self._context.store.read(work)

    async def see_all(self, actor: Actor) -> None:
        """Take everything of the feed as seen."""

        def work(tx: Tx) -> None:
            head = chain_head(tx)
            rows.set_mark(tx, _watcher(actor), 0 if head is None else head.seq)

        await self._context.store.write(work)


def stories_of(tx: Tx, events: Sequence[Event]) -> list[Story]:
    """Events with what they are about: a fixed number of statements."""
    subjects = subjects_of_events(tx, events)
    said = comments.load_comments(tx, [int(event.entity_id) for event in events if event.entity == "comment"])
    names = {team.id: team.name for team in load_teams(tx, sorted({event.team_id for event in events}))}
    return [_story(event, names.get(event.team_id, ""), subjects, said) for event in events]


def _story(
    event: Event, team: str, subjects: dict[tuple[str, str], Subject], said: dict[int, tuple[Comment, Subject]]
) -> Story:
    if event.entity != "comment":
        return Story(event, team, subjects.get((event.entity, event.entity_id)))
    comment, subject = said.get(int(event.entity_id), (None, None))
    return Story(event, team, subject, comment)


def _watcher(actor: Actor) -> int:
    key = None if actor.account is None else actor.account.id
    return rows.NO_ACCOUNT if key is None else key


def _teams(actor: Actor) -> list[int] | None:
    """The teams whose events the actor may see; None for all."""
    return None if actor.account is None or is_admin(actor) else sorted(actor.account.roles)


def _hidden(tx: Tx, actor: Actor) -> list[int]:
    return hidden_registries(tx, actor, _teams(actor) or [])
