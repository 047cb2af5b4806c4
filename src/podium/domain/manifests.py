"""Manifests: which bytes lie under which path of a tree, as an immutable value with its own digest."""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from operator import attrgetter
from typing import Self
from urllib.parse import unquote

import msgspec

from podium.errors import InvalidArgument, InvalidPath

MAX_SEGMENT_BYTES = 255
MAX_PATH_BYTES = 4096

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")
# Nobody encodes more often than this; each further round would cost time that the sender of the path chooses.
_MAX_DECODINGS = 8
# Part of every manifest digest. Another serialization gets another first line, so that digests never mix.
_FORMAT = "podium-manifest 1\n"


class ManifestEntry(msgspec.Struct, frozen=True):
    """One file: its normal path in the tree, the SHA-256 of its bytes, and their number."""

    path: str
    digest: str
    size_bytes: int


class ManifestDiff(msgspec.Struct, frozen=True):
    """What turns one manifest into another; each part is sorted by path. `changed` holds (old, new)."""

    added: tuple[ManifestEntry, ...]
    removed: tuple[ManifestEntry, ...]
    changed: tuple[tuple[ManifestEntry, ManifestEntry], ...]
    unchanged: tuple[ManifestEntry, ...]


class Manifest(msgspec.Struct, frozen=True):
    """The files of a tree, sorted by path. Made by `Manifest.of`, which checks what is stated here."""

    entries: tuple[ManifestEntry, ...]

    @classmethod
    def of(cls, entries: Iterable[ManifestEntry]) -> Self:
        """The manifest of these files, in whichever order they come.

        Raises `InvalidPath` for a path that is not normal, occurs twice or is a file and a folder at once,
        and `InvalidArgument` for a malformed digest or a negative size.
        """
        ordered = tuple(sorted(entries, key=attrgetter("path")))
        for entry in ordered:
            _check_entry(entry)
        _check_tree([entry.path for entry in ordered])
        return cls(ordered)

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical text: equal for equal trees, and only for them.

        The text is UTF-8: the line `podium-manifest 1`, then for each file, ordered by path (as code points,
        which is also the order of the bytes), the line `<sha256> <size in bytes> <path>`. Each line ends in
        one newline, which no path contains.
        """
        text = hashlib.sha256(_FORMAT.encode())
        for entry in self.entries:
            text.update(f"{entry.digest} {entry.size_bytes} {entry.path}\n".encode())
        return text.hexdigest()

    @property
    def size_bytes(self) -> int:
        """The size of all files together; bytes that lie under two paths count twice."""
        return sum(entry.size_bytes for entry in self.entries)

    def find(self, path: str) -> ManifestEntry | None:
        """The file at a normal path."""
        at = bisect_left(self.entries, path, key=attrgetter("path"))
        found = self.entries[at : at + 1]
        return found[0] if found and found[0].path == path else None


def diff(old: Manifest, new: Manifest) -> ManifestDiff:
    """Compares path by path. A moved file is one removed and one added."""
    before = {entry.path: entry for entry in old.entries}
    after = {entry.path: entry for entry in new.entries}
    both = [(before[path], entry) for path, entry in after.items() if path in before]
    return ManifestDiff(
        added=tuple(entry for path, entry in after.items() if path not in before),
        removed=tuple(entry for path, entry in before.items() if path not in after),
        changed=tuple((a, b) for a, b in both if a != b),
        unchanged=tuple(b for a, b in both if a == b),
    )


def is_digest(raw: str) -> bool:
    """Whether this is a SHA-256 in lower-case hexadecimal."""
    return _DIGEST.fullmatch(raw) is not None


def check_digest(raw: str) -> str:
    """Returns the digest. Raises `InvalidArgument` where `is_digest` is false."""
    if not is_digest(raw):
        raise InvalidArgument("A digest is a SHA-256 of 64 lower-case hexadecimal digits.")
    return raw


def normalize_path(raw: str) -> str:
    """The path of a file or folder within a tree in its one normal form: segments joined by "/".

    One "/" at the end and segments "." are dropped; everything else that is not normal is refused with
    `InvalidPath`, and so is what would lead out of the tree if percent signs were decoded, once or
    repeatedly. The path itself is not decoded: files may be named `100%25`, or `dog%step%1%timestamp%17`
    as MLflow's images are.
    """
    path = "/".join(segment for segment in raw.removesuffix("/").split("/") if segment != ".")
    problem, decoded = _problem(path), path
    for _ in range(_MAX_DECODINGS):
        if problem:
            raise InvalidPath(f"Invalid path {raw!r}: {problem}")
        if (once_more := unquote(decoded)) == decoded:
            return path
        decoded = once_more
        problem = _escape_problem(decoded.replace("\\", "/"))
    raise InvalidPath(f"Invalid path {raw!r}: it is percent-encoded many times over.")


def _problem(path: str) -> str | None:
    segments = path.split("/")
    if problem := _escape_problem(path):
        return problem
    for wrong, problem in (
        ("" in segments, "it has an empty segment."),
        ("\\" in path, "it has a backslash."),
        (_CONTROL.search(path), "it has a control character."),
    ):
        if wrong:
            return problem
    return _length_problem(path, segments)


def _escape_problem(path: str) -> str | None:
    """How the path would lead out of the tree."""
    for wrong, problem in (
        (path.startswith("/"), "it is absolute."),
        (_DRIVE.match(path), "it begins with a drive letter."),
        (".." in path.split("/"), "it has a segment '..'."),
    ):
        if wrong:
            return problem
    return None


def _length_problem(path: str, segments: list[str]) -> str | None:
    try:
        if len(path.encode()) > MAX_PATH_BYTES:
            return f"it is longer than {MAX_PATH_BYTES} bytes."
    except UnicodeEncodeError:
        return "it is no valid Unicode."
    if any(len(segment.encode()) > MAX_SEGMENT_BYTES for segment in segments):
        return f"it has a segment of more than {MAX_SEGMENT_BYTES} bytes."
    return None


def _check_entry(entry: ManifestEntry) -> None:
    if normalize_path(entry.path) != entry.path:
        raise InvalidPath(f"Invalid path {entry.path!r}: it is not in its normal form.")
    check_digest(entry.digest)
    if entry.size_bytes < 0:
        raise InvalidArgument(f"The size of {entry.path!r} is negative.")


def _check_tree(paths: list[str]) -> None:
    """Two entries of one path are neighbours; a folder of a file's name need not be: `a`, `a-b`, `a/b`."""
    for path, following in pairwise(paths):
        if path == following:
            raise InvalidPath(f"Invalid path {path!r}: it occurs twice.")
    files = set(paths)
    folders = {path[:slash] for path in paths for slash in _slashes(path)}
    if both := sorted(files & folders):
        raise InvalidPath(f"Invalid path {both[0]!r}: it is a file and a folder at once.")


def _slashes(path: str) -> list[int]:
    return [position for position, character in enumerate(path) if character == "/"]
