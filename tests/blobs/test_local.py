"""What only a folder on a disk can show: leftovers, damage, full disks, memory."""

import asyncio
import errno
import os
import resource
import subprocess
import sys
import textwrap

import pytest
from tests.support.streams import collect, digest_of, stream

from podium.blobs.files import TemporaryFile
from podium.blobs.local import LocalBlobs
from podium.errors import StorageUnavailable

MIB = 1 << 20


@pytest.fixture
def root(tmp_path):
    return tmp_path / "blobs"


def run(root, scenario):
    blobs = LocalBlobs.open(root)
    try:
        return asyncio.run(scenario(blobs))
    finally:
        blobs.close()


def in_process(script, *arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_start_clears_what_a_dead_process_left_and_nothing_in_use(root):
    LocalBlobs.open(root).close()
    (root / "tmp" / "leftover").write_bytes(b"half a body")
    (root / "tmp" / "removed-upload").mkdir()
    in_use = TemporaryFile(root / "tmp")
    in_use.write(b"still coming")
    LocalBlobs.open(root).close()
    assert len(list((root / "tmp").iterdir())) == 1
    in_use.publish(root / "sha256" / "00" / "done")
    assert (root / "sha256" / "00" / "done").read_bytes() == b"still coming"


def test_a_killed_put_is_invisible_and_cleared_at_the_next_start(root):
    killed = in_process(
        """
        import asyncio, os, sys
        from pathlib import Path
        from podium.blobs.local import LocalBlobs

        async def body():
            for _ in range(20):
                yield bytes(1 << 20)
                await asyncio.sleep(0.01)
            os.kill(os.getpid(), 9)

        asyncio.run(LocalBlobs.open(Path(sys.argv[1])).put(body()))
        """,
        root,
    )
    assert killed.returncode == -9
    assert len(list((root / "tmp").iterdir())) == 1

    async def nothing(blobs):
        assert [blob async for blob in blobs.list_blobs()] == []

    run(root, nothing)
    assert list((root / "tmp").iterdir()) == []


def test_failures_leave_no_temporary_files(root):
    async def endless():
        while True:
            yield bytes(MIB)
            await asyncio.sleep(0)

    async def scenario(blobs):
        putting = asyncio.create_task(blobs.put(endless()))
        await asyncio.sleep(0.1)
        putting.cancel()
        await asyncio.gather(putting, return_exceptions=True)
        assert list((root / "tmp").iterdir()) == []

    run(root, scenario)


FILL = """
    import asyncio, resource, signal, sys
    from pathlib import Path
    from podium.blobs.local import LocalBlobs
    from podium.errors import StorageFull

    async def body(size):
        for _ in range(size >> 16):
            yield bytes(65536)

    async def main():
        blobs = LocalBlobs.open(Path(sys.argv[1]))
        limit = sys.argv[2] == "limit"
        if limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        for size in (2 << 20, 30 << 20):
            try:
                await blobs.put(body(size))
            except StorageFull as error:
                print("full:", error.message)
        print([blob.digest async for blob in blobs.list_blobs()])
        print(list((Path(sys.argv[1]) / "tmp").iterdir()))
        print((await blobs.put(body(65536))).size_bytes)

    asyncio.run(main())
"""


def test_a_file_size_limit_is_reported_as_full_and_leaves_nothing(root):
    answer = in_process(FILL, root, "limit")
    full, again, listed, leftovers, after = answer.stdout.splitlines()
    assert full == again == "full: The blob store has no room left: File too large."
    assert (listed, leftovers, after) == ("[]", "[]", "65536")


def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, timeout=10, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        filler = disk / "filler"
        filler.write_bytes(bytes(3 * MIB // 2))
        answer = in_process(FILL, disk / "blobs", "disk")
    finally:
        subprocess.run(["umount", str(disk)], timeout=10, check=True)
    full, again, listed, leftovers, after = answer.stdout.splitlines()
    assert full == again == "full: The blob store has no room left: No space left on device."
    assert (listed, leftovers, after) == ("[]", "[]", "65536")


def test_a_missing_folder_is_unavailable(root):
    async def scenario(blobs):
        (root / "tmp").rmdir()
        with pytest.raises(StorageUnavailable):
            await blobs.check()
        with pytest.raises(StorageUnavailable):
            await blobs.put(stream(b"x"))

    run(root, scenario)


def test_putting_the_bytes_again_repairs_a_blob_that_was_cut_short(root):
    async def scenario(blobs):
        blob = await blobs.put(stream(b"whole"))
        blobs.path(blob.digest).write_bytes(b"who")
        await blobs.put(stream(b"whole"))
        assert await collect(blobs.open_range(blob.digest)) == b"whole"

    run(root, scenario)


@pytest.mark.parametrize("copies", [0, 1])
def test_parts_are_joined_where_the_kernel_does_not_copy_between_files(root, monkeypatch, copies):
    """Over a network, or between file systems: refused at once, or after the first piece."""
    parts = [b"a" * 9_000_000, b"b" * 5]
    copy, calls = os.copy_file_range, []

    def refuse(*arguments):
        calls.append(arguments)
        if len(calls) > copies:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return copy(*arguments)

    async def scenario(blobs):
        upload = await blobs.open_upload()
        sent = [await blobs.put_part(upload, number, stream(part)) for number, part in enumerate(parts, 1)]
        monkeypatch.setattr(os, "copy_file_range", refuse)
        blob = await blobs.complete_upload(upload, [(part.number, part.etag) for part in sent])
        assert blob.digest == digest_of(b"".join(parts))
        assert await collect(blobs.open_range(blob.digest)) == b"".join(parts)

    run(root, scenario)
    assert len(calls) > copies


def test_foreign_files_are_not_listed(root):
    async def scenario(blobs):
        await blobs.put(stream(b"x"))
        (root / "sha256" / "00" / ".DS_Store").touch()
        assert [blob.digest async for blob in blobs.list_blobs()] == [digest_of(b"x")]

    run(root, scenario)


def test_300_mib_pass_in_flat_memory(root):
    async def body():
        for number in range(300 * 16):
            yield number.to_bytes(4) * 16_384

    async def scenario(blobs):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        blob = await blobs.put(body(), expected_bytes=300 * MIB)
        async for piece in blobs.open_range(blob.digest):
            assert len(piece) <= MIB
        grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        assert grown_mib < 64

    run(root, scenario)
