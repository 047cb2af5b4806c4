"""Telling the kernel to begin writing a part of a file to the disk, without waiting until it is there."""

import ctypes
import sys
from collections.abc import Callable

_WRITE = 2  # SYNC_FILE_RANGE_WRITE


def _find() -> Callable[[int, int, int, int], int] | None:
    """Linux's `sync_file_range`, which Python does not offer. `fdatasync` would wait, and commit the journal."""
    if not sys.platform.startswith("linux"):
        return None
    found = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if found is not None:
        found.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return found


_sync_file_range = _find()


def start_write_back(descriptor: int, start: int, end: int) -> None:
    """Begins with the bytes from `start` up to, not including, `end`; does nothing where the system cannot.

    It is a hint: what goes wrong with the bytes is told by the `fsync` that has to follow.
    """
    if _sync_file_range is not None:
        _sync_file_range(descriptor, start, end - start, _WRITE)
