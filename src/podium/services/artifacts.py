"""Files: put, read, listed, deleted and restored in the tree of a team; those of registered versions are only read."""

from collections.abc import AsyncIterable, AsyncIterator

import msgspec

from podium.blobs.base import Blob, Part, PartUrl
from podium.domain.access import Actor
from podium.domain.events import Change
from podium.domain.locations import parse_registry_path, proxied_path, team_path
from podium.domain.manifests import ManifestEntry
from podium.domain.trees import Child
from podium.errors import InvalidArgument, InvalidState, NotFound
from podium.services.context import Context
from podium.services.file_owners import Owner, root_uri
from podium.store import artifacts as rows
from podium.store.manifests import find_version_manifest
from podium.store.transaction import Tx
from podium.store.trees import Tree, find_file, is_folder, manifest_tree, select_children, team_tree


class Listing(msgspec.Struct, frozen=True):
    """What lies directly within a folder of an owner whose files are at `root_uri`."""

    root_uri: str
    children: list[Child]


class Artifacts:
    """What the actor may do with files of its team. A path is in normal form, "" is the root of the tree."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def put(self, actor: Actor, path: str, chunks: AsyncIterable[bytes], size_bytes: int | None = None) -> None:
        """Store a file, in place of what the path holds. A body that breaks off leaves nothing visible.

        Raises InvalidArgument where a folder is, or a file that would have to be a folder.
        """
        place = _writable(actor, path)
        await self._context.require_write(actor)
        blob = await self._context.blobs.put(chunks, expected_bytes=size_bytes)
        await self._refer(actor, place, blob)

    async def put_of(self, actor: Actor, owner: Owner, path: str, chunks: AsyncIterable[bytes]) -> None:
        """Store a file below the folder of a run, logged model or version."""
        folder = await self._context.store.read(lambda tx: self._folder(tx, actor, owner)[1])
        await self.put(actor, f"{folder}/{path}", chunks)

    async def get(self, actor: Actor, path: str) -> ManifestEntry:
        """The file at a path. Raises NotFound, and InvalidArgument for a folder."""
        return await self._context.store.read(lambda tx: self._file(tx, actor, path))

    async def get_of(self, actor: Actor, owner: Owner, path: str) -> ManifestEntry:
        """The file at a path within the folder of a run, logged model or version."""

        def work(tx: Tx) -> ManifestEntry:
            return self._file(tx, actor, _below(self._folder(tx, actor, owner)[1], path))

        return await self._context.store.read(work)

    def read(self, file: ManifestEntry, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of a file from `start` up to, not including, `end`."""
        return self._context.blobs.open_range(file.digest, start, end)

    @property
    def direct(self) -> bool:
        """Whether clients can read and write files where they are stored, past this server."""
        return self._context.blobs.direct

    async def direct_url(self, file: ManifestEntry, expires_s: int) -> str | None:
        """A URL of the store itself that gives the file's bytes; None where they come through this server."""
        return await self._context.blobs.presign(file.digest, expires_s=expires_s)

    async def list_folder(self, actor: Actor, path: str) -> list[Child]:
        """What lies directly within a folder, in order; nothing when there is no such folder."""
        return await self._context.store.read(lambda tx: self._children(tx, actor, path))

    async def list_of(self, actor: Actor, owner: Owner, path: str) -> Listing:
        """What lies directly within a folder of a run, logged model or version."""

        def work(tx: Tx) -> Listing:
            uri, folder = self._folder(tx, actor, owner)
            return Listing(uri, self._children(tx, actor, _below(folder, path)))

        return await self._context.store.read(work)

    async def delete(self, actor: Actor, path: str) -> None:
        """Delete a file, or a folder with everything in it; `restore` brings it back. Raises NotFound."""
        place = _writable(actor, path)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            at = self._context.clock()
            rows.lock_place(tx, team, place)
            count = rows.delete_files(tx, team, place, at)
            if not count:
                raise _absent(path)
            change = Change("artifact", place, place, "delete", {"files": count})
            self._context.record(tx, actor, team, change, at=at)

        await self._context.store.write(work)

    async def restore(self, actor: Actor, path: str) -> int:
        """Bring back what was deleted last at each path at or below `path`, unless a file lives there now.

        Returns how many files came back. Raises NotFound when there is none to bring back.
        """
        place = _writable(actor, path)

        def work(tx: Tx) -> int:
            team = self._context.team_id(tx, actor)
            at = self._context.clock()
            rows.lock_place(tx, team, place)
            count = sum(_put_back(tx, team, key, file, at) for key, file in rows.restorable_files(tx, team, place))
            if not count:
                raise NotFound(f"No deleted artifact can be restored at '{path}'")
            change = Change("artifact", place, place, "restore", None, {"files": count})
            self._context.record(tx, actor, team, change, at=at)
            return count

        return await self._context.store.write(work)

    async def open_upload(self, actor: Actor, path: str) -> str:
        """Begin an upload in parts of the file at `path`; its id is all that a sender of parts needs to know."""
        _writable(actor, path)
        await self._context.require_write(actor)
        return await self._context.blobs.open_upload()

    async def part_urls(self, actor: Actor, upload_id: str, count: int, expires_s: int) -> list[PartUrl] | None:
        """Where to PUT the parts in the store itself; None where they go through this server."""
        await self._context.require_write(actor)
        return await self._context.blobs.presign_parts(upload_id, count, expires_s=expires_s)

    async def put_part(self, actor: Actor, upload_id: str, number: int, chunks: AsyncIterable[bytes]) -> str:
        """Store a part; returns its etag. Raises NotFound for an upload that is not open."""
        await self._context.require_write(actor)
        return (await self._context.blobs.put_part(upload_id, number, chunks)).etag

    async def list_parts(self, actor: Actor, upload_id: str) -> list[Part]:
        """The parts received so far, by number: what a sender that takes an upload up again need not send.

        Raises NotFound for an upload that is not open.
        """
        await self._context.require_write(actor)
        return await self._context.blobs.list_parts(upload_id)

    async def complete_upload(self, actor: Actor, path: str, upload_id: str, parts: list[tuple[int, str]]) -> None:
        """Make the parts, numbers and etags, the file at `path`."""
        place = _writable(actor, path)
        await self._context.require_write(actor)
        await self._refer(actor, place, await self._context.blobs.complete_upload(upload_id, parts))

    async def abort_upload(self, actor: Actor, upload_id: str) -> None:
        """Drop an upload and its parts. Raises NotFound for one that is not open."""
        await self._context.require_write(actor)
        await self._context.blobs.abort_upload(upload_id)

    async def _refer(self, actor: Actor, place: str, blob: Blob) -> None:
        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            rows.lock_place(tx, team, place)
            _check_room(tx, team, place)
            rows.upsert_file(tx, team, ManifestEntry(place, blob.digest, blob.size_bytes), self._context.clock())

        await self._context.store.write(work, brief=True)

    def _file(self, tx: Tx, actor: Actor, path: str) -> ManifestEntry:
        tree, place = self._tree(tx, actor, path)
        found = find_file(tx, tree, place)
        if found is None and is_folder(tx, tree, place):
            raise InvalidArgument(f"Artifact path refers to a directory, not a file: '{path}'")
        if found is None:
            raise _absent(path)
        return found

    def _children(self, tx: Tx, actor: Actor, path: str) -> list[Child]:
        tree, place = self._tree(tx, actor, path)
        return select_children(tx, tree, place)

    def _tree(self, tx: Tx, actor: Actor, path: str) -> tuple[Tree, str]:
        return find_tree(tx, self._context.team_id(tx, actor), actor.team, path)

    def _folder(self, tx: Tx, actor: Actor, owner: Owner) -> tuple[str, str]:
        """Where the owner's files are: as a URI, and in the tree. Raises InvalidArgument when it is elsewhere."""
        uri = root_uri(tx, self._context.team_id(tx, actor), owner)
        folder = proxied_path(uri)
        if folder is None:
            raise InvalidArgument(
                f"The artifacts are at '{uri}', outside this server, which can neither list nor serve them. "
                "Read them where they are, with a client that has access there."
            )
        return uri, folder


def find_tree(tx: Tx, team_id: int, team: str, path: str) -> tuple[Tree, str]:
    """The tree that a path of the team lies in, and where in it. Raises NotFound for an unknown version's files."""
    registered = parse_registry_path(path)
    if registered is None:
        return team_tree(team_id), team_path(team, path)
    manifest = find_version_manifest(tx, team_id, registered[0])
    if manifest is None:
        raise NotFound(f"No registered model version of this server has the files '{path}'")
    return manifest_tree(manifest), registered[1]


def _writable(actor: Actor, path: str) -> str:
    if parse_registry_path(path) is not None:
        raise InvalidState(
            f"'{path}' belongs to the registered model versions, whose files never change: "
            "log the files to a run and register a new version."
        )
    return team_path(actor.team, path)


def _put_back(tx: Tx, team: int, key: int, file: ManifestEntry, at: int) -> bool:
    _check_room(tx, team, file.path)
    if not rows.take_deleted(tx, key):
        return False
    rows.upsert_file(tx, team, file, at)
    return True


def _check_room(tx: Tx, team: int, place: str) -> None:
    obstacle = rows.find_obstacle(tx, team, place)
    if obstacle is None:
        return
    if obstacle.startswith(f"{place}/"):
        raise InvalidArgument(f"'{place}' is a folder (it holds '{obstacle}'): a file cannot take its place.")
    raise InvalidArgument(f"'{obstacle}' is a file: it cannot hold '{place}' as a folder would.")


def _below(folder: str, path: str) -> str:
    return "/".join(filter(None, (folder, path)))


def _absent(path: str) -> NotFound:
    return NotFound(f"No such artifact: '{path}'")
