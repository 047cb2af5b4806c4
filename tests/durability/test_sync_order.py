"""The order that a power cut relies on, where nothing can be compiled to try one: synced first, shown afterwards."""

import asyncio
import os
from pathlib import Path

import pytest

from podium.blobs.local import LocalBlobs
from podium.store.sqlite import connect
from support.streams import stream


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced and renamed, in order: `sync` and `rename` with the folder that it concerns."""
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def noted_fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        fsync(descriptor)
        done.append(f"sync {path.name if path.is_dir() else path.parent.name + '/file'}")

    def noted_rename(path: Path, target: Path) -> Path:
        done.append(f"rename into {target.parent.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    return done


def test_a_blob_is_synced_renamed_and_its_folder_synced(tmp_path: Path, steps: list[str]):
    blobs = LocalBlobs.open(tmp_path / "blobs")
    steps.clear()
    digest = asyncio.run(blobs.put(stream(b"body"))).digest
    assert steps == ["sync tmp/file", f"rename into {digest[:2]}", f"sync {digest[:2]}"]
    blobs.close()


def test_bytes_that_are_there_already_are_answered_once_their_name_is_synced(tmp_path: Path, steps: list[str]):
    """Who put them first may have got no further than the rename."""
    blobs = LocalBlobs.open(tmp_path / "blobs")
    digest = asyncio.run(blobs.put(stream(b"body"))).digest
    steps.clear()
    asyncio.run(blobs.put(stream(b"body")))
    assert steps == [f"sync {digest[:2]}"]
    blobs.close()


def test_the_names_of_new_folders_are_synced(tmp_path: Path, steps: list[str]):
    LocalBlobs.open(tmp_path / "new" / "blobs").close()
    assert steps[:2] == ["sync new", f"sync {tmp_path.name}"]
    assert {"sync blobs", "sync sha256"} <= set(steps)


def test_a_commit_of_sqlite_waits_for_the_disk(tmp_path: Path):
    connection = connect(tmp_path / "podium.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()
