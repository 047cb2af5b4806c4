"""Garbage collection: what goes, what stays, and that it can be stopped anywhere."""

import asyncio

import pytest

from podium.domain.access import Actor
from podium.domain.manifests import Manifest
from podium.services.artifacts import Artifacts
from podium.services.projects import Projects
from podium.services.retention import Collected, Retention
from podium.services.verification import Verification
from podium.store import gc
from podium.store.artifacts import keep_files
from podium.store.manifests import insert_manifest
from support.files import body, context_of

ANN = Actor("ann")
DAY = 24 * 3600 * 1000
GRACE = 30 * DAY


@pytest.fixture
def context(store, tmp_path):
    context, context_clock = context_of(store, tmp_path)
    yield context, context_clock
    context.blobs.close()


async def make_run(context, project, run_id, deleted_at=None):
    def work(tx):
        key = tx.value(
            "INSERT INTO runs (run_id, slug, project_id, name, user_id, status, deleted_at)"
            " VALUES (:run, :run, :project, 'r', 'u', 'FINISHED', :deleted) RETURNING id",
            run=run_id,
            project=project,
            deleted=deleted_at,
        )
        tx.run("INSERT INTO metrics VALUES (:run, 1, 1, 1, 1.0, 0)", run=key)
        tx.run("INSERT INTO run_tags VALUES (:run, 'k', 'v')", run=key)

    await context.store.write(work)
    await Artifacts(context).put(ANN, f"{project}/{run_id}/artifacts/file", body(run_id.encode()))


async def make_version(context, folder, *, version_deleted=None):
    def work(tx):
        manifest = insert_manifest(tx, Manifest.of(keep_files(tx, 1, folder)), context.clock())
        model = tx.value(
            "INSERT INTO registered_models (team_id, name, next_version, created_at, updated_at)"
            " VALUES (1, :name, 2, 5, 5) RETURNING id",
            name=folder,
        )
        key = tx.value(
            "INSERT INTO model_versions (model_id, version, source, location, stage, status, manifest_id, created_at,"
            " updated_at, deleted_at) VALUES (:model, 1, '', '', 'None', 'READY', :manifest, 5, 5, :deleted)"
            " RETURNING id",
            model=model,
            manifest=manifest,
            deleted=version_deleted,
        )
        tx.run("INSERT INTO model_version_tags VALUES (:key, 'k', 'v')", key=key)

    await context.store.write(work)


async def counts(context):
    tables = ("runs", "metrics", "run_tags", "model_versions", "manifests", "manifest_entries", "artifact_files")

    def work(tx):
        return {table: tx.value(f"SELECT COUNT(*) FROM {table}") for table in tables}

    blobs = [blob.digest async for blob in context.blobs.list_blobs()]
    return {**await context.store.read(work), "blobs": len(blobs)}


async def prepare(context):
    """A living and a deleted run, a living and a deleted version, a deleted file, and an unreferenced blob."""
    at = context.clock()
    artifacts = Artifacts(context)
    await make_run(context, 0, "living")
    await make_run(context, 0, "gone", at)
    await make_version(context, "0/living/artifacts")
    await artifacts.put(ANN, "other/model", body(b"other"))
    await make_version(context, "other", version_deleted=at)
    await artifacts.delete(ANN, "other")
    await context.blobs.put(body(b"nobody's"))


def test_what_was_deleted_long_ago_goes_and_the_rest_stays(context):
    context, clock = context

    async def story():
        await prepare(context)
        retention = Retention(context)
        before = await counts(context)
        clock.advance(days=29)
        young = await retention.collect(GRACE)
        assert young == Collected(blobs=1, blob_bytes=8)
        clock.advance(days=2)
        expected = Collected(versions=1, runs=1, files=1, manifests=1, blobs=2, blob_bytes=9)
        assert await retention.preview(GRACE) == expected
        assert await counts(context) == {**before, "blobs": before["blobs"] - 1}
        assert await retention.collect(GRACE) == expected
        assert await counts(context) == {
            "runs": 1,
            "metrics": 1,
            "run_tags": 1,
            "model_versions": 1,
            "manifests": 1,
            "manifest_entries": 1,
            "artifact_files": 1,
            "blobs": 1,
        }
        assert await retention.collect(GRACE) == Collected()
        assert [problem async for problem in Verification(context).problems(quick=False)] == []

    asyncio.run(story())


def test_each_removal_is_in_the_audit_trail(context):
    context, clock = context

    async def story():
        await prepare(context)
        clock.advance(days=31)
        await Retention(context).collect(GRACE)
        rows = await context.store.read(
            lambda tx: tx.all("SELECT actor, entity_id, before FROM events WHERE entity = 'retention' ORDER BY seq")
        )
        assert rows == [
            ("podium gc", "versions", '{"versions":["other/1"]}'),
            ("podium gc", "runs", '{"runs":["gone"]}'),
            ("podium gc", "files", '{"files":["other/model"]}'),
        ]

    asyncio.run(story())


def test_a_project_goes_with_its_runs_models_and_files(context):
    context, clock = context

    async def story():
        key = await Projects(context).create(ANN, "doomed", None, {"k": "v"})
        await make_run(context, key, "inside")
        await Artifacts(context).put(ANN, f"{key}/models/m-1/artifacts/MLmodel", body(b"model"))
        await context.store.write(
            lambda tx: tx.run(
                "INSERT INTO logged_models (model_id, project_id, name, artifact_location, status, created_at,"
                " updated_at) VALUES ('m-1', :project, 'm', :location, 'READY', 5, 5)",
                project=key,
                location=f"mlflow-artifacts:/{key}/models/m-1/artifacts",
            )
        )
        await Artifacts(context).put(ANN, f"{key}/traces/t/spans.json", body(b"trace"))
        await Projects(context).delete(ANN, str(key))
        clock.advance(days=31)
        done = await Retention(context).collect(GRACE)
        assert done == Collected(logged_models=1, runs=1, projects=1, blobs=3, blob_bytes=6 + 5 + 5)
        assert (await counts(context))["artifact_files"] == 0

    asyncio.run(story())


def test_a_collection_that_is_cut_off_is_finished_by_the_next(context, monkeypatch):
    context, clock = context

    async def story():
        for number in range(7):
            await make_run(context, 0, f"run{number}", context.clock())
        clock.advance(days=31)
        monkeypatch.setattr("podium.services.retention.BATCH", 2)
        real, calls = gc.delete_rows, 0

        def failing(tx, kind, keys):
            nonlocal calls
            calls += kind == "runs"
            real(tx, kind, keys)
            if calls == 3:
                raise ConnectionAbortedError

        monkeypatch.setattr(gc, "delete_rows", failing)
        with pytest.raises(ConnectionAbortedError):
            await Retention(context).collect(GRACE)
        assert [problem async for problem in Verification(context).problems(quick=False)] == []
        left = await counts(context)
        assert (left["runs"], left["metrics"], left["artifact_files"]) == (3, 3, 3)
        monkeypatch.setattr(gc, "delete_rows", real)
        assert await Retention(context).collect(GRACE) == Collected(runs=3, blobs=7, blob_bytes=28)

    asyncio.run(story())


def test_bytes_that_are_missing_already_do_not_trouble_it(context):
    context, clock = context

    async def story():
        await prepare(context)
        blobs = [blob.digest async for blob in context.blobs.list_blobs()]
        for digest in blobs:
            await context.blobs.delete(digest)
        clock.advance(days=31)
        done = await Retention(context).collect(GRACE)
        assert (done.runs, done.versions, done.blobs) == (1, 1, 0)

    asyncio.run(story())


def test_bytes_that_just_came_and_uploads_under_way_are_left_alone(context):
    context, clock = context

    async def story():
        await context.blobs.put(body(b"about to be referred to"))
        await context.blobs.open_upload()
        assert await Retention(context).collect(0) == Collected()
        clock.advance(days=1)
        assert await Retention(context).preview(0) == Collected(uploads=1, blobs=1, blob_bytes=23)
        assert await Retention(context).collect(0) == Collected(uploads=1, blobs=1, blob_bytes=23)

    asyncio.run(story())


def test_verification_names_what_does_not_fit(context):
    context, _ = context

    async def story():
        await make_run(context, 0, "living")
        await make_version(context, "0/living/artifacts")
        artifacts = Artifacts(context)
        for name in ("lost", "short", "changed"):
            await artifacts.put(ANN, f"f/{name}", body(name.encode()))
        digests = {name: (await artifacts.get(ANN, f"f/{name}")).digest for name in ("lost", "short", "changed")}
        await context.blobs.delete(digests["lost"])
        context.blobs.path(digests["short"]).write_bytes(b"shor")
        context.blobs.path(digests["changed"]).write_bytes(b"CHANGED")
        await context.store.write(lambda tx: tx.run("UPDATE manifest_entries SET path = 'renamed'"))

        async def found(*, quick):
            problems = [problem async for problem in Verification(context).problems(quick=quick)]
            return {problem.subject: problem.message for problem in problems}

        full = await found(quick=False)
        assert full[digests["lost"]] == "The blob is missing. A file that needs it: f/lost"
        assert full[digests["short"]].startswith("The blob has 4 bytes, rows say 5 to 5.")
        assert full[digests["changed"]].startswith("The blob's bytes do not have its digest.")
        assert [m for m in full.values() if m.startswith("The manifest's files have the digest")]
        assert len(full) == 4
        assert set(full) - set(await found(quick=True)) == {digests["changed"]}

    asyncio.run(story())
