"""Lists of files for artifacts that no client listed, of registered versions: made when they are first asked for."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import msgspec

from podium.domain.access import Actor
from podium.domain.artifact_collections import Version
from podium.domain.artifact_listings import listing_of_files, listing_of_reference
from podium.domain.manifests import ManifestEntry
from podium.services.artifact_access import require_version
from podium.services.context import Context
from podium.services.parallel import in_parallel
from podium.store import artifact_contents, manifests, model_links
from podium.store.artifact_contents import Content
from podium.store.transaction import Tx


class _Wanted(msgspec.Struct, frozen=True):
    """A version without a list, its files, and the MD5s of those bytes that are known."""

    team_id: int
    version: Version
    files: list[ManifestEntry]
    known: dict[str, str]
    location: str


class MadeListings:
    """Makes what is missing, once: the bytes are read for their MD5."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._running: dict[int, asyncio.Task[None]] = {}

    async def ensure(self, actor: Actor, version_id: int) -> None:
        """See to it that a committed version has a list of its files."""
        if await self._ask(actor, version_id) is None:
            return
        task = self._running.get(version_id)
        if task is None:
            task = self._running[version_id] = asyncio.create_task(self._make(actor, version_id))
            task.add_done_callback(lambda done: self._forget(version_id, done))
        await asyncio.shield(task)  # who goes away leaves it to the others

    def _forget(self, version_id: int, done: asyncio.Task[None]) -> None:
        del self._running[version_id]
        if not done.cancelled():
            done.exception()  # whoever still waits is told; perhaps nobody does

    async def _ask(self, actor: Actor, version_id: int) -> _Wanted | None:
        return await self._context.store.read(lambda tx: self._wanted(tx, actor, version_id))

    async def _make(self, actor: Actor, version_id: int) -> None:
        wanted = await self._ask(actor, version_id)  # anew: another task may have ended meanwhile
        if wanted is None:
            return
        md5s = wanted.known | await self._digest(wanted)
        text = _listing(wanted, md5s)
        blob = await self._context.blobs.put(_once(text))
        md5 = hashlib.md5(text, usedforsecurity=False).hexdigest()
        await self._context.store.write(
            lambda tx: self._keep(tx, wanted, md5s, Content(md5, blob.digest, blob.size_bytes))
        )

    def _wanted(self, tx: Tx, actor: Actor, version_id: int) -> _Wanted | None:
        team, version = require_version(self._context, tx, actor, version_id)
        if version.listing is not None or version.state != "COMMITTED":
            return None
        files = [] if version.manifest_id is None else manifests.select_entries(tx, version.manifest_id)
        known = artifact_contents.select_md5s(tx, team, sorted({file.digest for file in files}))
        return _Wanted(team, version, files, known, model_links.find_location(tx, version_id) or "")

    async def _digest(self, wanted: _Wanted) -> dict[str, str]:
        unknown = sorted({file.digest for file in wanted.files} - wanted.known.keys())
        return {digest: md5 async for digest, md5 in in_parallel(_each(unknown), self._md5)}

    async def _md5(self, digest: str) -> tuple[str, str]:
        md5 = hashlib.md5(usedforsecurity=False)
        async for piece in self._context.blobs.open_range(digest):
            await asyncio.to_thread(md5.update, piece)
        return digest, md5.hexdigest()

    def _keep(self, tx: Tx, wanted: _Wanted, md5s: dict[str, str], listing: Content) -> None:
        at = self._context.clock()
        for file in {file.digest: file for file in wanted.files}.values():
            content = Content(md5s[file.digest], file.digest, file.size_bytes)
            artifact_contents.upsert_content(tx, wanted.team_id, content, file.path, at)
        artifact_contents.upsert_content(tx, wanted.team_id, listing, "wandb_manifest.json", at)
        model_links.update_listing(tx, wanted.version.id, listing.md5)


def _listing(wanted: _Wanted, md5s: dict[str, str]) -> bytes:
    key = wanted.version.id
    if wanted.version.manifest_id is None:
        return listing_of_reference(wanted.location)
    return listing_of_files(key, [(file.path, md5s[file.digest], file.size_bytes) for file in wanted.files])


async def _once(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def _each(digests: list[str]) -> AsyncIterator[str]:
    for digest in digests:
        yield digest
