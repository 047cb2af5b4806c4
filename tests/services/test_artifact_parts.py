"""Large files of artifacts in parts: what is checked, what may be repeated, what is left when it breaks off."""

import asyncio
from collections.abc import Iterator
from hashlib import md5

import pytest

from podium.domain.access import Account, Actor
from podium.errors import DigestMismatch, InvalidArgument, NotFound, PermissionDenied, StorageUnavailable
from podium.services import Services
from podium.services.retention import Collected
from support.files import body, context_of
from support.versioned import Logger, digest_of, listing

ANN = Actor("ann")
DAY = 24 * 3600 * 1000
PIECES = [b"first part, " * 1000, b"second part, " * 1000, b"and the rest"]
WHOLE = b"".join(PIECES)


def hex_md5(raw: bytes) -> str:
    return md5(raw, usedforsecurity=False).hexdigest()


def announced(pieces: list[bytes]) -> list[tuple[int, str]]:
    return [(number, hex_md5(piece)) for number, piece in enumerate(pieces, 1)]


class World:
    def __init__(self, store, folder) -> None:
        self.context, self.clock = context_of(store, folder)
        self.services = Services(self.context)
        self.parts = self.services.artifact_parts
        self.blobs = self.context.blobs
        self.text = listing({"big": WHOLE})

    async def offered(self, actor: Actor = ANN) -> tuple[int, str | None]:
        """A version that lacks its only file, and the token to put that with."""
        version = await Logger(self.services, actor).begin("data", digest_of(self.text))
        [token] = await self.services.artifact_contents.offer(actor, version.id, [("big", hex_md5(WHOLE))])
        return version.id, token

    async def opened(self):
        """That, and where its parts go."""
        version, token = await self.offered()
        assert token is not None
        return version, await self.parts.open(token, announced(PIECES))

    async def put_all(self, targets) -> list[tuple[int, str]]:
        """The numbers and etags of all parts, sent from the last to the first."""
        sent = {}
        for number, token in reversed(list(enumerate(targets.tokens, 1))):
            piece = PIECES[number - 1]
            sent[number] = await self.parts.put(token, body(piece), len(piece))
        return list(sent.items())

    async def stored(self) -> list[int]:
        return [blob.size_bytes async for blob in self.blobs.list_blobs()]


@pytest.fixture
def world(store, tmp_path) -> Iterator[World]:
    made = World(store, tmp_path)
    yield made
    made.context.blobs.close()


def test_parts_become_the_file_of_a_version_once_however_often_all_is_sent(world):
    async def story():
        version, targets = await world.opened()
        assert targets.urls == ()
        await world.put_all(targets)
        etags = await world.put_all(targets)
        await asyncio.gather(*(world.parts.complete(ANN, version, targets.token, etags) for _ in range(4)))
        await world.parts.complete(ANN, version, targets.token, etags)
        assert await world.stored() == [len(WHOLE)]
        assert await world.blobs.list_uploads() == []
        team, _ = await world.services.artifact_versions.begin_listing(ANN, version, "FULL", None, hex_md5(world.text))
        token = world.services.artifact_contents.upload_token(team, hex_md5(world.text), "manifest")
        await world.services.artifact_contents.put(token, body(world.text), len(world.text))
        assert (await world.services.artifact_commits.commit(ANN, version)).size_bytes == len(WHOLE)
        [file] = (await world.services.artifact_reading.files(ANN, version, "", 10)).files
        entry = file.entry
        read = [piece async for piece in world.services.artifact_contents.read(entry, 0, entry.size_bytes)]
        assert b"".join(read) == WHOLE
        assert (await world.offered())[1] is None

    asyncio.run(story())


def test_other_bytes_than_announced_are_no_part(world):
    async def story():
        version, targets = await world.opened()
        for wrong, size in ((PIECES[1], len(PIECES[1])), (PIECES[0], len(PIECES[0]) + 1), (b"", 0)):
            with pytest.raises(DigestMismatch):
                await world.parts.put(targets.tokens[0], body(wrong), size)
        with pytest.raises(InvalidArgument, match="Part 1 was not received"):
            await world.parts.complete(ANN, version, targets.token, [(1, "0" * 64)])
        etags = await world.put_all(targets)
        await world.parts.complete(ANN, version, targets.token, etags)
        with pytest.raises(NotFound, match="may be completed"):
            await world.parts.put(targets.tokens[0], body(PIECES[0]), len(PIECES[0]))

    asyncio.run(story())


def test_right_parts_that_make_another_whole_than_announced_are_refused(world):
    async def story():
        version, targets = await world.opened()
        etags = await world.put_all(targets)
        for some in (etags[:2], []):
            with pytest.raises((DigestMismatch, InvalidArgument)):
                await world.parts.complete(ANN, version, targets.token, some)
        assert await world.stored() == []
        await world.parts.complete(ANN, version, targets.token, etags)
        assert await world.stored() == [len(WHOLE)]

    asyncio.run(story())


@pytest.mark.parametrize(
    "parts",
    [
        [(2, "0" * 32)],
        [(0, "0" * 32)],
        [(1, "0" * 32), (1, "0" * 32)],
        [(1, "0" * 31)],
        [(1, "A" * 32)],
        [(number, "0" * 32) for number in range(1, 10_002)],
    ],
)
def test_parts_that_cannot_make_a_file_are_refused_before_anything_is_begun(world, parts):
    async def story():
        _, token = await world.offered()
        with pytest.raises(InvalidArgument, match="'big'"):
            await world.parts.open(token, parts)
        assert await world.blobs.list_uploads() == []

    asyncio.run(story())


def test_each_token_does_what_it_says_for_a_day(world):
    async def story():
        version, targets = await world.opened()
        etags = await world.put_all(targets)
        for wrong in (targets.tokens[0], targets.token + "A", ""):
            with pytest.raises(PermissionDenied):
                await world.parts.complete(ANN, version, wrong, etags)
        with pytest.raises(PermissionDenied):
            await world.parts.put(targets.token, body(PIECES[0]), None)
        world.clock.advance(days=2)
        with pytest.raises(PermissionDenied, match="expired"):
            await world.parts.put(targets.tokens[0], body(PIECES[0]), None)
        with pytest.raises(PermissionDenied, match="expired"):
            await world.parts.complete(ANN, version, targets.token, etags)

    asyncio.run(story())


def test_an_upload_is_ended_by_who_may_write_in_the_team_that_it_was_begun_for(world):
    async def story():
        team = await world.services.teams.create_in(ANN, None, "others")
        version, targets = await world.opened()
        etags = await world.put_all(targets)
        theirs, _ = await world.offered(ANN.at("others"))
        with pytest.raises(NotFound, match="no such upload"):
            await world.parts.complete(ANN.at("others"), theirs, targets.token, etags)
        bob = Account(7, "bob", admin=False, home="others", roles={team.id: "admin"})
        with pytest.raises(NotFound):
            await world.parts.complete(Actor("bob", "others", bob), version, targets.token, etags)
        viewer = Account(8, "vic", admin=False, home="default", roles={1: "viewer"})
        with pytest.raises(PermissionDenied):
            await world.parts.complete(Actor("vic", "default", viewer), version, targets.token, etags)
        assert await world.stored() == []

    asyncio.run(story())


def test_what_could_not_be_noted_is_asked_for_again(world, monkeypatch):
    """The server dies, or loses its database, between joining the parts and noting what they are."""

    async def fail(*_):
        raise StorageUnavailable("The database does not answer.")

    async def story():
        version, targets = await world.opened()
        etags = await world.put_all(targets)
        with monkeypatch.context() as away:
            away.setattr(world.services.artifact_contents, "keep", fail)
            with pytest.raises(StorageUnavailable):
                await world.parts.complete(ANN, version, targets.token, etags)
        await world.parts.complete(ANN, version, targets.token, etags)
        assert await world.blobs.list_uploads() == []
        assert (await world.offered())[1] is None

    asyncio.run(story())


def test_an_upload_that_came_another_way_meanwhile_is_dropped(world):
    async def story():
        version, targets = await world.opened()
        await world.put_all(targets)
        _, token = await world.offered()
        await world.services.artifact_contents.put(token, body(WHOLE), len(WHOLE))
        await world.parts.complete(ANN, version, targets.token, [])
        assert await world.blobs.list_uploads() == []

    asyncio.run(story())


def test_an_abandoned_upload_is_collected_with_its_parts(world):
    async def story():
        _, targets = await world.opened()
        await world.put_all(targets)
        assert (await world.services.retention.collect(DAY)).uploads == 0
        world.clock.advance(days=31)
        assert await world.services.retention.collect(DAY) == Collected(uploads=1)
        assert await world.blobs.list_uploads() == []

    asyncio.run(story())
