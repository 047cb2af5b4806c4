"""Comments in threads, whom they call, who may say and change them, and what becomes of them."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.comments import Anchor, Discussion, NewComment
from podium.domain.feeds import Begun, FeedPlace, parse_place
from podium.domain.subjects import SubjectKind
from podium.errors import InvalidArgument, NotFound, PermissionDenied
from podium.store.engine import Store
from support.people import RUN, PeopleWorld
from support.registry import ACTOR, refused


class World(PeopleWorld):
    """Short words for what is said."""

    async def say(self, actor: Actor, body: str, on: str = "M", kind: SubjectKind = "model", **given: Any) -> int:
        return (await self.services.comments.create(actor, kind, on, NewComment(body, **given))).id

    async def said(self, on: str = "M", kind: SubjectKind = "model") -> list[tuple[str, list[str]]]:
        found = await self.services.comments.discussion(ACTOR, kind, on)
        return shape(found)


def shape(found: Discussion) -> list[tuple[str, list[str]]]:
    return [(thread.first.body, [reply.body for reply in thread.replies]) for thread in found.threads]


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    LocalBlobs.open(tmp_path / "blobs")  # prepares the folder
    world = World(store, tmp_path / "blobs")
    asyncio.run(world.fill())
    return world


def test_replies_stay_in_their_thread_and_a_deleted_beginning_keeps_its_place(world):
    async def story():
        comments = world.services.comments
        first = await world.say(ACTOR, "first")
        second = await world.say(ACTOR, "second")
        reply = await world.say(ACTOR, "reply", parent_id=first)
        await world.say(ACTOR, "reply to the reply", parent_id=reply)
        assert await world.said() == [("first", ["reply", "reply to the reply"]), ("second", [])]
        await comments.edit(ACTOR, second, "better")
        await comments.delete(ACTOR, first)
        assert await world.said() == [("", ["reply", "reply to the reply"]), ("better", [])]
        await comments.delete(ACTOR, second)
        assert await world.said() == [("", ["reply", "reply to the reply"])]
        await refused(comments.edit(ACTOR, second, "too late"), NotFound)
        await refused(world.say(ACTOR, "to what is gone", parent_id=second), NotFound)
        await refused(world.say(ACTOR, "elsewhere", "M/1", "version", parent_id=reply), NotFound)

    asyncio.run(story())


def test_each_kind_of_thing_has_its_own_and_a_rename_loses_none(world):
    async def story():
        for kind, on in (("model", "M"), ("version", "M/1"), ("run", RUN)):
            await world.say(ACTOR, f"on the {kind}", on, kind)
        await world.registry.rename(ACTOR, "M", "N")
        for kind, on in (("model", "N"), ("version", "N/1"), ("run", RUN)):
            assert await world.said(on, kind) == [(f"on the {kind}", [])]
        for kind, on in (("model", "M"), ("version", "N/2"), ("run", "c" * 32), ("artifact", "7")):
            await refused(world.said(on, kind), NotFound)
        for kind, on in (("version", "N"), ("version", "N/x"), ("artifact", "x"), ("project", "0")):
            await refused(world.say(ACTOR, "x", on, kind), InvalidArgument)

    asyncio.run(story())


def test_what_cannot_be_said_is_refused_by_name(world):
    async def story():
        for body in ("", "  \n", "x" * 20_001, "a\x00b"):
            await refused(world.say(ACTOR, body), InvalidArgument)
        for anchor in (Anchor("loss", -1, 2), Anchor("loss", 5, 4), Anchor("x" * 251, 1, 1)):
            await refused(world.say(ACTOR, "spike", RUN, "run", anchor=anchor), InvalidArgument)
        first = await world.say(ACTOR, "spike", RUN, "run", anchor=Anchor("loss", 40, 60))
        reply = NewComment("more", first, Anchor("loss", 1, 1))
        await refused(world.services.comments.create(ACTOR, "run", RUN, reply), InvalidArgument)
        found = await world.services.comments.discussion(ACTOR, "run", RUN)
        assert found.threads[0].first.anchor == Anchor("loss", 40, 60)

    asyncio.run(story())


def test_members_speak_authors_edit_and_who_manages_the_team_deletes(world):
    async def story():
        comments = world.services.comments
        who = await world.people(ann="admin", bob="member", vera="viewer", otto=None)
        said = await world.say(who["bob"], "mine")
        await refused(world.say(who["vera"], "no"), PermissionDenied)
        await refused(world.say(who["otto"], "no"), NotFound)
        await refused(comments.discussion(who["otto"], "model", "M"), NotFound)
        await refused(comments.get(who["otto"], said), NotFound)
        await refused(comments.delete(who["otto"], said), NotFound)
        await refused(comments.edit(who["ann"], said, "hers"), PermissionDenied)
        await refused(comments.edit(who["root"], said, "hers"), PermissionDenied)
        seen = await comments.discussion(who["vera"], "model", "M")
        assert (seen.count, seen.may_write, seen.may_manage) == (1, False, False)
        other = await world.say(who["root"], "roots")
        await refused(comments.delete(who["bob"], other), PermissionDenied)
        await comments.delete(who["ann"], said)
        assert shape(await comments.discussion(who["ann"], "model", "M")) == [("roots", [])]

    asyncio.run(story())


def test_the_audit_trail_has_what_was_said_and_stays_whole(world):
    async def story():
        comments = world.services.comments
        said = await world.say(ACTOR, "one", RUN, "run", anchor=Anchor("loss", 3, 3))
        await comments.edit(ACTOR, said, "two")
        await comments.delete(ACTOR, said)
        page = await world.services.audit.list_events(ACTOR, entity="comment", entity_id=str(said))
        told = [(event.action, _text(event.before), _text(event.after)) for event in reversed(page.events)]
        assert told == [("create", None, "one"), ("edit", "one", "two"), ("delete", "two", None)]
        assert msgspec.json.decode(page.events[0].before)["anchor"] == {"metric": "loss", "from_step": 3, "to_step": 3}
        assert await world.services.audit.verify_chain() is None

    asyncio.run(story())


def test_a_mention_reaches_whoever_may_read_it_and_nobody_else(world):
    async def story():
        watching = world.services.watching
        who = await world.people(ann="member", vera="viewer", otto=None)
        said = await world.say(who["ann"], "Look, @vera and @otto. And @nobody!")
        assert [await watching.unseen(who[name]) for name in ("ann", "vera", "otto")] == [0, 1, 0]
        [story] = (await watching.feed(who["vera"])).stories
        assert story.comment is not None
        assert (story.event.actor, story.comment.id, story.subject.id) == ("ann", said, "M")
        await watching.see_all(who["vera"])
        assert await watching.unseen(who["vera"]) == 0
        await world.services.comments.edit(who["ann"], said, "Look, @root")
        assert (await watching.feed(who["vera"])).stories == []
        assert await watching.unseen(who["root"]) == 1
        assert await world.services.comments.callable_people(who["ann"], "v") == ["vera"]
        assert await world.services.comments.callable_people(who["ann"], "") == ["ann", "root", "vera"]

    asyncio.run(story())


def test_the_feed_tells_what_changed_in_what_is_watched(world):
    async def story():
        watching, promotion = world.services.watching, world.promotion
        who = await world.people(ann="member", vera="viewer", otto=None)
        vera = who["vera"]
        await refused(watching.watch(who["otto"], "model", "M"), NotFound)
        assert not await watching.is_watched(vera, "model", "M")
        await watching.watch(vera, "model", "M")
        await watching.watch(vera, "model", "M")
        await watching.watch(vera, "run", RUN)
        assert await watching.is_watched(vera, "model", "M")
        assert [subject.kind for subject in await watching.watched(vera)] == ["run", "model"]
        await watching.see_all(vera)
        await promotion.set_alias(who["ann"], "M", "champion", 1)
        await world.say(who["ann"], "on its version", "M/1", "version")
        await world.say(who["ann"], "on the run", RUN, "run")
        assert await watching.unseen(vera) == 3
        first = await watching.feed(vera, limit=2)
        rest = await watching.feed(vera, limit=2, cursor=first.cursor)
        told = [(story.event.entity, story.event.action) for story in (*first.stories, *rest.stories)][:3]
        assert told == [("comment", "create"), ("comment", "create"), ("model_version", "set_alias")]
        assert rest.stories[0].subject.path == ("M", "1")
        await watching.unwatch(vera, "run", RUN)
        await watching.unwatch(vera, "model", "M")
        assert (await watching.feed(vera)).stories == []

    asyncio.run(story())


def test_runs_begun_in_a_watched_project_are_in_the_feed_those_of_one_person_together(world):
    async def story():
        watching, runs = world.services.watching, world.services.runs
        who = await world.people(ann="member", vera="viewer")
        vera, project = who["vera"], str(await world.services.projects.create(who["ann"], "p", None, {}))

        async def begin(name: str, user: str = "ann") -> str:
            at = world.clock()
            return (await runs.create(who["ann"], project, name=name, user_id=user, start_time=at, tags={})).info.run_id

        async def told(**given) -> tuple[list[object], FeedPlace | None]:
            found = await watching.feed(vera, **given)
            words = [
                [run.name for run in each.runs] if isinstance(each, Begun) else each.event.action
                for each in found.stories
            ]
            return words, found.cursor

        await begin("before it is watched")
        await watching.watch(vera, "project", project)
        await watching.see_all(vera)
        for name in ("a", "b", "c"):
            await begin(name)
        await world.services.projects.describe(who["ann"], project, "What for")
        await begin("d", user="vera")
        gone = await begin("e")
        await runs.delete(who["ann"], gone)
        assert await watching.unseen(vera) == 4  # her own is none, and the deleted one
        everything = [["d"], "describe", ["c", "b", "a"], "create"]
        assert await told() == (everything, None)
        pages, cursor = await told(limit=3)
        assert pages == [["d"], "describe", ["c"]]
        assert (await told(limit=3, cursor=cursor))[0] == [["b", "a"], "create"]
        await watching.see_all(vera)
        assert await watching.unseen(vera) == 0
        assert (await watching.feed(who["ann"])).stories == []
        await world.services.members.remove_from_team(who["root"], "default", "vera")
        assert (await watching.feed(await world.actor("vera"))).stories == []
        with pytest.raises(InvalidArgument, match="no cursor"):
            parse_place("1-2")

    asyncio.run(story())


def test_a_reply_to_ones_own_comment_is_in_the_feed(world):
    async def story():
        who = await world.people(ann="member", bob="member")
        first = await world.say(who["ann"], "why?")
        await world.say(who["bob"], "because", parent_id=first)
        [story] = (await world.services.watching.feed(who["ann"])).stories
        assert story.comment.body == "because"

    asyncio.run(story())


def test_what_one_says_oneself_is_not_counted_as_new(world):
    async def story():
        watching = world.services.watching
        who = await world.people(ann="member", bob="member")
        for kind, on in (("model", "M"), ("run", RUN)):
            await watching.watch(who["ann"], kind, on)
        await watching.see_all(who["ann"])
        first = await world.say(who["ann"], "mine, @ann")
        await world.say(who["ann"], "and more", parent_id=first)
        await world.say(who["ann"], "on its version", "M/1", "version")
        await world.say(who["ann"], "a spike", RUN, "run", anchor=Anchor("loss", 143, 143))
        assert await watching.unseen(who["ann"]) == 0
        assert len((await watching.feed(who["ann"], limit=4)).stories) == 4
        await world.say(who["bob"], "because", parent_id=first)
        assert await watching.unseen(who["ann"]) == 1

    asyncio.run(story())


def test_who_leaves_the_team_hears_no_more_of_it(world):
    async def story():
        watching = world.services.watching
        who = await world.people(ann="member", vera="viewer")
        await watching.watch(who["vera"], "model", "M")
        await world.say(who["ann"], "hello @vera")
        await world.services.members.remove_from_team(who["root"], "default", "vera")
        gone = await world.actor("vera")
        assert await watching.watched(gone) == []
        assert (await watching.feed(gone)).stories == []
        assert await watching.unseen(gone) == 0
        await world.services.users.delete(who["root"], "vera")
        left = await world.store.read(lambda tx: tx.value("SELECT COUNT(*) FROM watches"))
        assert left == 0

    asyncio.run(story())


def test_comments_go_with_their_thing_when_that_is_collected(world):
    async def story():
        await world.say(ACTOR, "on the version", "M/1", "version")
        said = await world.say(ACTOR, "first")
        await world.say(ACTOR, "reply", parent_id=said)
        await world.services.watching.watch(ACTOR, "model", "M")
        await world.registry.delete(ACTOR, "M")
        await refused(world.services.comments.get(ACTOR, said), NotFound)
        assert await world.services.watching.watched(ACTOR) == []
        world.clock.now += 10**12
        await world.services.retention.collect(older_than_ms=0)
        left = await world.store.read(
            lambda tx: (tx.value("SELECT COUNT(*) FROM comments"), tx.value("SELECT COUNT(*) FROM watches"))
        )
        assert left == (0, 0)

    asyncio.run(story())


def _text(state: str | None) -> str | None:
    return None if state is None else msgspec.json.decode(state)["text"]
