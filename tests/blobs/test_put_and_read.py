import asyncio
import hashlib
import random
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.streams import collect, digest_of, stream

from podium.errors import DigestMismatch, InvalidArgument, NotFound, TooLarge

LARGE = random.Random(7).randbytes(19_000_001)  # more than one batch, and more than one write-back


def pieces(data, size=65_536):
    return [data[at : at + size] for at in range(0, len(data), size)]


async def listed(blobs):
    return [blob.digest async for blob in blobs.list_blobs()]


@pytest.mark.parametrize("data", [b"", b"x", b"model" * 1000, LARGE], ids=len)
def test_what_is_put_is_read_back(blobs, data):
    async def scenario():
        blob = await blobs.put(
            stream(*pieces(data)),
            expected_bytes=len(data),
            expected_sha256=digest_of(data),
            expected_md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            max_bytes=len(data),
        )
        assert (blob.digest, blob.size_bytes) == (digest_of(data), len(data))
        assert await collect(blobs.open_range(blob.digest)) == data
        assert await blobs.size(blob.digest) == len(data)
        assert await blobs.exists(blob.digest)
        path = blobs.path(blob.digest)
        assert path is None or path.read_bytes() == data

    asyncio.run(scenario())


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 5), (1_048_575, 1_048_577), (3_000_000, None), (0, len(LARGE))])
def test_a_range_is_exactly_what_was_asked_for(blobs, start, end):
    async def scenario():
        blob = await blobs.put(stream(LARGE))
        assert await collect(blobs.open_range(blob.digest, start, end)) == LARGE[start:end]

    asyncio.run(scenario())


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2), (0, 6), (6, None)])
def test_a_range_outside_the_blob_is_refused(blobs, start, end):
    async def scenario():
        blob = await blobs.put(stream(b"model"))
        with pytest.raises(InvalidArgument, match="not within the 5 bytes"):
            await collect(blobs.open_range(blob.digest, start, end))

    asyncio.run(scenario())


def test_the_same_bytes_are_stored_once_and_their_time_renewed(blobs, tick_s):
    async def scenario():
        first = await blobs.put(stream(b"same"))
        [before] = [blob async for blob in blobs.list_blobs()]
        await asyncio.sleep(tick_s)
        second = await blobs.put(stream(b"sa", b"me"))
        [after] = [blob async for blob in blobs.list_blobs()]
        assert first == second
        assert after.modified_at > before.modified_at

    asyncio.run(scenario())


@pytest.mark.parametrize("data", [b"model", LARGE], ids=len)
@pytest.mark.parametrize(
    ("announced", "error"),
    [
        ({"expected_sha256": "0" * 64}, DigestMismatch),
        ({"expected_md5": "0" * 32}, DigestMismatch),
        ({"expected_bytes": 20_000_000}, DigestMismatch),
        ({"expected_bytes": 4}, DigestMismatch),
        ({"max_bytes": 4}, TooLarge),
        ({"max_bytes": 4, "expected_bytes": 5}, TooLarge),
        ({"expected_sha256": "../../etc/passwd"}, InvalidArgument),
    ],
)
def test_a_body_that_is_not_the_announced_one_leaves_nothing(blobs, data, announced, error):
    async def scenario():
        with pytest.raises(error):
            await blobs.put(stream(*pieces(data)), **announced)
        assert await listed(blobs) == []
        assert not await blobs.exists(digest_of(data))

    asyncio.run(scenario())


def test_a_client_that_goes_away_leaves_nothing(blobs):
    async def body():
        yield LARGE
        raise ConnectionResetError("client gone")

    async def scenario():
        with pytest.raises(ConnectionResetError):
            await blobs.put(body())
        assert await listed(blobs) == []

    asyncio.run(scenario())


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13])
def test_a_cancelled_put_leaves_nothing(blobs, turns):
    async def endless():
        while True:
            yield LARGE[:1_000_000]
            await asyncio.sleep(0)

    async def scenario():
        putting = asyncio.create_task(blobs.put(endless()))
        for _ in range(turns):
            await asyncio.sleep(0.004)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert await listed(blobs) == []

    asyncio.run(scenario())


def test_two_hundred_puts_at_once(blobs):
    bodies = [f"body {number % 150}".encode() * 500 for number in range(200)]

    async def scenario():
        stored = await asyncio.gather(*(blobs.put(stream(*pieces(body, 1000))) for body in bodies))
        assert [blob.digest for blob in stored] == [digest_of(body) for body in bodies]
        assert await listed(blobs) == sorted({digest_of(body) for body in bodies})
        for body in bodies[:150]:
            assert await collect(blobs.open_range(digest_of(body))) == body

    asyncio.run(scenario())


def test_deleting_spares_what_was_put_since(blobs):
    async def scenario():
        blob = await blobs.put(stream(b"model"))
        hour = timedelta(hours=1)
        assert not await blobs.delete(blob.digest, unused_since=datetime.now(UTC) - hour)
        assert await blobs.exists(blob.digest)
        assert await blobs.delete(blob.digest, unused_since=datetime.now(UTC) + hour)
        assert not await blobs.exists(blob.digest)
        assert not await blobs.delete(blob.digest)

    asyncio.run(scenario())


def test_a_reader_finishes_although_the_blob_is_deleted(blobs):
    async def scenario():
        blob = await blobs.put(stream(LARGE))
        reading = blobs.open_range(blob.digest)
        start = await anext(reading)
        assert await blobs.delete(blob.digest)
        assert start + await collect(reading) == LARGE

    asyncio.run(scenario())


def test_puts_survive_deletes_of_the_same_bytes(blobs):
    """A put that answers has stored its bytes, whatever a collector with a past horizon does meanwhile."""

    async def collector(stop, horizon):
        while not stop.is_set():
            await blobs.delete(digest_of(b"contested"), unused_since=horizon)
            await asyncio.sleep(0)

    async def scenario():
        stop, horizon = asyncio.Event(), datetime.now(UTC)
        collecting = asyncio.create_task(collector(stop, horizon))
        for _ in range(100):
            await blobs.put(stream(b"contested"))
            assert await blobs.exists(digest_of(b"contested"))
        stop.set()
        await collecting

    asyncio.run(scenario())


def test_an_absent_blob_is_not_found(blobs):
    async def scenario():
        absent = "a" * 64
        with pytest.raises(NotFound):
            await blobs.size(absent)
        with pytest.raises(NotFound):
            await collect(blobs.open_range(absent))
        assert not await blobs.exists(absent)

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["", "A" * 64, "a" * 63, "../" + "a" * 61, "a" * 64 + "\n", "٣" * 64])
def test_what_is_no_digest_never_becomes_a_path(blobs, name):
    async def scenario():
        for call in (blobs.size, blobs.exists, blobs.delete):
            with pytest.raises(InvalidArgument):
                await call(name)
        with pytest.raises(InvalidArgument):
            await collect(blobs.open_range(name))

    asyncio.run(scenario())


def test_a_healthy_store_passes_its_check(blobs):
    asyncio.run(blobs.check())
