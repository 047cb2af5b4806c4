import asyncio
import hashlib
import random

import pytest
from tests.support.streams import collect, digest_of, stream

from podium.errors import DigestMismatch, InvalidArgument, NotFound, TooLarge

FIRST, SECOND = random.Random(1).randbytes(6_000_000), random.Random(2).randbytes(5_000_001)


def md5_of(raw: bytes) -> str:
    return hashlib.md5(raw).hexdigest()


def test_parts_in_any_order_become_one_blob_across_a_restart(restart):
    async def begin(blobs):
        upload = await blobs.open_upload()
        await blobs.put_part(upload, 2, stream(SECOND))
        return upload

    async def finish(blobs, upload):
        await blobs.put_part(upload, 1, stream(FIRST), expected_bytes=len(FIRST))
        parts = await blobs.list_parts(upload)
        assert [(part.number, part.etag, part.size_bytes) for part in parts] == [
            (1, digest_of(FIRST), len(FIRST)),
            (2, digest_of(SECOND), len(SECOND)),
        ]
        assert [pending.upload_id for pending in await blobs.list_uploads()] == [upload]
        blob = await blobs.complete_upload(upload, [(part.number, part.etag) for part in parts])
        assert blob.digest == digest_of(FIRST + SECOND)
        assert await collect(blobs.open_range(blob.digest)) == FIRST + SECOND
        assert await blobs.list_uploads() == []
        with pytest.raises(NotFound):
            await blobs.complete_upload(upload, [(1, digest_of(FIRST))])

    upload = asyncio.run(begin(restart()))
    asyncio.run(finish(restart(), upload))


def test_a_part_sent_again_counts_with_its_last_bytes(blobs):
    async def scenario():
        upload = await blobs.open_upload()
        await blobs.put_part(upload, 1, stream(b"wrong"))
        await asyncio.sleep(0.02)
        await blobs.put_part(upload, 1, stream(b"right"))
        [part] = await blobs.list_parts(upload)
        blob = await blobs.complete_upload(upload, [(part.number, part.etag)])
        assert blob.digest == digest_of(b"right")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [(1, "0" * 64)],
        [(2, digest_of(b"a"))],
        [(0, digest_of(b"a"))],
        [(1, "../../../../etc/passwd")],
        [(1, digest_of(b"a")), (1, digest_of(b"a"))],
    ],
)
def test_an_incomplete_list_is_refused_and_can_be_corrected(blobs, parts):
    async def scenario():
        upload = await blobs.open_upload()
        await blobs.put_part(upload, 1, stream(b"a"))
        with pytest.raises(InvalidArgument):
            await blobs.complete_upload(upload, parts)
        assert (await blobs.complete_upload(upload, [(1, digest_of(b"a"))])).digest == digest_of(b"a")

    asyncio.run(scenario())


def test_a_wrong_digest_of_the_whole_stores_nothing_and_keeps_the_parts(blobs):
    async def scenario():
        upload = await blobs.open_upload()
        part = await blobs.put_part(upload, 1, stream(b"a"))
        with pytest.raises(DigestMismatch):
            await blobs.complete_upload(upload, [(1, part.etag)], expected_sha256="0" * 64)
        assert not await blobs.exists(part.etag)
        assert await blobs.list_parts(upload) != []

    asyncio.run(scenario())


def test_parts_that_are_kept_can_be_joined_again_until_they_are_dropped(blobs):
    async def scenario():
        upload = await blobs.open_upload()
        parts = [(1, (await blobs.put_part(upload, 1, stream(FIRST), expected_md5=md5_of(FIRST))).etag)]
        with pytest.raises(DigestMismatch, match="MD5"):
            await blobs.complete_upload(upload, parts, expected_md5=md5_of(SECOND))
        assert [blob async for blob in blobs.list_blobs()] == []
        for _ in range(2):
            blob = await blobs.complete_upload(upload, parts, expected_md5=md5_of(FIRST), keep_parts=True)
            assert blob.digest == digest_of(FIRST)
        assert [part.number for part in await blobs.list_parts(upload)] == [1]
        await blobs.abort_upload(upload)
        assert await collect(blobs.open_range(digest_of(FIRST))) == FIRST

    asyncio.run(scenario())


def test_a_bad_part_is_not_received(blobs):
    async def scenario():
        upload = await blobs.open_upload()
        with pytest.raises(DigestMismatch):
            await blobs.put_part(upload, 1, stream(b"short"), expected_bytes=6)
        for raw in (b"small", FIRST):
            with pytest.raises(DigestMismatch, match="MD5"):
                await blobs.put_part(upload, 1, stream(raw), expected_md5=md5_of(SECOND))
        with pytest.raises(TooLarge):
            await blobs.put_part(upload, 1, stream(b"long"), max_bytes=3)
        for number in (0, 10_001):
            with pytest.raises(InvalidArgument):
                await blobs.put_part(upload, number, stream(b"x"))
        assert await blobs.list_parts(upload) == []

    asyncio.run(scenario())


def test_completing_twice_at_once_gives_the_blob_or_not_found(blobs):
    async def scenario():
        upload = await blobs.open_upload()
        part = await blobs.put_part(upload, 1, stream(FIRST))
        answers = await asyncio.gather(
            *(blobs.complete_upload(upload, [(1, part.etag)]) for _ in range(4)), return_exceptions=True
        )
        stored = [answer for answer in answers if not isinstance(answer, NotFound)]
        assert stored
        assert all(blob.digest == digest_of(FIRST) for blob in stored)

    asyncio.run(scenario())


def test_an_aborted_upload_is_gone(blobs):
    async def scenario():
        upload = await blobs.open_upload()
        await blobs.put_part(upload, 1, stream(b"a"))
        await blobs.abort_upload(upload)
        for call in (blobs.abort_upload, blobs.list_parts):
            with pytest.raises(NotFound):
                await call(upload)
        with pytest.raises(NotFound):
            await blobs.put_part(upload, 2, stream(b"b"))
        assert await blobs.list_uploads() == []

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["", "..", "../tmp", "A" * 32, "a" * 33])
def test_what_is_no_upload_id_never_becomes_a_path(blobs, name):
    async def scenario():
        for call in (blobs.list_parts, blobs.abort_upload):
            with pytest.raises(InvalidArgument):
                await call(name)

    asyncio.run(scenario())
