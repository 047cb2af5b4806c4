"""The tree of files of a team: who reaches what, what stays, and what comes back."""

import asyncio

import pytest

from podium.domain.access import Actor
from podium.domain.manifests import Manifest
from podium.errors import InvalidArgument, InvalidState, NotFound, PodiumError
from podium.services.artifacts import Artifacts
from podium.store.artifacts import keep_files
from podium.store.manifests import insert_manifest, select_entries
from support.files import body, context_of

ANN = Actor("ann")
RED = Actor("ann", "red")


@pytest.fixture
def context(store, tmp_path):
    context, _ = context_of(store, tmp_path)
    asyncio.run(store.write(lambda tx: tx.run("INSERT INTO teams (name, created_at, updated_at) VALUES ('red', 0, 0)")))
    yield context
    context.blobs.close()


@pytest.fixture
def artifacts(context):
    return Artifacts(context)


def names(children):
    return [child.name + "/" * child.is_folder for child in children]


async def content(artifacts, actor, path):
    return b"".join([chunk async for chunk in artifacts.read(await artifacts.get(actor, path))])


async def register(context, folder, team=1):
    """A version of the files in `folder`; its key."""

    def work(tx):
        manifest = insert_manifest(tx, Manifest.of(keep_files(tx, team, folder)), 5)
        model = tx.value(
            "INSERT INTO registered_models (team_id, name, next_version, created_at, updated_at)"
            " VALUES (:team, :name, 2, 5, 5) RETURNING id",
            team=team,
            name=folder,
        )
        return tx.value(
            "INSERT INTO model_versions (model_id, version, source, location, stage, status, manifest_id, created_at,"
            " updated_at) VALUES (:model, 1, '', '', 'None', 'READY', :manifest, 5, 5) RETURNING id",
            model=model,
            manifest=manifest,
        )

    return await context.store.write(work)


def test_listing_shows_what_lies_directly_within(artifacts):
    async def story():
        for path in ("a/b/c", "a/b/d", "a/b.txt", "a/ünï", "a-b", "a0", "z"):
            await artifacts.put(ANN, path, body(path.encode()))
        assert names(await artifacts.list_folder(ANN, "")) == ["a/", "a-b", "a0", "z"]
        assert names(await artifacts.list_folder(ANN, "a")) == ["b/", "b.txt", "ünï"]
        assert [child.size_bytes for child in await artifacts.list_folder(ANN, "a")] == [None, 7, 7]
        assert names(await artifacts.list_folder(ANN, "a/b/c")) == []

    asyncio.run(story())


def test_a_team_has_a_tree_of_its_own(artifacts):
    async def story():
        await artifacts.put(ANN, "1/file", body(b"default"))
        await artifacts.put(RED, "1/file", body(b"red"))
        assert await content(artifacts, RED, "1/file") == b"red"
        assert await content(artifacts, RED, "workspaces/red/1/file") == b"red"
        assert await content(artifacts, ANN, "1/file") == b"default"
        assert names(await artifacts.list_folder(RED, "")) == ["1/"]
        for path in ("workspaces/red/1/file", "workspaces", "workspaces/blue/x"):
            for call in (artifacts.get, artifacts.list_folder, artifacts.delete):
                with pytest.raises(InvalidArgument, match="workspace"):
                    await call(ANN, path)
        with pytest.raises(InvalidArgument, match="workspace"):
            await artifacts.put(ANN, "workspaces/red/1/file", body(b"evil"))
        with pytest.raises(NotFound, match="Workspace 'blue'"):
            await artifacts.put(Actor("ann", "blue"), "x", body(b""))

    asyncio.run(story())


def test_a_registered_version_keeps_its_files(context, artifacts):
    async def story():
        await artifacts.put(ANN, "run/model/MLmodel", body(b"registered"))
        await artifacts.put(ANN, "run/model/data/x.bin", body(b"bytes"))
        key = await register(context, "run/model")
        await artifacts.put(ANN, "run/model/MLmodel", body(b"overwritten"))
        await artifacts.delete(ANN, "run/model/data")
        assert await content(artifacts, ANN, f"registry/{key}/MLmodel") == b"registered"
        assert await content(artifacts, ANN, f"registry/{key}/data/x.bin") == b"bytes"
        assert names(await artifacts.list_folder(ANN, f"registry/{key}")) == ["MLmodel", "data/"]
        assert names(await artifacts.list_folder(ANN, f"registry/{key}/data")) == ["x.bin"]
        for path in (f"registry/{key}/MLmodel", f"registry/{key}", "registry", "registry/new"):
            with pytest.raises(InvalidState, match="never change"):
                await artifacts.put(ANN, path, body(b"evil"))
            with pytest.raises(InvalidState, match="never change"):
                await artifacts.delete(ANN, path)
        for actor, path in ((RED, f"registry/{key}/MLmodel"), (ANN, "registry/999/x"), (ANN, f"registry/{key}/none")):
            with pytest.raises(NotFound):
                await artifacts.get(actor, path)

    asyncio.run(story())


def test_equal_files_make_one_manifest_and_one_blob(context, artifacts):
    async def story():
        for folder in ("one", "two"):
            await artifacts.put(ANN, f"{folder}/file", body(b"same"))
            await register(context, folder)
        assert await context.store.read(lambda tx: tx.value("SELECT COUNT(*) FROM manifests")) == 1
        assert len([blob async for blob in context.blobs.list_blobs()]) == 1
        [entry] = await context.store.read(lambda tx: select_entries(tx, tx.value("SELECT id FROM manifests")))
        assert (entry.path, entry.size_bytes) == ("file", 4)

    asyncio.run(story())


def test_deleted_and_replaced_files_come_back(context, artifacts):
    async def story():
        await artifacts.put(ANN, "f/a", body(b"first"))
        await artifacts.put(ANN, "f/a", body(b"second"))
        await artifacts.put(ANN, "f/b", body(b"b"))
        await artifacts.delete(ANN, "f")
        assert await artifacts.restore(ANN, "f") == 2
        assert await content(artifacts, ANN, "f/a") == b"second"
        assert await content(artifacts, ANN, "f/b") == b"b"
        with pytest.raises(NotFound, match="restored"):
            await artifacts.restore(ANN, "f")
        await artifacts.delete(ANN, "f/a")
        await artifacts.put(ANN, "f/a/below", body(b"folder now"))
        with pytest.raises(InvalidArgument, match="folder"):
            await artifacts.restore(ANN, "f/a")
        actions = await context.store.read(
            lambda tx: [row[0] for row in tx.all("SELECT action FROM events WHERE entity = 'artifact' ORDER BY seq")]
        )
        assert actions == ["delete", "restore", "delete"]

    asyncio.run(story())


def test_a_body_that_breaks_off_leaves_nothing(context, artifacts):
    async def broken():
        yield b"x" * 1000
        raise ConnectionError

    async def story():
        with pytest.raises(ConnectionError):
            await artifacts.put(ANN, "a", broken())
        with pytest.raises(PodiumError):
            await artifacts.put(ANN, "a", body(b"short"), 10)
        assert await artifacts.list_folder(ANN, "") == []
        assert [blob async for blob in context.blobs.list_blobs()] == []

    asyncio.run(story())
