"""Versioned artifacts: how they come to be, are found, changed and collected."""

import asyncio
from collections.abc import Iterator

import pytest

from podium.domain.access import Account, Actor
from podium.domain.artifact_collections import CollectionScope
from podium.domain.filters import And, Comparison, Field, FieldKind, Operator, Order
from podium.errors import AlreadyExists, DigestMismatch, InvalidArgument, InvalidState, NotFound, PermissionDenied
from podium.services import Services
from podium.services.artifact_aliases import AliasIn
from podium.services.artifact_changes import VersionEdit
from podium.services.retention import Collected
from podium.services.searching import Search
from podium.services.verification import Verification
from podium.store.transaction import Tx
from support.files import Clock, body, context_of
from support.versioned import Logger, digest_of, listing

ANN = Actor("ann")
DAY = 24 * 3600 * 1000
NEWEST = (Order(Field(FieldKind.ATTRIBUTE, "number"), ascending=False),)


class World:
    def __init__(self, store, folder) -> None:
        self.context, self.clock = context_of(store, folder)
        self.services = Services(self.context)
        self.logger = Logger(self.services, ANN)

    async def project(self) -> int:
        return (await self.services.projects.get_by_name(ANN, "p")).id

    async def names(self, name: str) -> str | None:
        """The version that a name stands for."""
        found = await self.services.artifact_reading.membership(ANN, await self.project(), name)
        return None if found is None else f"{found.collection.name}:v{found.number}"


@pytest.fixture
def world(store, tmp_path) -> Iterator[World]:
    made = World(store, tmp_path)
    assert isinstance(made.clock, Clock)
    yield made
    made.context.blobs.close()


def test_versions_count_in_the_order_of_their_commits(world):
    async def story():
        log = world.logger
        slow = await log.begin("data", digest_of(listing({"a": b"slow"})))
        assert await world.names("data:latest") is None
        quick = await log.log("data", {"a": b"quick"})
        await log.fill(slow, {"a": b"slow"}, listing({"a": b"slow"}))
        slow = await world.services.artifact_commits.commit(ANN, slow.id)
        assert (quick.number, slow.number) == (0, 1)
        assert await world.names("data") == "data:v1"
        assert (await world.services.artifact_commits.commit(ANN, slow.id)).number == 1
        await world.services.artifact_changes.delete(ANN, slow.id, with_aliases=True)
        assert await world.names("data") == "data:v0"
        assert (await log.log("data", {"a": b"next"})).number == 2

    asyncio.run(story())


def test_the_same_content_is_the_same_version_and_gets_the_new_aliases(world):
    async def story():
        first = await world.logger.log("data", {"a": b"1"})
        await world.logger.log("data", {"a": b"2"})
        again = await world.logger.log("data", {"a": b"1"}, aliases=["latest", "old"], tags=["t"])
        assert (again.id, again.tags) == (first.id, ("t",))
        assert await world.names("data:latest") == await world.names("data:old") == "data:v0"
        other = await world.logger.log("data", {"a": b"1"}, deduplicate=False)
        assert other.number == 2

    asyncio.run(story())


def test_nothing_is_added_to_a_version_that_is_not_committed(world):
    async def story():
        base = await world.logger.begin("data", "0" * 32)
        with pytest.raises(InvalidState, match="is pending: it has to be committed"):
            await world.logger.log("data", {"b": b"2"}, kind="INCREMENTAL", base=base.id)

        def make(tx: Tx) -> None:  # as could be done once
            tx.run("UPDATE artifact_listings SET base_id = :base", base=base.id)

        begun = await world.logger.begin("data", "1" * 32)
        await world.logger.fill(begun, {"b": b"2"}, listing({"b": b"2"}), "INCREMENTAL")
        await world.context.store.write(make)
        with pytest.raises(InvalidState, match="adds to one that is not committed"):
            await world.services.artifact_commits.commit(ANN, begun.id)

    asyncio.run(story())


@pytest.mark.parametrize("metadata", ["{not json", "[1]", '"text"', "", "null"])
def test_metadata_is_a_json_object(world, metadata):
    async def story():
        with pytest.raises(InvalidArgument, match="'metadata'"):
            await world.logger.log("data", {"a": b"1"}, metadata=metadata)
        version = await world.logger.log("data", {"a": b"1"}, metadata='{"loss": NaN}')
        with pytest.raises(InvalidArgument, match="'metadata'"):
            await world.services.artifact_changes.update(ANN, version.id, VersionEdit(metadata=metadata))

    asyncio.run(story())


def test_an_incremental_version_has_what_its_base_has(world):
    async def story():
        base = await world.logger.log("data", {"a": b"1", "b": b"1"}, references={"there": "s3://x/1"})
        version = await world.logger.log("data", {"b": b"2"}, kind="INCREMENTAL", base=base.id)
        files = await world.services.artifact_reading.files(ANN, version.id, "", 10)
        assert [(file.path, file.size_bytes, file.url) for file in files.files] == [
            ("a", 1, None),
            ("b", 1, None),
            ("there", 3, "s3://x/1"),
        ]
        assert (version.file_count, version.size_bytes) == (3, 5)
        assert version.digest == digest_of(listing({"a": b"1", "b": b"2"}, {"there": "s3://x/1"}))
        stored = await world.services.artifact_reading.listing(ANN, version.id)
        assert stored is not None
        text = b"".join([piece async for piece in world.services.artifacts.read(stored)])
        assert digest_of(text) == version.digest

    asyncio.run(story())


def test_a_commit_that_lacks_something_says_what(world):
    async def story():
        commits, log = world.services.artifact_commits, world.logger
        text = listing({"a": b"1", "b": b"2"})
        version = await log.begin("data", digest_of(text))
        await log.fill(version, {"a": b"1"}, text)
        with pytest.raises(InvalidState, match="never uploaded: 'b'"):
            await commits.commit(ANN, version.id)
        wrong = await log.begin("data", "0" * 32)
        await log.fill(wrong, {"a": b"1"}, listing({"a": b"1"}))
        with pytest.raises(DigestMismatch, match="announced"):
            await commits.commit(ANN, wrong.id)
        odd = await log.begin("data", digest_of(listing({})))
        await log.fill(odd, {}, b"[]")
        with pytest.raises(InvalidArgument, match="manifest is not valid"):
            await commits.commit(ANN, odd.id)
        outside = listing({"../out": b"1"})
        evil = await log.begin("data", digest_of(outside))
        await log.fill(evil, {"../out": b"1"}, outside)
        with pytest.raises(InvalidArgument):
            await commits.commit(ANN, evil.id)
        assert await world.names("data:latest") is None

    asyncio.run(story())


def test_rules_of_names_and_collections(world):
    async def story():
        log = world.logger
        first = await log.log("data", {"a": b"1"})
        for name, alias in (("a/b", "x"), ("", "x"), ("d", "v1"), ("d", "a:b")):
            with pytest.raises(InvalidArgument):
                await log.log(name, {}, aliases=[alias])
        with pytest.raises(InvalidArgument, match="already exists with type 'dataset'"):
            await log.log("data", {"a": b"1"}, type="model")
        with pytest.raises(InvalidArgument, match="no storage region"):
            await log.log("d", {}, storage_region="mars")
        changes = world.services.artifact_changes
        linked = await changes.link(ANN, first.id, "p", "links", ["prod"])
        with pytest.raises(AlreadyExists, match="collection of links"):
            await log.log("links", {"a": b"1"})
        with pytest.raises(InvalidArgument, match="were logged to it"):
            await changes.link(ANN, first.id, "p", "data", [])
        model = await log.log("model", {"m": b"1"}, type="model")
        with pytest.raises(InvalidArgument, match="of type 'dataset'"):
            await changes.link(ANN, model.id, "p", "links", [])
        with pytest.raises(AlreadyExists):
            await changes.update_collection(ANN, linked.collection.id, "data", None)
        with pytest.raises(InvalidState, match="link it there first"):
            await world.services.artifact_aliases.add(ANN, model.id, [AliasIn("default", "p", "links", "x")])

    asyncio.run(story())


def test_links_have_numbers_and_aliases_of_their_own(world):
    async def story():
        changes = world.services.artifact_changes
        versions = [await world.logger.log("data", {"a": str(number).encode()}) for number in range(3)]
        for version in (versions[2], versions[0]):
            await changes.link(ANN, version.id, "p", "links", [])
        assert await world.names("links:latest") == "links:v1"
        again = await changes.link(ANN, versions[2].id, "p", "links", ["prod"])
        assert (again.number, {alias.alias for alias in again.aliases}) == (0, {"prod"})
        places = await world.services.artifact_reading.places_of(ANN, versions[2].id)
        assert [(place.collection.name, place.number) for place in places] == [("data", 2), ("links", 0)]
        await changes.unlink(ANN, versions[0].id, again.collection.id)
        assert await world.names("links:latest") == "links:v0"
        with pytest.raises(NotFound):
            await changes.unlink(ANN, versions[0].id, again.collection.id)
        await changes.delete(ANN, versions[2].id, with_aliases=True)
        assert await world.names("links:latest") is None

    asyncio.run(story())


def test_versions_of_a_collection_are_found_by_labels_and_in_order(world):
    async def story():
        reading = world.services.artifact_reading
        for number in range(5):
            await world.logger.log("data", {"a": str(number).encode()}, tags=["odd"] if number % 2 else [])
        project = await world.project()
        data = await reading.collection(ANN, project, "data")
        assert data is not None
        odd = Comparison(Field(FieldKind.TAG, "tag"), Operator.EQ, "odd")
        found = await reading.members(ANN, data.id, Search(odd, NEWEST, limit=1))
        assert ([each.number for each in found.items], found.total) == ([3], 2)
        rest = await reading.members(ANN, data.id, Search(odd, NEWEST, limit=1, page_token=found.next_page_token))
        assert ([each.number for each in rest.items], rest.next_page_token) == ([1], None)
        by_alias = Comparison(Field(FieldKind.TAG, "alias"), Operator.EQ, "latest")
        assert [each.number for each in (await reading.members(ANN, data.id, Search(by_alias))).items] == [4]
        listed = await reading.collections(ANN, CollectionScope(project, "dataset"), Search(And()))
        assert [each.name for each in listed.items] == ["data"]
        assert (await reading.collections(ANN, CollectionScope(project, "model"), Search(And()))).total == 0

    asyncio.run(story())


def test_a_page_costs_a_fixed_number_of_statements(world, monkeypatch):
    async def story():
        reading = world.services.artifact_reading
        for number in range(12):
            await world.logger.log("data", {"a": str(number).encode()}, aliases=[f"a{number}"], tags=["t"])
        data = await reading.collection(ANN, await world.project(), "data")
        assert data is not None
        statements: list[str] = []
        execute = Tx._execute

        def counted(tx: Tx, statement: str, parameters: object):
            statements.append(statement)
            return execute(tx, statement, parameters)

        monkeypatch.setattr(Tx, "_execute", counted)
        counts = []
        for limit in (2, 12):
            statements.clear()
            found = await reading.members(ANN, data.id, Search(And(), NEWEST, limit=limit))
            assert len(found.items) == limit
            counts.append(len(statements))
        assert counts[0] == counts[1] < 20

    asyncio.run(story())


def test_what_is_said_of_versions_and_collections_is_changed(world):
    async def story():
        changes, reading = world.services.artifact_changes, world.services.artifact_reading
        version = await world.logger.log("data", {"a": b"1"}, description="d", metadata="{}", ttl_s=60)
        edited = await changes.update(
            ANN, version.id, VersionEdit(metadata='{"a":1}', tags_to_add=["x", "y z"], tags_to_remove=["n"], ttl_s=-2)
        )
        assert (edited.description, edited.metadata, edited.tags, edited.ttl_s) == ("d", '{"a":1}', ("x", "y z"), -2)
        assert (await changes.update(ANN, version.id, VersionEdit(ttl_s=-1))).ttl_s is None
        with pytest.raises(InvalidArgument):
            await changes.update(ANN, version.id, VersionEdit(ttl_s=-7))
        with pytest.raises(InvalidArgument):
            await changes.update(ANN, version.id, VersionEdit(tags_to_add=["a/b"]))
        key = version.sequence.id
        await changes.update_collection(ANN, key, "new", "told")
        await changes.move_collection(ANN, key, "model")
        await changes.tag_collection(ANN, "p", "new", ["t1", "t2"], [])
        await changes.tag_collection(ANN, "p", "new", [], ["t1"])
        found = await reading.collection_by_key(ANN, key)
        assert (found.name, found.description, found.type, found.tags) == ("new", "told", "model", ("t2",))
        await changes.delete_collection(ANN, key)
        with pytest.raises(NotFound):
            await reading.collection_by_key(ANN, key)
        assert (await world.logger.log("new", {"a": b"1"})).number == 0

    asyncio.run(story())


def test_runs_are_linked_to_what_they_made_and_read(world):
    async def story():
        services = world.services
        version = await world.logger.log("data", {"a": b"1"})
        project = str(await world.project())
        made = {"name": "", "user_id": "ann", "start_time": 1, "tags": {}}
        runs = [(await services.runs.create(ANN, project, **made)).info for _ in range(2)]
        await world.logger.log("data", {"a": b"1"}, run=runs[0].run_id)
        other = await world.logger.log("data", {"a": b"2"}, run=runs[0].run_id)
        for _ in range(2):
            await services.artifact_lineage.use(ANN, version.id, "p", runs[1].run_id)
        [reader] = await services.artifact_lineage.runs_that_read(ANN, version.id)
        assert reader.run.info.slug == runs[1].run_id
        eve = Actor("eve", account=Account(7, "eve", admin=False, home="default", roles={}))
        with pytest.raises(NotFound):
            await services.artifact_lineage.versions_of_run(eve, runs[0].id, "output", 10, 0)
        outputs, total = await services.artifact_lineage.versions_of_run(ANN, runs[0].id, "output", 10, 0)
        assert ([each.id for each in outputs], total) == ([version.id, other.id], 2)
        maker = await services.artifact_lineage.maker(ANN, other.id)
        assert maker is not None
        assert maker.run.info.slug == runs[0].run_id
        assert await services.artifact_lineage.maker(ANN, version.id) is None
        with pytest.raises(NotFound):
            await services.artifact_lineage.use(ANN, version.id, "p", "nobody")

    asyncio.run(story())


def test_an_upload_url_expires(world):
    async def story():
        version = await world.logger.begin("data", "0" * 32)
        [token] = await world.services.artifact_contents.offer(ANN, version.id, [("a", "0" * 32)])
        assert token is not None
        world.clock.advance(days=2)
        with pytest.raises(PermissionDenied, match="expired"):
            await world.services.artifact_contents.put(token, body(b""), 0)

    asyncio.run(story())


async def problems(world):
    return [problem async for problem in Verification(world.context).problems(quick=False)]


def test_garbage_collection_takes_what_no_version_needs(world):
    async def story():
        log, retention = world.logger, world.services.retention
        kept = await log.log("data", {"shared": b"shared", "kept": b"kept"})
        gone = await log.log("data", {"shared": b"shared", "gone": b"gone!"})
        abandoned = await log.begin("data", "0" * 32)
        await log.fill(abandoned, {"left": b"left behind"}, b"never a list")
        assert await retention.collect(0) == Collected()
        await world.services.artifact_changes.delete(ANN, gone.id, with_aliases=True)
        collection = (await log.log("other", {"a": b"other"})).sequence
        await world.services.artifact_changes.delete_collection(ANN, collection.id)
        world.clock.advance(days=31)
        expected = await retention.preview(30 * DAY)
        done = await retention.collect(30 * DAY)
        assert done == expected
        assert (done.artifacts, done.collections, done.manifests, done.blobs) == (2, 1, 2, 6)
        assert await problems(world) == []
        files = await world.services.artifact_reading.files(ANN, kept.id, "", 10)
        assert [file.path for file in files.files] == ["kept", "shared"]
        assert await retention.collect(0) == Collected()
        with pytest.raises(NotFound):
            await world.services.artifact_commits.commit(ANN, abandoned.id)

    asyncio.run(story())


def test_a_version_goes_when_its_time_is_over_unless_it_is_linked(world):
    async def story():
        await world.logger.log("data", {"a": b"1"}, ttl_s=24 * 3600)
        linked = await world.logger.log("data", {"a": b"2"}, ttl_s=24 * 3600)
        await world.logger.log("data", {"a": b"3"})
        await world.services.artifact_changes.link(ANN, linked.id, "p", "links", [])
        await world.services.retention.collect(30 * DAY)
        assert await world.names("data:v0") == "data:v0"
        world.clock.advance(days=2)
        assert (await world.services.retention.preview(30 * DAY)).artifacts == 0
        assert [await world.services.retention.expire() for _ in range(2)] == [False, False]
        assert [await world.names(f"data:v{number}") for number in range(3)] == [None, "data:v1", "data:v2"]
        world.clock.advance(days=31)
        assert (await world.services.retention.collect(30 * DAY)).artifacts == 1
        assert await problems(world) == []

    asyncio.run(story())


def test_the_newest_that_is_left_is_the_latest_when_the_time_of_the_latest_is_over(world):
    async def story():
        kept = await world.logger.log("data", {"a": b"1"})
        await world.logger.log("data", {"a": b"2"}, ttl_s=24 * 3600)
        world.clock.advance(days=2)
        await world.services.retention.expire()
        found = await world.services.artifact_reading.version(ANN, kept.id)
        assert "latest" in {alias.alias for alias in found.aliases}

    asyncio.run(story())


def test_what_a_deleted_project_has_is_hidden_until_it_is_restored(world):
    async def story():
        version = await world.logger.log("data", {"a": b"1"})
        project = str(await world.project())
        await world.services.artifact_changes.link(ANN, version.id, "q", "links", [])
        await world.services.projects.delete(ANN, project)
        with pytest.raises(NotFound):
            await world.services.artifact_reading.version(ANN, version.id)
        other = (await world.services.projects.get_by_name(ANN, "q")).id
        assert await world.services.artifact_reading.membership(ANN, other, "links:latest") is None
        await world.services.projects.restore(ANN, project)
        assert await world.names("data:latest") == "data:v0"

    asyncio.run(story())


def test_a_team_that_is_removed_takes_its_artifacts_along(world):
    async def story():
        services = world.services
        await services.teams.create(ANN, "others", None, None)
        other = Actor("ann", "others")
        await Logger(services, other).log("data", {"a": b"1"}, project="theirs")
        await world.logger.log("data", {"a": b"1"})
        await services.teams.delete(ANN, "others", "cascade")
        world.clock.advance(days=31)
        await services.retention.collect(30 * DAY)
        assert await problems(world) == []
        assert await world.names("data:v0") == "data:v0"

    asyncio.run(story())


def test_a_broken_row_is_found(world):
    async def story():
        await world.logger.log("data", {"a": b"1"})
        await world.context.store.write(lambda tx: tx.run("UPDATE artifact_collections SET next_version = 0"))
        await world.context.store.write(lambda tx: tx.run("UPDATE artifact_versions SET listing = 'none'"))
        found = {problem.message for problem in await problems(world)}
        assert any("would give out a version's number again" in message for message in found)
        assert any("has no bytes of its manifest" in message for message in found)

    asyncio.run(story())


def test_the_newest_that_is_left_is_the_latest(world):
    async def story():
        log, changes = world.logger, world.services.artifact_changes
        kept, gone = await log.log("data", {"a": b"1"}), await log.log("data", {"a": b"2"})
        for version in (kept, gone):
            await changes.link(ANN, version.id, "p", "best", [])
        await changes.delete(ANN, gone.id, with_aliases=True)
        version = await world.services.artifact_reading.version(ANN, kept.id)
        assert [(alias.collection.name, alias.alias) for alias in version.aliases] == [
            ("data", "latest"),
            ("best", "latest"),
        ]

    asyncio.run(story())
