"""Power cuts: a server whose work on files is recorded, and what a disk may hold of it when the power fails.

A disk has to keep what was synced: the content of a file that was synced, a name whose folder was synced. All else it
may keep or lose. `Disk.worst` loses all of it; `Disk.torn` keeps some of it, by chance.
"""

import random
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
_HEAD = struct.Struct("=QQQQ")
_OPENED, _WROTE, _CUT, _SYNC_BEGUN, _SYNC_ENDED, _RENAMED, _REMOVED, _FOLDER_MADE, _LINKED = range(1, 10)

Change = tuple[int, bytes | None]  # bytes at an offset; or None, and the file ends there
Entry = tuple[str, int | None]  # a name, and the inode that it leads to; or none any more


def recorder(folder: Path) -> Path:
    """The library to preload, compiled."""
    library = folder / "power_cut.so"
    source = Path(__file__).with_name("power_cut.c")
    assert COMPILER
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"], check=True)
    return library


class _File(msgspec.Struct):
    durable: bytearray = msgspec.field(default_factory=bytearray)
    pending: list[Change] = []  # done, and maybe not on the disk
    syncing: dict[int, int] = {}  # thread -> how many of them a sync under way covers


class _Folder(msgspec.Struct):
    durable: dict[str, int] = {}
    pending: list[Entry] = []
    syncing: dict[int, int] = {}
    seen: dict[str, int] = {}  # what programs saw


class Disk:
    """What is on the disk below `root` after the records in the first `end` bytes of the log; without `synced` as if
    no sync had any effect.
    """

    def __init__(self, root: Path, log: Path, end: int, *, synced: bool = True) -> None:
        self._root = root
        self._files: dict[int, _File] = defaultdict(_File)
        self._folders: dict[int, _Folder] = {0: _Folder()}
        self._inodes = {root: 0}  # of folders; the root is there already
        for kind, inode, offset, data in _records(log, end):
            if synced or kind not in (_SYNC_BEGUN, _SYNC_ENDED):
                self._apply(kind, inode, offset, data)

    def worst(self, target: Path) -> None:
        """Writes what was synced, and nothing else, to `target`."""
        self._write(target, None)

    def torn(self, target: Path, seed: int) -> None:
        """Writes what was synced, and by chance parts of what was not."""
        self._write(target, random.Random(seed))

    def _apply(self, kind: int, inode: int, offset: int, data: bytes) -> None:
        if kind == _OPENED:
            self._open(Path(data.decode()), inode, truncated=bool(offset))
        elif kind == _WROTE:
            self._files[inode].pending.append((offset, data))
        elif kind == _CUT:
            self._files[inode].pending.append((offset, None))
        elif kind == _SYNC_BEGUN:
            synced = self._synced(inode)
            synced.syncing[offset] = len(synced.pending)
        elif kind == _SYNC_ENDED:
            self._settle(self._synced(inode), offset)
        elif kind == _FOLDER_MADE:
            path = Path(data.decode())
            self._name(path, inode)
            self._folders[inode] = _Folder()
            self._inodes[path] = inode
        else:
            self._move(kind, [Path(part.decode()) for part in data.split(b"\0")])

    def _open(self, path: Path, inode: int, *, truncated: bool) -> None:
        if self._seen(path) != inode:
            self._files[inode] = _File()
            self._name(path, inode)
        elif truncated:
            self._files[inode].pending.append((0, None))

    def _move(self, kind: int, paths: list[Path]) -> None:
        inode = self._seen(paths[0])
        if len(paths) == 2 and inode is not None:
            self._name(paths[1], inode)
        if kind != _LINKED:
            self._name(paths[0], None)

    def _synced(self, inode: int) -> _File | _Folder:
        if inode in self._folders:
            return self._folders[inode]
        # The root's own inode is known to the log alone.
        return self._files[inode] if inode in self._files else self._folders[0]

    def _settle(self, synced: _File | _Folder, thread: int) -> None:
        covered = synced.syncing.pop(thread)
        if isinstance(synced, _File):
            _change(synced.durable, synced.pending[:covered])
        else:
            _rename(synced.durable, synced.pending[:covered])
        del synced.pending[:covered]
        synced.syncing = {other: max(count - covered, 0) for other, count in synced.syncing.items()}

    def _seen(self, path: Path) -> int | None:
        return self._folders[self._inodes[path.parent]].seen.get(path.name)

    def _name(self, path: Path, inode: int | None) -> None:
        folder = self._folders[self._inodes[path.parent]]
        folder.pending.append((path.name, inode))
        _rename(folder.seen, [(path.name, inode)])

    def _write(self, target: Path, chance: random.Random | None, folder: int = 0) -> None:
        target.mkdir()
        known = self._folders[folder]
        names = dict(known.durable)
        if chance:  # a journal keeps the order of names
            _rename(names, known.pending[: chance.randint(0, len(known.pending))])
        for name, inode in names.items():
            if inode in self._folders:
                self._write(target / name, chance, inode)
            else:
                (target / name).write_bytes(self._content(inode, chance))

    def _content(self, inode: int, chance: random.Random | None) -> bytes:
        file = self._files[inode]
        content = bytearray(file.durable)
        if chance:  # data may reach the disk in any order
            _change(content, [change for change in file.pending if chance.random() < 0.5])
        return bytes(content)


def _records(log: Path, end: int) -> Iterator[tuple[int, int, int, bytes]]:
    data = log.read_bytes()[:end]
    position = 0
    while position + _HEAD.size <= len(data):
        kind, inode, offset, length = _HEAD.unpack_from(data, position)
        position += _HEAD.size
        if position + length > len(data):
            return
        yield kind, inode, offset, data[position : position + length]
        position += length


def _change(content: bytearray, changes: list[Change]) -> None:
    for offset, data in changes:
        if data is None:
            del content[offset:]
            content.extend(bytes(offset - len(content)))
        else:
            content.extend(bytes(max(0, offset - len(content))))
            content[offset : offset + len(data)] = data


def _rename(names: dict[str, int], entries: list[Entry]) -> None:
    for name, inode in entries:
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode
