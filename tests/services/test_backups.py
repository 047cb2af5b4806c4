"""Backups and restores: what is in one, what is refused, and that nothing of a failed one looks whole."""

import asyncio
import errno
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.backups import UNFINISHED_RESTORE, BackupDamaged
from podium.errors import Conflict, InvalidArgument, InvalidState, NotFound, StorageFull, StorageUnavailable
from podium.services.artifacts import Artifacts
from podium.services.backup_folder import BackupFolder
from podium.services.backups import Origin, keep_newest, make_backup
from podium.services.context import Context
from podium.services.restores import Destination, check_backup, restore_backup
from podium.services.retention import Retention
from podium.services.verification import Verification
from podium.store.engine import Store, open_store
from support.files import Clock, body
from support.streams import collect

ANN = Actor("ann")


class World(NamedTuple):
    """Data to back up, and a folder for backups."""

    context: Context
    origin: Origin
    folder: BackupFolder

    def backup(self):
        return asyncio.run(make_backup(self.origin, self.folder))

    def put(self, **files: str) -> None:
        for name, content in files.items():
            asyncio.run(Artifacts(self.context).put(ANN, f"f/{name}", body(content.encode())))

    def blob(self, content: str) -> Path:
        """Where a backup keeps these bytes."""
        digest = sha256(content.encode()).hexdigest()
        return self.folder.root / "blobs" / "sha256" / digest[:2] / digest[2:]

    def blobs(self) -> set[str]:
        """What all backups keep."""
        return {path.read_text() for path in (self.folder.root / "blobs" / "sha256").glob("*/*")}


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, tmp_path) -> Iterator[World]:
    data = tmp_path / "data"
    data.mkdir()
    url = request.getfixturevalue("postgres_database") if request.param == "postgresql" else None
    store, blobs = open_store(url, data), LocalBlobs.open(data / "blobs")
    context = Context(store=store, blobs=blobs, clock=Clock())
    yield World(context, Origin(url, data, blobs), BackupFolder(tmp_path / "backups"))
    store.close()
    blobs.close()


def restore(world: World, data: Path, name: str | None = None, url: str | None = None) -> None:
    destination = Destination(data, url, lambda: LocalBlobs.open(data / "blobs"))
    asyncio.run(restore_backup(world.folder, world.folder.find(name), destination))


def check(world: World, name: str | None = None) -> None:
    asyncio.run(check_backup(world.folder, world.folder.find(name)))


def files_in(data: Path) -> dict[str, str]:
    """Path and content of each file of a restored folder, whose verification finds nothing."""
    store, blobs = open_store(None, data), LocalBlobs.open(data / "blobs")

    async def read(store: Store) -> dict[str, str]:
        assert [problem async for problem in Verification(Context(store, blobs)).problems(quick=False)] == []
        rows = await store.read(lambda tx: tx.all("SELECT path, digest FROM artifact_files"))
        return {path: (await collect(blobs.open_range(digest))).decode() for path, digest in rows}

    try:
        return asyncio.run(read(store))
    finally:
        store.close()
        blobs.close()


def test_a_later_backup_adds_what_is_new_and_the_earlier_one_stays(world, tmp_path):
    world.put(a="one", b="two")
    first = world.backup()
    world.put(b="three", c="one")
    second = world.backup()
    assert [(made.new_blobs, made.new_bytes) for made in (first, second)] == [(2, 6), (1, 5)]
    assert world.folder.names() == [made.backup.folder.name for made in (first, second)]
    restore(world, tmp_path / "second")
    restore(world, tmp_path / "first", first.backup.folder.name)
    assert files_in(tmp_path / "first") == {"f/a": "one", "f/b": "two"}
    assert files_in(tmp_path / "second") == {"f/a": "one", "f/b": "three", "f/c": "one"}


def test_the_key_of_secrets_comes_along_for_its_owner_alone(world, tmp_path):
    (world.origin.data / "secret.key").write_bytes(b"key")
    world.backup()
    restore(world, tmp_path / "restored")
    for place in (world.folder.find().folder, tmp_path / "restored"):
        assert (place / "secret.key").read_bytes() == b"key"
        assert (place / "secret.key").stat().st_mode & 0o777 == 0o600


def test_the_manifest_says_what_is_in_it(world):
    world.put(a="one")
    told = json.loads((world.backup().backup.folder / "manifest.json").read_bytes())
    assert told["database"] == ("postgresql" if world.origin.database_url else "sqlite")
    assert (told["rows"]["artifact_files"], told["blobs"]) == (1, {"count": 1, "size_bytes": 3, "missing": []})
    assert set(told["files"]) == {"podium.db"}


def test_old_backups_go_with_the_bytes_that_only_they_needed(world, tmp_path):
    world.put(a="one", b="for ever")
    world.backup()
    asyncio.run(Artifacts(world.context).delete(ANN, "f/a"))
    world.context.clock.advance(days=1)
    asyncio.run(Retention(world.context).collect(0))
    for content in ("two", "three"):
        world.put(c=content)
        world.backup()
    assert len(asyncio.run(keep_newest(world.folder, 2))) == 1
    assert world.blobs() == {"two", "three", "for ever"}
    for name, content in zip(world.folder.names(), ("two", "three"), strict=True):
        restore(world, tmp_path / name, name)
        assert files_in(tmp_path / name) == {"f/b": "for ever", "f/c": content}
    assert asyncio.run(keep_newest(world.folder, 2)) == []


def test_bytes_that_are_collected_while_they_are_copied_are_not_missed(world, tmp_path):
    class Collected(LocalBlobs):
        """Garbage is collected when the first blob is looked for."""

        async def open_range(self, *args):
            await Retention(world.context, 0).collect(0)
            async for piece in super().open_range(*args):
                yield piece

    world.put(living="living", gone="gone")
    asyncio.run(Artifacts(world.context).delete(ANN, "f/gone"))
    world.context.clock.advance(days=1)
    blobs = Collected(world.origin.data / "blobs")
    made = asyncio.run(make_backup(Origin(world.origin.database_url, world.origin.data, blobs), world.folder))
    blobs.close()
    assert made.backup.manifest.blobs.missing == ()
    assert made.backup.manifest.rows["deleted_artifact_files"] == 0
    restore(world, tmp_path / "restored")
    assert files_in(tmp_path / "restored") == {"f/living": "living"}


def test_bytes_that_the_data_has_lost_do_not_stop_the_backup_of_the_rest(world, tmp_path):
    world.put(a="living", b="lost", c="wrong")
    digests = {name: asyncio.run(Artifacts(world.context).get(ANN, f"f/{name}")).digest for name in "bc"}
    world.context.blobs.path(digests["b"]).unlink()
    world.context.blobs.path(digests["c"]).write_bytes(b"WRONG")
    assert set(world.backup().backup.manifest.blobs.missing) == set(digests.values())
    check(world)
    restore(world, tmp_path / "restored")
    assert world.blob("living").is_file()
    with pytest.raises(AssertionError, match="The blob is missing"):
        files_in(tmp_path / "restored")


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("damage", [flip_byte, cut_off, Path.unlink])
@pytest.mark.parametrize("part", ["blob", "podium.db", "secret.key", "manifest.json"])
def test_a_damaged_backup_is_refused(damage, part, world, tmp_path):
    world.put(a="content")
    (world.origin.data / "secret.key").write_bytes(b"key")
    folder = world.backup().backup.folder
    damage(world.blob("content") if part == "blob" else folder / part)
    restored = tmp_path / "restored"
    for attempt in (lambda: check(world), lambda: restore(world, restored)):
        with pytest.raises(BackupDamaged, match="damaged"):
            attempt()
    assert not (restored / "podium.db").exists()


def test_a_manifest_that_says_something_else_is_refused(world, tmp_path):
    world.put(a="content")
    place = world.backup().backup.folder / "manifest.json"
    told = place.read_text()
    for right, wrong, message in (
        ('"artifact_files": 1', '"artifact_files": 2', "artifact_files has 1 rows, not 2"),
        ('"count": 1', '"count": 2', "name other blobs"),
        ('"sha256": "', '"sha256": "0', "other bytes"),
        ('"format": 1', '"format": 2', "has format 2, this Podium reads up to 1"),
        ('"schema": ', '"schema": -', "has schema [1-9]"),
        ('"schema": ', '"schema": 9', "restore it with Podium 0.1.0 or newer"),
    ):
        place.write_text(told.replace(right, wrong))
        with pytest.raises(InvalidState, match=message):
            restore(world, tmp_path / "restored")
        assert not (tmp_path / "restored").exists()


def test_only_an_empty_target_is_restored_into(world, tmp_path):
    world.put(a="content")
    world.backup()
    with pytest.raises(InvalidState, match="not empty: name a new one with --data"):
        restore(world, world.origin.data)
    if world.origin.database_url:
        with pytest.raises(InvalidState, match="not empty: name a new one with --database-url"):
            restore(world, tmp_path / "restored", url=world.origin.database_url)
    elsewhere = Destination(tmp_path / "restored", None, lambda: LocalBlobs(world.origin.data / "blobs"))
    with pytest.raises(InvalidState, match="not empty: name a new one with --artifact-store"):
        asyncio.run(restore_backup(world.folder, world.folder.find(), elsewhere))
    restore(world, tmp_path / "restored")


def test_a_restore_that_was_cut_off_is_gone_on_with(world, tmp_path):
    world.put(a="one", b="two")
    world.backup()
    restored, away = tmp_path / "restored", tmp_path / "away"
    place = world.blob("two")
    place.rename(away)
    with pytest.raises(BackupDamaged):
        restore(world, restored)
    assert (restored / UNFINISHED_RESTORE).is_dir()
    away.rename(place)
    restore(world, restored)
    assert not (restored / UNFINISHED_RESTORE).exists()
    assert files_in(restored) == {"f/a": "one", "f/b": "two"}


def test_a_full_disk_leaves_no_backup_and_says_so(world, monkeypatch):
    world.put(a="one")
    kept = world.backup().backup
    world.put(b="two")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    for place in ("podium.blobs.files.TemporaryFile.write", "podium.services.backup_folder.sync_file"):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            with pytest.raises(StorageFull, match="no room left in"):
                world.backup()
    assert [path.name for path in kept.folder.parent.iterdir()] == [kept.folder.name]
    check(world)


def test_two_backups_at_once_and_a_folder_of_something_else_are_refused(world, tmp_path):
    with world.folder.prepared(), pytest.raises(Conflict, match="under way"):
        world.backup()
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(InvalidArgument, match="holds other files than backups"):
        asyncio.run(make_backup(world.origin, BackupFolder(tmp_path)))


def test_a_backup_that_is_not_there_is_named(world, tmp_path):
    with pytest.raises(NotFound, match="There is no backup in"):
        BackupFolder(tmp_path / "none").find()
    made = world.backup()
    with pytest.raises(NotFound, match=f"no backup 'x' .* the newest is '{made.backup.folder.name}'"):
        world.folder.find("x")


def test_a_server_that_removes_faster_than_is_copied_ends_the_backup(world):
    class Vanishing(LocalBlobs):
        """Each blob is gone when it is read, and the rows name another one then."""

        async def open_range(self, *_):
            await Artifacts(world.context).put(ANN, "f/a", body(f"{world.context.clock()}".encode()))
            world.context.clock.advance(days=1)
            raise NotFound("gone")
            yield b""

    world.put(a="one")
    blobs = Vanishing(world.origin.data / "blobs")
    with pytest.raises(StorageUnavailable, match="when it has ended"):
        asyncio.run(make_backup(Origin(world.origin.database_url, world.origin.data, blobs), world.folder))
    blobs.close()
    assert world.folder.names() == []
