"""What the machine can do at all, without a server that keeps anything: no server passes these."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from bench.limits import copies, databases, disk, network, processor
from bench.workloads.base import Setup


class Limit(msgspec.Struct, frozen=True):
    """A raw limit: its unit, what it is, and how to measure it once.

    One that depends on how the disk is used at the time is measured `beside` a workload, in the same rounds.
    """

    unit: str
    meaning: str
    measure: Callable[[], float]
    beside: str = ""


def limits(place: Path, setup: Setup, address: str | None) -> dict[str, Limit]:
    """Every limit by the name that workloads call it. `place` is a folder on the disk that the servers use, in which
    files may be left; `address` is a PostgreSQL database instead of SQLite.
    """
    return {
        **_of_databases(place, setup.sizes.seconds / 4, address),
        **_of_bytes(place, setup.sizes.blob_mib, setup.sizes.small_files),
        **_of_requests(place, setup),
        **_of_copies(place, setup.sizes.artifact_files, setup.sizes.artifact_mib),
    }


def _of_databases(place: Path, seconds: float, address: str | None) -> dict[str, Limit]:
    database = databases.postgres(address) if address else databases.sqlite(place)
    one, batches = partial(database.rate, 1, seconds), partial(database.rate, databases.BATCH, seconds)
    return {
        "commits": Limit("commits/s", f"{database.name}, a commit a row, one after the other", one),
        "rows in batches": Limit("rows/s", f"{database.name}, a commit every 1,000 rows", batches),
    }


def _of_bytes(place: Path, mib: int, files: int) -> dict[str, Limit]:
    return {
        "plain write": Limit(
            "MiB/s",
            "as many bytes written to a file, fsync; after each round of uploads, and kept as they are",
            partial(disk.write, place, mib),
            beside="upload",
        ),
        "small writes": Limit("files/s", "files of 10 KiB with fsync, 4 threads", partial(disk.small, place, files)),
        "SHA-256": Limit("MiB/s", "hashlib, blocks of 1 MiB", partial(processor.sha256_mib, mib)),
        "loopback": Limit("MiB/s", "sendfile, read as the download is", partial(network.loopback, place, mib)),
    }


def _of_requests(place: Path, setup: Setup) -> dict[str, Limit]:
    seconds = setup.sizes.seconds / 4
    return {
        "no-op POST": Limit("requests/s", "Starlette on uvicorn, 8 connections", partial(network.noop, place, setup)),
        "metrics decoded": Limit(
            "metrics/s", "msgspec, bodies of 1,000 metrics", partial(processor.metrics_decoded, seconds)
        ),
        "points read": Limit(
            "points/s", "json.loads in the client, pages of 25,000", partial(processor.points_read, seconds)
        ),
    }


def _of_copies(place: Path, files: int, mib: int) -> dict[str, Limit]:
    small, large = partial(copies.small, place, files, 10 * 1024), partial(copies.large, place, mib)
    both = "with MD5 and SHA-256"
    return {
        "small copies": Limit("files/s", f"2,000 files of 10 KiB copied, {both}", partial(small, synced=False)),
        "small copies, synced": Limit("files/s", "the same, each file fsynced", partial(small, synced=True)),
        "large copy": Limit("MiB/s", f"a file of 2 GiB copied, {both}", partial(large, synced=False)),
        "large copy, synced": Limit("MiB/s", "the same, fsynced", partial(large, synced=True)),
    }
