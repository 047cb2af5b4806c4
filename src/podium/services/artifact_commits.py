"""Committing a version: its lists become one, every file of it has to be there, and it gets its number and aliases."""

import hashlib
from collections.abc import AsyncIterator, Mapping

import msgspec

from podium.domain.access import Actor
from podium.domain.artifact_collections import ListedFile, Version, check_region
from podium.domain.artifact_listings import Entry, Listing, digest_of, md5_of, merged
from podium.domain.events import Change
from podium.domain.manifests import Manifest, ManifestEntry, normalize_path
from podium.errors import DigestMismatch, InvalidArgument, InvalidState, NotFound, TooLarge
from podium.services.artifact_access import load_versions, name_of, require_version
from podium.services.artifact_aliases import point_aliases
from podium.services.artifact_contents import ArtifactContents
from podium.services.context import Context
from podium.store import (
    artifact_collections,
    artifact_contents,
    artifact_memberships,
    artifact_twins,
    artifact_versions,
)
from podium.store.artifact_contents import Content
from podium.store.manifests import insert_manifest
from podium.store.transaction import Tx

# Some million files: a list is held in memory while it is committed.
MAX_LISTING_BYTES = 256 << 20
_NAMED = 5


class _Parts(msgspec.Struct, frozen=True):
    """What a version is to be made of, told in an order in which later entries stand."""

    team_id: int
    version: Version
    texts: tuple[Content, ...]
    alone: bool  # one full list: it is what the client computed the digest of


class _Whole(msgspec.Struct, frozen=True):
    """The one list that a version gets."""

    listing_md5: str
    entries: dict[str, Entry]
    digest: str


class ArtifactCommits:
    """How versions become what they stay."""

    def __init__(self, context: Context, contents: ArtifactContents) -> None:
        self._context, self._contents = context, contents

    async def commit(self, actor: Actor, version_id: int) -> Version:
        """The version, committed; or the one with the same content that was committed since it was begun.

        One that is committed already stays as it is.

        Raises InvalidState naming files that were never uploaded, and DigestMismatch when the list is not the one that
        was announced.
        """
        parts = await self._context.store.read(lambda tx: self._parts(tx, actor, version_id))
        if parts.version.state == "COMMITTED":
            return parts.version
        whole = await self._merge(parts)
        if parts.alone and whole.digest != parts.version.digest:
            raise DigestMismatch(
                f"The manifest of '{name_of(parts.version)}' has the digest {whole.digest}, not "
                f"{parts.version.digest} as announced."
            )
        return await self._context.store.write(lambda tx: self._commit(tx, actor, parts, whole))

    def _parts(self, tx: Tx, actor: Actor, version_id: int) -> _Parts:
        team, version = require_version(self._context, tx, actor, version_id)
        if version.state == "DELETED":
            raise InvalidState(f"The artifact '{name_of(version)}' is deleted: it cannot be committed.")
        listings = artifact_contents.select_listings(tx, version_id)
        full = [row for row in listings if row.kind == "FULL"][-1:]
        bases = [row.base_id for row in listings if row.kind == "INCREMENTAL" and row.base_id is not None][:1]
        named = [each.listing for each in artifact_versions.load_versions(tx, bases) if each.listing]
        if version.state == "PENDING" and len(named) < len(bases):
            raise InvalidState(f"The artifact '{name_of(version)}' adds to one that is not committed, or gone.")
        md5s = [full[0].md5] if full else [*named, *(row.md5 for row in listings if row.md5)]
        if version.state == "PENDING" and not all(md5s or [""]):
            raise InvalidState(f"The artifact '{name_of(version)}' has no manifest: upload it before the commit.")
        known = artifact_contents.select_contents(tx, team, [md5 for md5 in md5s if md5])
        missing = [md5 for md5 in md5s if md5 and md5 not in known]
        if missing and version.state == "PENDING":
            raise InvalidState(f"The manifest of '{name_of(version)}' with the MD5 {missing[0]} was never uploaded.")
        texts = tuple(known[md5] for md5 in md5s if md5 in known)
        return _Parts(team, version, texts, bool(full))

    async def _merge(self, parts: _Parts) -> _Whole:
        listings = [Listing.parse(await self._text(content)) for content in parts.texts]
        whole = merged(listings)
        check_region(whole.storage_policy_config.get("storageRegion"))
        entries = whole.entries()
        if len(listings) == 1:
            return _Whole(parts.texts[0].md5, entries, digest_of(entries))
        return _Whole(await self._store(parts.team_id, whole.encode()), entries, digest_of(entries))

    async def _text(self, content: Content) -> bytes:
        if content.size_bytes > MAX_LISTING_BYTES:
            raise TooLarge(f"The manifest has {content.size_bytes} bytes; at most {MAX_LISTING_BYTES} are read.")
        return b"".join([piece async for piece in self._context.blobs.open_range(content.digest)])

    async def _store(self, team_id: int, text: bytes) -> str:
        md5 = hashlib.md5(text, usedforsecurity=False).hexdigest()
        blob = await self._context.blobs.put(_once(text))
        await self._contents.keep(team_id, Content(md5, blob.digest, blob.size_bytes), "wandb_manifest.json")
        return md5

    def _commit(self, tx: Tx, actor: Actor, parts: _Parts, whole: _Whole) -> Version:
        version, at = parts.version, self._context.clock()
        state, pending = artifact_versions.lock_pending(tx, version.id) or ("DELETED", "[]")
        same = artifact_twins.find_same(tx, version.id) if state == "DELETED" else None
        if state == "DELETED" and same is None:
            raise NotFound(f"The artifact '{name_of(version)}' was deleted meanwhile.")
        if state == "PENDING":
            same = self._same(tx, parts, whole)
            if same is None:
                self._fill(tx, parts, whole, at)
                self._number(tx, actor, parts.team_id, version, at)
            else:
                artifact_twins.merge_into(tx, version.id, same, at)
            aliases = msgspec.json.decode(pending, type=list[str])
            point_aliases(self._context, tx, actor, parts.team_id, version.sequence, same or version.id, aliases, at)
        return load_versions(self._context, tx, actor, [same or version.id])[0]

    def _same(self, tx: Tx, parts: _Parts, whole: _Whole) -> int | None:
        """The version that was committed meanwhile with the content of this one, unless both are to be there."""
        if not parts.alone or artifact_twins.is_kept(tx, parts.version.id):
            return None
        artifact_collections.lock_collection(tx, parts.version.sequence.id)
        return artifact_versions.find_committed(tx, parts.version.sequence.id, whole.digest)

    def _fill(self, tx: Tx, parts: _Parts, whole: _Whole, at: int) -> None:
        files = _files(tx, parts, whole.entries)
        artifact_contents.insert_references(tx, parts.version.id, _references(whole.entries))
        sizes = {file.path: file.size_bytes for file in files}
        artifact_versions.update_committed(
            tx,
            parts.version.id,
            digest=whole.digest,
            listing=whole.listing_md5,
            manifest_id=insert_manifest(tx, Manifest.of(files), at) if files else None,
            size_bytes=sum(sizes.get(path, entry.size or 0) for path, entry in whole.entries.items()),
            file_count=len(whole.entries),
            at=at,
        )

    def _number(self, tx: Tx, actor: Actor, team: int, version: Version, at: int) -> None:
        sequence = version.sequence
        number = artifact_collections.take_number(tx, sequence.id)
        artifact_memberships.insert_membership(tx, sequence.id, version.id, number, at)
        place = sequence.place
        name = f"{place.team}/{place.project}/{sequence.name}:v{number}"
        change = Change("artifact_version", str(version.id), name, "create", None, {"digest": version.digest})
        self._context.record(tx, actor, team, change, at=at)


def _files(tx: Tx, parts: _Parts, entries: Mapping[str, Entry]) -> list[ManifestEntry]:
    """The files among the entries, all of which have to be there."""
    md5s = {path: md5_of(entry.digest) for path, entry in entries.items() if entry.ref is None}
    known = artifact_contents.select_contents(tx, parts.team_id, sorted(set(md5s.values())), keep=True)
    missing = sorted(path for path, md5 in md5s.items() if md5 not in known)
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise InvalidState(
            f"The artifact '{name_of(parts.version)}' names files that were never uploaded: "
            f"{', '.join(repr(path) for path in missing[:_NAMED])}{more}."
        )
    return [ManifestEntry(path, known[md5].digest, known[md5].size_bytes) for path, md5 in md5s.items()]


def _references(entries: Mapping[str, Entry]) -> list[ListedFile]:
    """What is elsewhere among the entries. Clients write it to the paths, too: they are those of files."""
    for path, entry in entries.items():
        if entry.ref is not None:
            normalize_path(path)
        if entry.size is not None and entry.size < 0:
            raise InvalidArgument(f"The size of '{path}' is {entry.size}: a number of bytes is expected.")
    return [
        ListedFile(path, entry.digest, entry.size or 0, url=entry.ref)
        for path, entry in entries.items()
        if entry.ref is not None
    ]


async def _once(text: bytes) -> AsyncIterator[bytes]:
    yield text
