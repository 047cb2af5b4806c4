"""What several clients do with artifacts at the same moment, on both databases."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError

import msgspec
import pytest

from podium.domain.access import Actor
from podium.domain.registries import MODELS
from podium.domain.registry import NewVersion
from podium.domain.tracked_runs import RunChange
from podium.services import Services
from podium.services.artifact_changes import ArtifactChanges, VersionEdit
from support.files import context_of
from support.versioned import Logger, digest_of, listing

ANN = Actor("ann")
CALLERS = 4
ROUNDS = 8


class World:
    def __init__(self, store, folder) -> None:
        self.context, _ = context_of(store, folder)
        self.services = Services(self.context)
        self.logger = Logger(self.services, ANN)


@pytest.fixture
def world(store, tmp_path):
    made = World(store, tmp_path)
    yield made
    made.context.blobs.close()


def at_once(*calls):
    """What each call gives; each runs in a thread and a loop of its own, as in a server process of its own."""
    ready = Barrier(len(calls))

    async def begun(call):
        ready.wait()
        return await call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: asyncio.run(begun(call)), calls))


def test_writers_of_one_version_get_the_same_one(world):
    async def begin(group, alias):
        return (await world.logger.begin("data", "", distributed_id=group, aliases=[alias])).id

    async def aliases(key):
        return await world.context.store.read(
            lambda tx: tx.value("SELECT pending_aliases FROM artifact_versions WHERE id = :key", key=key)
        )

    asyncio.run(world.logger.log("data", {"a": b"1"}))
    for number in range(ROUNDS):
        keys = at_once(*(partial(begin, f"d{number}", f"a{n}") for n in range(CALLERS)))
        assert len(set(keys)) == 1
        assert asyncio.run(aliases(keys[0])) == '["a0","a1","a2","a3"]'


def test_a_draft_sent_again_before_its_answer_is_one_version(world):
    asyncio.run(world.logger.log("data", {"a": b"1"}))
    for number in range(ROUNDS):
        begun = at_once(*[partial(world.logger.begin, "data", "q", client_id=f"c{number}")] * CALLERS)
        assert len({version.id for version in begun}) == 1


def test_the_same_content_logged_at_once_is_one_version(world):
    """Each is told of the version that it began, and finds the one that there is."""
    run = asyncio.run(world.services.run_upserts.upsert(ANN, "p", "r", RunChange(), together=False)).tracked.run.info
    for number in range(ROUNDS):
        files, elsewhere = {"a": b"%d" % number}, {"there": "s3://bucket/x"}
        text = listing(files, elsewhere)
        drafts = [{"client_id": f"c{number}-{n}", "aliases": [f"a{n}"], "tags": [f"t{n}"]} for n in range(CALLERS)]
        begin = partial(world.logger.begin, "data", digest_of(text), run="r")
        begun = [asyncio.run(begin(**draft)) for draft in drafts]
        for version in begun:
            asyncio.run(world.logger.fill(version, files, text))
        commit = world.services.artifact_commits.commit
        [kept] = {version.id for version in at_once(*(partial(commit, ANN, version.id) for version in begun))}
        reading = world.services.artifact_reading
        for version, draft in zip(begun, drafts, strict=True):
            found = asyncio.run(reading.version(ANN, version.id))
            assert (found.id, found.number, found.tags) == (kept, number, ("t0", "t1", "t2", "t3"))
            assert asyncio.run(reading.client_version(ANN, draft["client_id"])).id == kept
            assert asyncio.run(commit(ANN, version.id)).id == kept
            assert [file.path for file in asyncio.run(reading.files(ANN, version.id, "", 10)).files] == ["a", "there"]
            assert len(asyncio.run(reading.places_of(ANN, version.id))) == 1
            assert asyncio.run(world.services.artifact_lineage.maker(ANN, version.id)).run.info.slug == "r"
        assert {alias.alias for alias in found.aliases} == {"a0", "a1", "a2", "a3"}
    made, count = asyncio.run(world.services.artifact_lineage.versions_of_run(ANN, run.id, "output", 100, 0))
    assert (len(made), count) == (ROUNDS, ROUNDS)


def test_who_wants_a_version_of_its_own_keeps_it(world):
    text = listing({"a": b"1"})
    begin = partial(world.logger.begin, "data", digest_of(text), aliases=[])
    begun = [asyncio.run(begin(deduplicate=deduplicate)) for deduplicate in (True, False, True)]
    for version in begun:
        asyncio.run(world.logger.fill(version, {"a": b"1"}, text))
    numbers = [asyncio.run(world.services.artifact_commits.commit(ANN, version.id)).number for version in begun]
    assert numbers == [0, 1, 1]


def test_changes_of_different_things_of_a_version_are_all_kept(world):
    key = asyncio.run(world.logger.log("data", {"a": b"1"})).id
    both_read = Barrier(2)

    def clock():
        with suppress(BrokenBarrierError):  # who has to wait for the row does not come
            both_read.wait(0.3)
        return 1

    changes = ArtifactChanges(msgspec.structs.replace(world.context, clock=clock))
    edits = VersionEdit(description="d"), VersionEdit(metadata='{"n":1}')
    at_once(*(partial(changes.update, ANN, key, edit) for edit in edits))
    version = asyncio.run(world.services.artifact_reading.version(ANN, key))
    assert (version.description, version.metadata) == ("d", '{"n":1}')


def test_readers_see_every_model_in_the_registry_of_models(world):
    services = world.services

    async def register(number):
        for place in range(4):
            name = f"m{number}-{place}"
            await services.registry.create(ANN, name, {})
            await services.versions.create(ANN, NewVersion(name, "s3://bucket/model"))

    for number in range(ROUNDS):
        asyncio.run(register(number))
        at_once(*[partial(services.model_sync.refresh, ANN)] * CALLERS)
    project = asyncio.run(services.projects.get_by_name(ANN, MODELS)).id
    shown = asyncio.run(
        world.context.store.read(
            lambda tx: tx.all(
                "SELECT c.name, COUNT(*) FROM artifact_collections AS c JOIN artifact_memberships AS s"
                " ON s.collection_id = c.id WHERE c.project_id = :project AND c.kind = 'portfolio' GROUP BY c.name",
                project=project,
            )
        )
    )
    assert sorted(shown) == sorted((f"m{number}-{place}", 1) for number in range(ROUNDS) for place in range(4))


def test_a_model_linked_by_several_at_once_is_registered_once_each(world):
    services = world.services

    async def log(number, place):
        return (await world.logger.log(f"net{place}", {"a": b"%d" % number}, type="model")).id

    for number in range(ROUNDS):
        keys = [asyncio.run(log(number, place)) for place in range(CALLERS)]
        link = partial(services.artifact_changes.link, ANN, project=MODELS, portfolio=f"M{number}", aliases=[])
        places = at_once(*(partial(link, version_id=key) for key in keys))
        assert sorted(place.number for place in places) == list(range(CALLERS))
