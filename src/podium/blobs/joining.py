"""Files joined to one: copied within the kernel, which shares their blocks where the file system can, and hashed
at the same time.
"""

import errno
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path

from podium.blobs.base import Blob
from podium.blobs.files import TemporaryFile
from podium.blobs.hashing import Expected, Hashes

_COPY_BYTES = 8 << 20
_HASH_BYTES = 1 << 20
_CANNOT = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


def join(paths: Sequence[Path], folder: Path, expected: Expected, place: Callable[[Blob], Path | None]) -> Blob:
    """The blob of the files in a row, published at the path that `place` gives, unless that is `None`.

    It blocks, and runs to its end once begun. Whatever fails, no trace is left; a missing file is an `OSError`.
    """
    joined, hashes = TemporaryFile(folder), Hashes(expected)
    try:
        with ThreadPoolExecutor(len(hashes.updates), thread_name_prefix="podium-join") as others:
            hashing = [others.submit(_feed, update, paths) for update in hashes.updates]
            for path in paths:
                _append(joined, path)
            size, *_ = [each.result() for each in hashing]
        blob = hashes.blob(size)
        target = place(blob)
        if target is not None:
            joined.publish(target)
    finally:
        joined.discard()
    return blob


def _feed(update: Callable[[memoryview], None], paths: Sequence[Path]) -> int:
    """How many bytes there were. Each digest reads for itself: the bytes are in memory, as the copy needs them too."""
    size, buffer = 0, memoryview(bytearray(_HASH_BYTES))
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                update(buffer[:count])
                size += count
    return size


def _append(joined: TemporaryFile, path: Path) -> None:
    with path.open("rb", buffering=0) as source:
        _copy_in_kernel(source, joined)
        while piece := source.read(_HASH_BYTES):  # from where the kernel stopped
            joined.write(piece)


def _copy_in_kernel(source: FileIO, joined: TemporaryFile) -> None:
    if not hasattr(os, "copy_file_range"):
        return
    try:
        while os.copy_file_range(source.fileno(), joined.fileno(), _COPY_BYTES):
            joined.start_write_back()
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
