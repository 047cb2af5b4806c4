"""What only a folder with packed small blobs can show: where they lie, old files beside them, several processes."""

import asyncio
import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.streams import collect, digest_of, stream

from podium.blobs.local import LocalBlobs
from podium.blobs.packed import SMALL_BYTES, PackedBlobs, open_folder
from podium.errors import NotFound, StorageFull, StorageUnavailable

LIMIT, OVER = b"a" * SMALL_BYTES, b"a" * (SMALL_BYTES + 1)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "blobs"


def run(root, scenario, *, packed=True):
    blobs = open_folder(root, packed=packed)
    try:
        return asyncio.run(scenario(blobs))
    finally:
        blobs.close()


async def listed(blobs):
    return [blob async for blob in blobs.list_blobs()]


def files_in(root):
    return [path for path in (root / "sha256").rglob("*") if path.is_file()]


def test_small_blobs_make_no_files_and_larger_ones_do(root):
    async def scenario(blobs):
        small, large = await blobs.put(stream(LIMIT)), await blobs.put(stream(LIMIT, b"a"))
        assert blobs.path(small.digest) is None
        assert [blobs.path(large.digest)] == files_in(root)
        assert await collect(blobs.open_range(small.digest)) == LIMIT
        assert await collect(blobs.open_range(large.digest)) == OVER
        with pytest.raises(NotFound):
            blobs.path(digest_of(b"absent"))

    run(root, scenario)


def test_a_folder_with_small_files_goes_on_and_lists_each_blob_once(root):
    async def before(blobs):
        assert isinstance(blobs, LocalBlobs)
        assert not isinstance(blobs, PackedBlobs)
        await blobs.put(stream(b"old"))
        await blobs.put(stream(b"both"))

    async def after(blobs):
        await blobs.put(stream(b"both"))
        await blobs.put(stream(b"new"))
        for data in (b"old", b"both", b"new"):
            assert await collect(blobs.open_range(digest_of(data))) == data
            assert await blobs.size(digest_of(data)) == len(data)
        assert [blob.digest for blob in await listed(blobs)] == sorted(map(digest_of, (b"old", b"both", b"new")))
        assert await blobs.delete(digest_of(b"both"))
        assert not await blobs.exists(digest_of(b"both"))

    run(root, before, packed=False)
    run(root, after)


def test_a_blob_put_again_outlives_the_old_file_of_it(root):
    long_ago = datetime.now(UTC) - timedelta(days=2)

    async def before(blobs):
        await blobs.put(stream(b"both"))
        [file] = files_in(root)
        os.utime(file, (long_ago.timestamp(), long_ago.timestamp()))

    async def after(blobs):
        await blobs.put(stream(b"both"))
        assert not await blobs.delete(digest_of(b"both"), unused_since=datetime.now(UTC) - timedelta(days=1))
        assert await collect(blobs.open_range(digest_of(b"both"))) == b"both"

    run(root, before, packed=False)
    run(root, after)


def test_a_folder_once_packed_stays_packed(root):
    async def nothing(blobs):
        assert isinstance(blobs, PackedBlobs)

    run(root, nothing)
    run(root, nothing, packed=False)


PUT_MANY = """
    import asyncio, sys
    from pathlib import Path
    from podium.blobs.packed import open_folder

    async def body(data):
        yield data

    async def main():
        blobs = open_folder(Path(sys.argv[1]), packed=True)
        await asyncio.gather(*(blobs.put(body(b"shared %d" % n)) for n in range(200)))
        print("stored", flush=True)
        await asyncio.sleep(60)

    asyncio.run(main())
"""


def test_several_processes_put_the_same_blobs_and_what_they_acknowledged_survives_their_death(root):
    command = [sys.executable, "-c", textwrap.dedent(PUT_MANY), str(root)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        assert [writer.stdout.readline() for writer in writers] == ["stored\n", "stored\n"]
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()

    async def scenario(blobs):
        stored = await listed(blobs)
        assert [blob.digest for blob in stored] == sorted(digest_of(b"shared %d" % n) for n in range(200))

    run(root, scenario)


def test_puts_at_once_are_all_answered_and_deletes_meanwhile_lose_none_of_them(root):
    async def put_and_read(blobs, number):
        data = b"blob %d" % (number % 50)
        blob = await blobs.put(stream(data))
        await blobs.delete(blob.digest, unused_since=datetime.now(UTC) - timedelta(minutes=1))
        assert await collect(blobs.open_range(blob.digest)) == data

    async def scenario(blobs):
        await asyncio.gather(*(put_and_read(blobs, number) for number in range(400)))
        assert len(await listed(blobs)) == 50

    run(root, scenario)


def test_a_put_of_what_was_deleted_a_moment_ago_stores_it_again(root):
    async def scenario(blobs):
        for _ in range(20):
            blob = await blobs.put(stream(b"comes and goes"))
            assert await blobs.delete(blob.digest)
            await blobs.put(stream(b"comes and goes"))
            assert await collect(blobs.open_range(blob.digest)) == b"comes and goes"

    run(root, scenario)


def test_a_file_that_is_no_database_is_refused_at_start(root):
    PackedBlobs.open(root).close()
    (root / "small.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(OSError, match=r"small\.db"):
        PackedBlobs.open(root)


def test_a_full_disk_is_reported_and_what_was_stored_stays(root):
    async def scenario(blobs):
        kept = await blobs.put(stream(b"kept"))
        pages = blobs._small._writing.execute("PRAGMA page_count").fetchone()[0]
        blobs._small._writing.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageFull):
            await blobs.put(stream(LIMIT))
        assert await collect(blobs.open_range(kept.digest)) == b"kept"
        blobs._small._writing.execute("PRAGMA max_page_count = 1000000")
        assert (await blobs.put(stream(LIMIT))).size_bytes == SMALL_BYTES

    run(root, scenario)


def test_a_folder_that_is_gone_is_unavailable(root):
    blobs = PackedBlobs.open(root)
    blobs._small._path = root / "absent" / "small.db"
    try:
        with pytest.raises(StorageUnavailable):
            asyncio.run(blobs.size("0" * 64))
    finally:
        blobs.close()
