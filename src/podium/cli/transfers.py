"""Files to and from the server: checked by digest, downloads go on where they broke off."""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from podium.cli.client import Client, CommandFailed

_PIECE = 1 << 20
_PARTIAL = ".podium-part"


class Progress(Protocol):
    """Is told how many more bytes went through."""

    def __call__(self, count: int) -> None: ...


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Progress]:
    """A bar on stderr for the time of a transfer; none where no one would see it."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)


def download_tree(client: Client, files: list[dict[str, Any]], base: tuple[str | int, ...], target: Path) -> list[Path]:
    """Write files of a manifest below `target`. What is there already with the right bytes is left as it is."""
    total = sum(file["size_bytes"] for file in files)
    written: list[Path] = []
    with progress_bar(f"{len(files)} files", total) as progress:
        for file in files:
            place = safe_place(target, file["path"])
            download_file(client, (*base, *file["path"].split("/")), place, progress, digest=file["digest"])
            written.append(place)
    return written


def download_file(
    client: Client, path: tuple[str | int, ...], target: Path, progress: Progress, *, digest: str | None = None
) -> None:
    """Write one file, which appears under its name when it is whole. A part that an earlier try left is gone on with.

    Raises CommandFailed when the bytes do not have the digest that the server announced.
    """
    if digest is not None and target.is_file() and _digest(target).hexdigest() == digest:
        progress(target.stat().st_size)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # The digest in its name: a part of other bytes is never gone on with.
    partial = target.with_name(f"{target.name}.{(digest or 'whole')[:16]}{_PARTIAL}")
    done = partial.stat().st_size if digest is not None and partial.is_file() else 0
    headers = {"range": f"bytes={done}-", "if-range": f'"{digest}"'} if done else {}
    with client.stream(*path, headers=headers) as response:
        going_on = response.status_code == 206
        hashed = _digest(partial) if going_on else hashlib.sha256()
        progress(done if going_on else 0)
        with partial.open("ab" if going_on else "wb") as file:
            for piece in response.iter_raw(_PIECE):
                hashed.update(piece)
                file.write(piece)
                progress(len(piece))
        expected = digest or response.headers.get("etag", "").strip('"')
    if expected and hashed.hexdigest() != expected:
        partial.unlink()
        raise CommandFailed(f"The bytes received for {target} do not have the SHA-256 {expected}: try again.")
    partial.replace(target)


def upload_file(client: Client, source: Path, path: tuple[str | int, ...]) -> dict[str, Any]:
    """Send one file. Raises CommandFailed when the server stored other bytes than were read here."""
    hashed, size = hashlib.sha256(), source.stat().st_size

    def pieces() -> Iterator[bytes]:
        with source.open("rb") as file, progress_bar(source.name, size) as progress:
            while piece := file.read(_PIECE):
                hashed.update(piece)
                progress(len(piece))
                yield piece

    stored: dict[str, Any] = client.upload(*path, chunks=pieces(), size_bytes=size)
    if stored["digest"] != hashed.hexdigest():
        raise CommandFailed(f"The server stored other bytes than {source} has: was it changed meanwhile?")
    return stored


def safe_place(folder: Path, path: str) -> Path:
    """Where a file of a tree goes below `folder`. Raises CommandFailed for a path that would lead out of it."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or PurePosixPath(path).is_absolute():
        raise CommandFailed(f"The server named a file '{path}', which would not lie within {folder}.")
    return folder.joinpath(*parts)


def _digest(file: Path) -> Any:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256")
