"""Large files of artifacts, uploaded in parts: each is checked by its MD5, and what they make by the MD5 of the whole.

The tokens say all that there is to know of such an upload, so that nothing is noted of it before it is complete.
"""

import asyncio
import re
from collections.abc import AsyncIterable, Sequence
from contextlib import suppress

import msgspec

from podium.blobs.base import Blobs
from podium.blobs.parts import MAX_PART_NUMBER
from podium.domain.access import Actor
from podium.errors import InvalidArgument, NotFound
from podium.services.artifact_access import require_version
from podium.services.artifact_contents import ArtifactContents, UploadGrant
from podium.services.context import Context
from podium.services.signed_urls import VALID_MS, SignedUrls
from podium.store.artifact_contents import Content, renew_contents
from podium.store.transaction import Tx

# Parts, of 100 MiB as the client makes them, up to which a file comes as one piece where they would be copied: beyond,
# more is lost when a connection breaks than is won.
MAX_WHOLE = 80

_MD5 = re.compile(r"[0-9a-f]{32}", re.ASCII)

# The number and the etag of each part, in ascending order.
Etags = tuple[tuple[int, str], ...]


class PartGrant(msgspec.Struct, frozen=True, array_like=True):
    """May put a part, which has this MD5, of an upload."""

    upload_id: str
    number: int
    md5: str


class PartsGrant(msgspec.Struct, frozen=True, array_like=True):
    """Names an upload, and the bytes of a team that its parts are to make."""

    upload_id: str
    team_id: int
    md5: str
    path: str


class PartTargets(msgspec.Struct, frozen=True):
    """Where the parts go, in order: to URLs of the store itself, or through this server, with a token each."""

    token: str  # what `complete` takes
    urls: Sequence[str] = ()
    tokens: Sequence[str] = ()


class ArtifactParts:
    """What may be done with uploads in parts."""

    def __init__(self, context: Context, urls: SignedUrls, contents: ArtifactContents) -> None:
        self._context, self._urls, self._contents = context, urls, contents
        self._joining: dict[tuple[PartsGrant, Etags], asyncio.Task[None]] = {}

    def pays(self, count: int) -> bool:
        """Whether a file of so many parts is better sent in parts than as one piece."""
        return not self._blobs.copies_parts or count > MAX_WHOLE

    async def open(self, upload_token: str, parts: Sequence[tuple[int, str]]) -> PartTargets:
        """Begin an upload of what a token of `ArtifactContents.offer` is for, in parts of these numbers and MD5s."""
        whole = self._urls.read(upload_token, UploadGrant)
        _check(whole.path, parts)
        upload_id = await self._blobs.open_upload()
        token = self._urls.sign(PartsGrant(upload_id, whole.team_id, whole.md5, whole.path))
        urls = await self._blobs.presign_parts(upload_id, len(parts), expires_s=VALID_MS // 1000)
        if urls is None or any(url.headers for url in urls):  # this client can send no headers of the store's own
            return PartTargets(token, tokens=[self._urls.sign(PartGrant(upload_id, *part)) for part in parts])
        return PartTargets(token, urls=[url.url for url in urls])

    async def put(self, token: str, chunks: AsyncIterable[bytes], size_bytes: int | None) -> str:
        """Store the part that a token is for, and return its etag. It may be sent again.

        Raises PermissionDenied, DigestMismatch for other bytes than announced, and NotFound once the upload has ended.
        """
        grant = self._urls.read(token, PartGrant)
        part = await self._blobs.put_part(
            grant.upload_id, grant.number, chunks, expected_bytes=size_bytes, expected_md5=grant.md5
        )
        return part.etag

    async def complete(self, actor: Actor, version_id: int, token: str, parts: Sequence[tuple[int, str]]) -> None:
        """Make the parts, numbers and etags, the bytes that the upload was begun for. It may be asked for again.

        Raises DigestMismatch when they make others, InvalidArgument for parts that did not come, and NotFound.
        """
        grant = self._urls.read(token, PartsGrant)
        if await self._is_kept(actor, version_id, grant):
            return
        try:
            await self._join_once(grant, tuple(sorted(parts)))
        except NotFound:
            if not await self._is_kept(actor, version_id, grant):  # another server may have ended it meanwhile
                raise

    @property
    def _blobs(self) -> Blobs:
        return self._context.blobs

    async def _is_kept(self, actor: Actor, version_id: int, grant: PartsGrant) -> bool:
        """Whether the team has the bytes already. Raises NotFound for a version that is not the team's."""

        def work(tx: Tx) -> bool:
            team, _ = require_version(self._context, tx, actor, version_id)
            if team != grant.team_id:
                raise NotFound(f"There is no such upload for the artifact with the number {version_id}.")
            return bool(renew_contents(tx, team, [grant.md5], self._context.clock()))

        kept = await self._context.store.write(work, brief=True)
        if kept:
            await self._drop(grant)
        return kept

    async def _join_once(self, grant: PartsGrant, parts: Etags) -> None:
        """The client asks again after half a minute, which may be too short: the second waits with the first."""
        joining = self._joining.get((grant, parts))
        if joining is None:
            joining = self._joining[grant, parts] = asyncio.create_task(self._join(grant, parts))
            joining.add_done_callback(lambda done: self._forget((grant, parts), done))
        await asyncio.shield(joining)

    def _forget(self, joined: tuple[PartsGrant, Etags], done: asyncio.Task[None]) -> None:
        del self._joining[joined]
        if not done.cancelled():
            done.exception()  # whoever still waits is told; perhaps nobody does

    async def _join(self, grant: PartsGrant, parts: Etags) -> None:
        blob = await self._blobs.complete_upload(grant.upload_id, parts, expected_md5=grant.md5, keep_parts=True)
        await self._contents.keep(grant.team_id, Content(grant.md5, blob.digest, blob.size_bytes), grant.path)
        await self._drop(grant)

    async def _drop(self, grant: PartsGrant) -> None:
        with suppress(NotFound):
            await self._blobs.abort_upload(grant.upload_id)


def _check(path: str, parts: Sequence[tuple[int, str]]) -> None:
    if [number for number, _ in parts] != list(range(1, len(parts) + 1)) or len(parts) > MAX_PART_NUMBER:
        raise InvalidArgument(
            f"The parts of '{path}' are not numbered in order: expected 1, 2 and so on, up to {MAX_PART_NUMBER}."
        )
    for number, md5 in parts:
        if not _MD5.fullmatch(md5):
            raise InvalidArgument(f"Part {number} of '{path}' has no MD5: expected 32 lower-case hexadecimal digits.")
