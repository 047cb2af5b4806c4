"""Collection and verification over an object store."""

import asyncio

import pytest

from podium.blobs.cloud import CloudBlobs
from podium.domain.access import Actor
from podium.services.artifacts import Artifacts
from podium.services.context import Context
from podium.services.retention import Collected, Retention
from podium.services.verification import Verification
from podium.store.engine import open_store
from support.files import Clock, body

ANN = Actor("ann")
DAY = 24 * 3600 * 1000


@pytest.fixture
def store_url(s3):
    return s3.new_store()


@pytest.fixture
def context(store_url, tmp_path):
    store = open_store(None, tmp_path)
    yield Context(store=store, blobs=CloudBlobs(store_url), clock=Clock())
    store.close()


def test_what_nothing_refers_to_and_uploads_that_nobody_ends_go_and_the_rest_stays(context, s3, store_url):
    async def story():
        artifacts, retention = Artifacts(context), Retention(context)
        await artifacts.put(ANN, "living", body(b"living"))
        await artifacts.put(ANN, "gone", body(b"gone"))
        await artifacts.delete(ANN, "gone")
        upload = await artifacts.open_upload(ANN, "big")
        await artifacts.put_part(ANN, upload, 1, body(b"part"))
        assert await retention.collect(DAY) == Collected()
        context.clock.advance(days=2)
        expected = Collected(files=1, uploads=1, blobs=1, blob_bytes=4)
        assert await retention.preview(DAY) == expected
        assert await retention.collect(DAY) == expected
        assert await retention.collect(DAY) == Collected()
        assert [problem async for problem in Verification(context).problems(quick=False)] == []

    asyncio.run(story())
    assert [key.partition("/")[0] for key in s3.keys(store_url)] == ["probe", "sha256"]


def test_verification_names_what_does_not_fit(context):
    async def story():
        artifacts = Artifacts(context)
        for name in ("lost", "changed"):
            await artifacts.put(ANN, name, body(name.encode()))
        lost, changed = [(await artifacts.get(ANN, name)).digest for name in ("lost", "changed")]
        await context.blobs.delete(lost)
        await context.blobs._objects.put(f"sha256/{changed[:2]}/{changed[2:]}", b"CHANGED")
        found = {problem.subject: problem.message async for problem in Verification(context).problems(quick=False)}
        assert found[lost].startswith("The blob is missing.")
        assert found[changed].startswith("The blob's bytes do not have its digest.")

    asyncio.run(story())
