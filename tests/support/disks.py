"""Disks that are full, and full no longer: a small one where mounting is allowed, else a limit on the size of files."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

MIB = 1 << 20


class Disk(Protocol):
    """`folder` lies on it. `full_status` are the answers that a write to the full disk may get."""

    folder: Path
    full_status: frozenset[int]

    def fill(self, pid: int, left: int = 0) -> None:
        """From now on there is room for about `left` bytes."""

    def free(self, pid: int) -> None:
        """There is room again."""


class SmallDisk:
    """A file system of its own in memory, filled with ballast."""

    full_status = frozenset({507})

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, pid: int, left: int = 0) -> None:  # noqa: ARG002
        with self._ballast.open("wb") as file:
            while (room := self._room() - left) > 0:
                with suppress(OSError):  # others write meanwhile
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), room)

    def _room(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def free(self, pid: int) -> None:  # noqa: ARG002
        self._ballast.unlink()


class LimitedProcess:
    """Where mounting is not allowed: the server may make no file longer than it is. The kernel refuses it with another
    error than that of a full disk, which SQLite reports as a failed disk.
    """

    full_status = frozenset({503, 507})

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def fill(self, pid: int, left: int = 0) -> None:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (left, hard))

    def free(self, pid: int) -> None:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def small_disk(folder: Path, size: int = 24 * MIB) -> Iterator[Disk]:
    """A disk at `folder`, the real one if it can be had."""
    folder.mkdir()
    mounted = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder) if mounted else LimitedProcess(folder / "limited")
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextmanager
def immutable(*files: Path) -> Iterator[bool]:
    """Files that nobody can write, as after a read-only remount; says whether this could be done."""
    done = _run("chattr", "+i", *map(str, files))
    try:
        yield done
    finally:
        _run("chattr", "-i", *map(str, files))
