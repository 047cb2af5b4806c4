"""Bytes written plainly."""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from bench.client import MIB, in_parallel

SMALL = 10 * 1024
THREADS = 4


def write(place: Path, mib: int) -> float:
    """MiB/s of one file of random bytes, written in blocks and then fsynced.

    The file stays: on blocks of one that was just deleted, the next would be written several times as fast.
    """
    block = os.urandom(MIB)
    started = time.perf_counter()
    _write(place / f"written-{uuid4().hex}", block, mib)
    return mib / (time.perf_counter() - started)


def small(place: Path, count: int) -> float:
    """Files/s, each fsynced, by as many threads as the workload has connections."""
    block = os.urandom(SMALL)
    with TemporaryDirectory(dir=place) as folder:
        started = time.perf_counter()
        in_parallel(lambda number: _write(Path(folder) / str(number), block, 1), range(count), THREADS)
        return count / (time.perf_counter() - started)


def _write(path: Path, block: bytes, times: int) -> None:
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(block)
        os.fsync(file.fileno())
