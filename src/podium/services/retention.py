"""Garbage collection: what was deleted longer ago than the grace period goes for good, then what nothing refers to.

It works in small transactions beside a running server, and can be stopped at any point: what is left is found by the
next one. Bytes go last, so that no row ever refers to bytes that are gone.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NoReturn

import msgspec

from podium.blobs.base import StoredBlob
from podium.domain.access import Actor
from podium.domain.events import Change
from podium.domain.locations import proxied_path, run_location
from podium.errors import InvalidPath, NotFound
from podium.services.artifact_aliases import delete_version
from podium.services.context import Context
from podium.store import gc, model_links
from podium.store.transaction import Tx

BATCH = 200
# How long bytes and manifests may be without a reference: an upload refers to its bytes only once all of them are in.
UNREFERENCED_GRACE_MS = 3600 * 1000

ACTOR = Actor("podium gc")


class Collected(msgspec.Struct):
    """How much was removed, or in a dry run would be."""

    versions: int = 0
    models: int = 0
    artifacts: int = 0
    collections: int = 0
    logged_models: int = 0
    runs: int = 0
    projects: int = 0
    files: int = 0
    teams: int = 0
    manifests: int = 0
    uploads: int = 0
    blobs: int = 0
    blob_bytes: int = 0


class _DryRun(Exception):
    """Ends the transaction of a dry run, so that nothing of it stays."""


class Retention:
    """Collects garbage of all teams."""

    def __init__(self, context: Context, unreferenced_grace_ms: int = UNREFERENCED_GRACE_MS) -> None:
        self._context = context
        self._grace_ms = unreferenced_grace_ms

    async def collect(self, older_than_ms: int) -> Collected:
        """Remove what was deleted at least so long ago."""
        now, done = self._context.clock(), Collected()
        while await self._context.store.write(lambda tx: self._expire_batch(tx, now)):
            pass
        for kind in gc.KINDS:
            while count := await self._context.store.write(
                lambda tx, kind=kind: self._remove_batch(tx, kind, now - older_than_ms)  # type: ignore[misc]
            ):
                _add(done, kind, count)
        abandoned = now - max(older_than_ms, self._grace_ms)
        while await self._context.store.write(lambda tx: gc.delete_abandoned_artifacts(tx, abandoned, BATCH)):
            pass
        while count := await self._context.store.write(
            lambda tx: gc.delete_unused_manifests(tx, now - self._grace_ms, BATCH)
        ):
            done.manifests += count
        while await self._context.store.write(lambda tx: gc.delete_unused_contents(tx, abandoned, BATCH)):
            pass
        await self._context.store.write(model_links.forget_incomplete)
        done.uploads = await self._abort_uploads(abandoned)
        await self._delete_blobs(done, _time(now - self._grace_ms))
        return done

    async def expire(self) -> bool:
        """Mark artifact versions deleted whose time to live is over; whether there are more."""
        now = self._context.clock()
        if not await self._context.store.read(lambda tx: gc.has_expired_artifacts(tx, now)):
            return False
        return await self._context.store.write(lambda tx: self._expire_batch(tx, now)) == BATCH

    async def preview(self, older_than_ms: int) -> Collected:
        """What `collect` would remove. It tries in one transaction that is undone; other writers wait meanwhile."""
        now, done = self._context.clock(), Collected()
        stored = [blob async for batch in self._old_blobs(_time(now - self._grace_ms)) for blob in batch]

        def work(tx: Tx) -> NoReturn:
            while self._expire_batch(tx, now):
                pass
            for kind in gc.KINDS:
                while count := self._remove_batch(tx, kind, now - older_than_ms):
                    _add(done, kind, count)
            done.manifests = self._remove_unused(tx, now, now - max(older_than_ms, self._grace_ms))
            for start in range(0, len(stored), BATCH):
                for blob in _unreferenced(tx, stored[start : start + BATCH]):
                    _add_blob(done, blob)
            raise _DryRun

        try:
            await self._context.store.write(work)
        except _DryRun:
            done.uploads = len(await self._old_uploads(now - max(older_than_ms, self._grace_ms)))
        return done

    def _remove_unused(self, tx: Tx, now: int, abandoned: int) -> int:
        """All that no version needs, in one transaction; how many manifests."""
        manifests = 0
        while gc.delete_abandoned_artifacts(tx, abandoned, BATCH):
            pass
        while count := gc.delete_unused_manifests(tx, now - self._grace_ms, BATCH):
            manifests += count
        while gc.delete_unused_contents(tx, abandoned, BATCH):
            pass
        return manifests

    def _expire_batch(self, tx: Tx, now: int) -> int:
        """Mark artifact versions deleted whose time to live is over, so that they go after the grace period."""
        expired = gc.select_expired_artifacts(tx, now, BATCH)
        for row in expired:
            delete_version(tx, row.key, now)
            change = Change("artifact_version", str(row.key), row.name, "expire")
            self._context.record(tx, ACTOR, row.team_id, change, at=now)
        return len(expired)

    def _remove_batch(self, tx: Tx, kind: gc.Kind, before: int) -> int:
        at = self._context.clock()
        doomed = gc.select_doomed(tx, kind, before, BATCH)
        for row in doomed:
            folder = _folder(kind, row)
            if folder:
                gc.delete_folder(tx, row.team_id, folder, at)
        gc.delete_rows(tx, kind, [row.key for row in doomed])
        for team in sorted({row.team_id for row in doomed}):
            names = [row.name for row in doomed if row.team_id == team]
            self._context.record(tx, ACTOR, team, Change("retention", kind, kind, "gc", {kind: names}), at=at)
        return len(doomed)

    async def _old_uploads(self, before: int) -> list[str]:
        uploads = await self._context.blobs.list_uploads()
        return [upload.upload_id for upload in uploads if upload.modified_at < _time(before)]

    async def _abort_uploads(self, before: int) -> int:
        count = 0
        for upload_id in await self._old_uploads(before):
            try:
                await self._context.blobs.abort_upload(upload_id)
            except NotFound:  # completed or aborted meanwhile
                continue
            count += 1
        return count

    async def _old_blobs(self, unused_since: datetime) -> AsyncIterator[list[StoredBlob]]:
        batch: list[StoredBlob] = []
        async for blob in self._context.blobs.list_blobs():
            if blob.modified_at < unused_since:
                batch.append(blob)
            if len(batch) == BATCH:
                yield batch
                batch = []
        yield batch

    async def _delete_blobs(self, done: Collected, unused_since: datetime) -> None:
        async for batch in self._old_blobs(unused_since):
            unreferenced = await self._context.store.read(lambda tx, batch=batch: _unreferenced(tx, batch))  # type: ignore[misc]
            for blob in unreferenced:
                if await self._context.blobs.delete(blob.digest, unused_since=unused_since):
                    _add_blob(done, blob)


def _unreferenced(tx: Tx, blobs: list[StoredBlob]) -> list[StoredBlob]:
    referenced = gc.select_referenced(tx, [blob.digest for blob in blobs])
    return [blob for blob in blobs if blob.digest not in referenced]


def _folder(kind: gc.Kind, row: gc.Doomed) -> str | None:
    """The folder that goes with a row. A project's own goes only where it is the project's alone, not a shared one."""
    try:
        if kind == "runs":
            return proxied_path(run_location(row.location, row.name))
        folder = proxied_path(row.location)
    except InvalidPath:  # a location that no client could write to
        return None
    if kind == "projects" and (folder or "").rpartition("/")[2] != str(row.key):
        return None
    return folder if kind in ("projects", "logged_models") else None


def _add(done: Collected, kind: gc.Kind, count: int) -> None:
    setattr(done, kind, getattr(done, kind) + count)


def _add_blob(done: Collected, blob: StoredBlob) -> None:
    done.blobs += 1
    done.blob_bytes += blob.size_bytes


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
