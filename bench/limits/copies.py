"""Files copied plainly, with the digests computed that W&B's client and the server need of them."""

import hashlib
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.client import MIB


def small(place: Path, count: int, size: int, *, synced: bool) -> float:
    """Files/s of so many small files of random bytes."""
    return count / _copy(place, count, [os.urandom(size)], synced=synced)


def large(place: Path, mib: int, *, synced: bool) -> float:
    """MiB/s of one file."""
    return mib / _copy(place, 1, [os.urandom(MIB)] * mib, synced=synced)


def _copy(place: Path, count: int, blocks: list[bytes], *, synced: bool) -> float:
    """Seconds for copying `count` files that are these blocks."""
    with TemporaryDirectory(dir=place) as folder:
        sources = [Path(folder) / f"from-{number}" for number in range(count)]
        for source in sources:
            with source.open("wb") as file:
                file.writelines(blocks)
        started = time.perf_counter()
        for number, source in enumerate(sources):
            _copy_one(source, Path(folder) / f"to-{number}", synced=synced)
        return time.perf_counter() - started


def _copy_one(source: Path, target: Path, *, synced: bool) -> None:
    digests = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with source.open("rb", buffering=0) as reader, target.open("wb", buffering=0) as writer:
        while block := reader.read(MIB):
            writer.write(block)
            for digest in digests:
                digest.update(block)
        if synced:
            os.fsync(writer.fileno())
