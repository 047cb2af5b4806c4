"""The threads in which file work is done, and the translation of the system's errors into Podium's."""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from podium.errors import StorageFull, StorageUnavailable

P = ParamSpec("P")
T = TypeVar("T")

# More than processors: most of the time is spent waiting in fsync, which the journal of the file system
# shares between those who wait at once.
_THREADS = 16
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FileThreads:
    """A pool of its own, so that slow disks hold up neither database work nor name look-ups."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="podium-blobs")

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Starts `work` at once; the future need not be awaited to make it run.

        An `OSError` arrives as `StorageFull` or `StorageUnavailable`.
        """
        return asyncio.get_running_loop().run_in_executor(self._pool, partial(_translated, work, *args, **kwargs))

    def close(self) -> None:
        """Waits for the work that has started."""
        self._pool.shutdown()


def _translated(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return work(*args, **kwargs)
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"The blob store has no room left: {error.strerror}.") from error
        raise StorageUnavailable(f"The blob store failed: {error.strerror}.") from error
