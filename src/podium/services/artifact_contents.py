"""The bytes of artifacts: put once a team under the MD5 that clients know them by, and read by signed URLs."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import suppress

import msgspec

from podium.domain.access import Actor
from podium.domain.manifests import ManifestEntry
from podium.errors import DigestMismatch, NotFound
from podium.services.artifact_access import require_collection_named, require_version
from podium.services.context import Context
from podium.services.signed_urls import SignedUrls
from podium.store import artifact_contents as rows
from podium.store.artifact_contents import Content
from podium.store.transaction import Tx


class UploadGrant(msgspec.Struct, frozen=True, array_like=True):
    """May put the bytes with this MD5, which belong to a team."""

    team_id: int
    md5: str
    path: str


class ArtifactContents:
    """What may be done with the bytes of artifacts."""

    def __init__(self, context: Context, urls: SignedUrls) -> None:
        self._context, self._urls = context, urls

    async def offer(self, actor: Actor, version_id: int, files: Sequence[tuple[str, str]]) -> list[str | None]:
        """For each (path, MD5) of a pending version the token to put it with; None where the team has the bytes."""

        def work(tx: Tx) -> tuple[int, set[str]]:
            team, _ = require_version(self._context, tx, actor, version_id)
            md5s = sorted({md5 for _, md5 in files})
            tx.expect(len(md5s))
            return team, rows.renew_contents(tx, team, md5s, self._context.clock())

        team, known = await self._context.store.write(work, brief=True)
        return [None if md5 in known else self.upload_token(team, md5, path) for path, md5 in files]

    def upload_token(self, team_id: int, md5: str, path: str) -> str:
        """What `put` takes."""
        return self._urls.sign(UploadGrant(team_id, md5, path))

    async def put(self, token: str, chunks: AsyncIterable[bytes], size_bytes: int | None) -> None:
        """Store what a token is for. Raises PermissionDenied, and DigestMismatch for other bytes than announced."""
        grant = self._urls.read(token, UploadGrant)
        blob = await self._context.blobs.put(chunks, expected_bytes=size_bytes, expected_md5=grant.md5)
        content = Content(grant.md5, blob.digest, blob.size_bytes)
        await self.keep(grant.team_id, content, grant.path)

    async def keep(self, team_id: int, content: Content, path: str) -> None:
        """Note which bytes an MD5 stands for. Raises DigestMismatch when it stands for others already."""

        def work(tx: Tx) -> None:
            kept = rows.upsert_content(tx, team_id, content, path, self._context.clock())
            if kept != content.digest:
                raise DigestMismatch(
                    f"'{path}' has the MD5 {content.md5} of other bytes that are stored already: the two files were "
                    "made to be confused, and only the first is kept."
                )

        await self._context.store.write(work, brief=True)

    async def file_of(self, actor: Actor, project: str, collection: str, md5: str, name: str) -> ManifestEntry:
        """The file with this MD5 that some version in a collection has. Raises NotFound."""

        def work(tx: Tx) -> ManifestEntry:
            _, found = require_collection_named(self._context, tx, actor, project, collection)
            for version, content in rows.select_listed_contents(tx, found.id, md5):
                with suppress(NotFound):  # a link may outlive the right to see what it leads to
                    require_version(self._context, tx, actor, version)
                    return ManifestEntry(name, content.digest, content.size_bytes)
            raise NotFound(f"No version of the artifact '{collection}' has a file with the MD5 {md5}.")

        return await self._context.store.read(work)

    async def file_of_team(self, actor: Actor, md5: str) -> ManifestEntry:
        """The bytes of a team with this MD5. Raises NotFound."""

        def work(tx: Tx) -> ManifestEntry:
            team = self._context.team_id(tx, actor)
            content = rows.select_contents(tx, team, [md5]).get(md5)
            if content is None:
                raise NotFound(f"The entity '{actor.team}' has no file with the MD5 {md5}.")
            return ManifestEntry(md5, content.digest, content.size_bytes)

        return await self._context.store.read(work)

    def read(self, file: ManifestEntry, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a file from `start` up to, not including, `end`."""
        return self._context.blobs.open_range(file.digest, start, end)
