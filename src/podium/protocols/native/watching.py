"""Watching things, and the feed of what changed in them."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from podium.domain.access import Actor
from podium.domain.feeds import Begun, FeedPlace, Seen, Story, parse_place
from podium.domain.subjects import Subject, SubjectKind
from podium.errors import InvalidArgument
from podium.protocols.native.api import Api
from podium.protocols.native.comments import CommentView, view_of
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.events import EventView
from podium.protocols.native.events import view_of as view_of_event
from podium.protocols.native.shapes import shown


class Watched(msgspec.Struct, frozen=True):
    """A thing by its public id, and the team that has it."""

    kind: SubjectKind
    id: str
    name: str
    team: str


class WatchedList(msgspec.Struct, frozen=True):
    """What the caller watches, the last first."""

    items: list[Watched]


class BegunRunView(msgspec.Struct, frozen=True):
    """A run that was begun in a watched project."""

    run_id: str
    name: str
    user: str
    started_at: datetime


class StoryView(msgspec.Struct, frozen=True):
    """A story of the feed, and what it is about: an event, with the comment that it tells of, or runs begun there."""

    event: EventView | None
    subject: Watched | None
    comment: CommentView | None
    runs: list[BegunRunView]
    seen: bool


class FeedPage(msgspec.Struct, frozen=True):
    """A page of the feed, newest first. `unseen` is at most 100."""

    items: list[StoryView]
    unseen: int
    next_cursor: str | None


class AllWatched(Input, frozen=True, kw_only=True):
    """Nothing to say."""


class WatchRequest(Input, frozen=True, kw_only=True):
    """A thing by its kind and public id: as of comments; of a project its number."""

    kind: SubjectKind
    id: str


class ReadFeed(Input, frozen=True, kw_only=True):
    """A page of the feed."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Meta(pattern="^[0-9]{1,19}-[0-9]{1,19}-[0-9]{1,19}$")] | None = None


async def list_watched(api: Api, actor: Actor, _: AllWatched) -> WatchedList:
    return WatchedList([watched_of(subject) for subject in await api.services.watching.watched(actor)])


async def watch(api: Api, actor: Actor, request: WatchRequest) -> None:
    await api.services.watching.watch(actor, request.kind, request.id)


async def unwatch(api: Api, actor: Actor, request: WatchRequest) -> None:
    await api.services.watching.unwatch(actor, request.kind, request.id)


async def read_feed(api: Api, actor: Actor, request: ReadFeed) -> FeedPage:
    """Events of what the caller watches, runs begun there, comments that call them, and replies to theirs."""
    cursor = FeedPlace() if request.cursor is None else parse_place(request.cursor)
    found = await api.services.watching.feed(actor, limit=request.limit, cursor=cursor)
    stories = [_shown(story, found.seen) for story in found.stories]
    unseen = await api.services.watching.unseen(actor)
    return FeedPage(stories, unseen, None if found.cursor is None else str(found.cursor))


async def see_feed(api: Api, actor: Actor, _: AllWatched) -> None:
    """All that is in it now."""
    await api.services.watching.see_all(actor)


def _shown(story: Story | Begun, seen: Seen) -> StoryView:
    if isinstance(story, Begun):
        runs = [BegunRunView(run.run_id, run.name, run.user, shown(run.at)) for run in story.runs]
        return StoryView(None, watched_of(story.project), None, runs, seen=story.at <= seen.at)
    return StoryView(
        view_of_event(story.event),
        None if story.subject is None else watched_of(story.subject),
        None if story.comment is None or story.subject is None else view_of(story.comment, story.subject),
        [],
        seen=story.event.seq <= seen.seq,
    )


def watched_of(subject: Subject) -> Watched:
    """The public form of a thing."""
    return Watched(subject.kind, subject.id, subject.name, subject.team)


_ONE = "/watches/{kind}/{id:path}"

TOPIC = Topic(
    "watching",
    "What the caller watches, and what changed in it.",
    (
        Call("GET", "/watches", AllWatched, WatchedList, list_watched, "List what is watched", ()),
        Call("PUT", _ONE, WatchRequest, None, watch, "Watch a thing"),
        Call("DELETE", _ONE, WatchRequest, None, unwatch, "Watch a thing no longer"),
        Call("GET", "/feed", ReadFeed, FeedPage, read_feed, "Read the feed", (InvalidArgument,)),
        Call("POST", "/feed/seen", AllWatched, None, see_feed, "Take the feed as seen", ()),
    ),
)
