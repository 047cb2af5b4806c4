import asyncio
import json
from pathlib import Path

import pytest

from podium.domain.filters import And, Comparison, Field, FieldKind, Operator, Order
from podium.domain.registry import PROMPT_TAG
from podium.errors import InvalidArgument, NotFound
from podium.services.searching import Search
from podium.services.versions import MAX_REGISTERED_AS
from podium.store.engine import Store
from support.registry import ACTOR, EXTERNAL, RegistryWorld, refused

RUN = "a" * 32
ROOT = f"mlflow-artifacts:/0/{RUN}/artifacts"


@pytest.fixture
def world(store: Store, tmp_path: Path) -> RegistryWorld:
    world = RegistryWorld(store, tmp_path / "blobs")

    async def fill() -> None:
        await world.registry.create(ACTOR, "M", {})
        await world.new_run(RUN)

    asyncio.run(fill())
    return world


def test_numbers_are_consecutive_and_never_given_again(world):
    async def story():
        assert [(await world.new_version()).version for _ in range(3)] == [1, 2, 3]
        await world.versions.delete(ACTOR, "M", 3)
        assert (await world.new_version()).version == 4
        await refused(world.new_version("nowhere"), NotFound)
        await refused(world.new_version(source="/tmp/x"), InvalidArgument)
        assert (await world.new_version()).version == 5

    asyncio.run(story())


def test_creators_at_the_same_time_all_succeed(world):
    async def story():
        made = await asyncio.gather(*(world.new_version() for _ in range(20)))
        assert sorted(version.version for version in made) == list(range(1, 21))

    asyncio.run(story())


def test_a_version_shows_what_it_was_given(world):
    async def story():
        made = await world.new_version(run_id="any", run_link="http://there", description="d", tags={"k": "v"})
        assert (made.name, made.version, made.source, made.location) == ("M", 1, EXTERNAL, EXTERNAL)
        assert (made.run_id, made.run_link, made.description, made.tags) == ("any", "http://there", "d", {"k": "v"})
        assert (made.stage, made.status, made.user_id, made.files) == ("None", "READY", "ada", "external")
        assert made.download_uri == EXTERNAL
        assert await world.versions.get(ACTOR, "M", "1") == made
        model = await world.registry.get(ACTOR, "M")
        assert model.latest == (made,)
        assert model.updated_at == made.created_at

    asyncio.run(story())


def test_registered_files_are_a_snapshot_that_equal_versions_share(world):
    async def story():
        await world.put_file(f"0/{RUN}/artifacts/model/MLmodel")
        await world.put_file(f"0/{RUN}/artifacts/model/data/x.bin", "b")
        await world.put_file(f"0/{RUN}/artifacts/other", "c")
        first = await world.new_version(source=f"{ROOT}/model", run_id=RUN)
        second = await world.new_version(source=f"runs:/{RUN}/model", run_id=RUN)
        assert first.files == second.files == "snapshot"
        assert first.manifest_id == second.manifest_id
        assert first.download_uri == f"mlflow-artifacts:/registry/{first.id}"
        entries = await world.store.read(
            lambda tx: tx.all(
                "SELECT path, digest FROM manifest_entries WHERE manifest_id = :id ORDER BY path",
                id=first.manifest_id,
            )
        )
        assert entries == [("MLmodel", "a" * 64), ("data/x.bin", "b" * 64)]

        await world.put_file(f"0/{RUN}/artifacts/model/MLmodel", "d")
        third = await world.new_version(source=f"{ROOT}/model", run_id=RUN)
        assert third.manifest_id != first.manifest_id
        assert (await world.versions.get(ACTOR, "M", 1)).manifest_id == first.manifest_id

    asyncio.run(story())


def test_a_logged_model_is_registered_with_its_files_and_told_of_it(world):
    async def story():
        await world.new_logged_model("m-1", "mlflow-artifacts:/0/models/m-1/artifacts", RUN)
        await world.put_file("0/models/m-1/artifacts/MLmodel")
        made = await world.new_version(source="models:/m-1", logged_model_id="m-1")
        assert (made.source, made.run_id, made.logged_model_id, made.files) == ("models:/m-1", RUN, "m-1", "snapshot")
        by_run = await world.new_version(source=f"runs:/{RUN}/m", run_id=RUN)
        by_place = await world.new_version(source=made.location, logged_model_id="m-1")
        assert made.manifest_id == by_run.manifest_id == by_place.manifest_id
        assert await registered_as(world) == [{"name": "M", "version": 1}, {"name": "M", "version": 3}]

        for _ in range(MAX_REGISTERED_AS):
            await world.new_version(source="models:/m-1", logged_model_id="m-1")
        names = await registered_as(world)
        assert len(names) == MAX_REGISTERED_AS
        assert names[-1] == {"name": "M", "version": 3 + MAX_REGISTERED_AS}

    asyncio.run(story())


async def registered_as(world: RegistryWorld) -> list[dict[str, object]]:
    value = await world.store.read(
        lambda tx: tx.value("SELECT value FROM logged_model_tags WHERE key = 'mlflow.modelVersions'")
    )
    return json.loads(value)


def test_params_and_metrics_come_from_the_logged_model(world):
    async def story():
        await world.new_logged_model("m-1", "mlflow-artifacts:/0/models/m-1/artifacts", RUN)

        def work(tx):
            tx.run("INSERT INTO logged_model_params (logged_model_id, key, value) VALUES (1, 'depth', '3')")
            tx.run("INSERT INTO metric_keys (id, key) VALUES (1, 'auc')")
            for step, value, nan in ((0, 0.5, 0), (1, 0.0, 1)):
                tx.run(
                    "INSERT INTO logged_model_metrics (logged_model_id, key_id, timestamp, step, run_id, value, is_nan)"
                    " SELECT 1, 1, 5, :step, id, :value, :nan FROM runs",
                    step=step,
                    value=value,
                    nan=nan,
                )

        await world.store.write(work)
        made = await world.new_version(source="models:/m-1", logged_model_id="m-1")
        assert made.params == {"depth": "3"}
        assert [(m.key, str(m.value), m.step, m.run_id) for m in made.metrics] == [("auc", "nan", 1, RUN)]

    asyncio.run(story())


def test_a_copy_has_the_snapshot_and_the_lineage_of_what_it_copies(world):
    async def story():
        await world.put_file(f"0/{RUN}/artifacts/model/MLmodel")
        first = await world.new_version(source=f"{ROOT}/model", run_id=RUN)
        await world.new_version(run_id="")
        await world.promotion.set_alias(ACTOR, "M", "champion", 1)
        await world.promotion.transition_stage(ACTOR, "M", 1, "Staging")
        await world.registry.create(ACTOR, "N", {})

        for source in ("models:/M/1", "models:/M@champion", "models:/M/staging"):
            copy = await world.new_version("N", source, run_id=RUN)
            assert (copy.source, copy.run_id, copy.manifest_id) == ("models:/M/1", RUN, first.manifest_id)
            assert copy.download_uri == f"mlflow-artifacts:/registry/{copy.id}"
        outside = await world.new_version("N", "models:/M/latest")
        assert (outside.source, outside.download_uri) == ("models:/M/2", EXTERNAL)

        mismatch = "request parameters must match the referenced model version"
        assert mismatch in await refused(world.new_version("N", "models:/M/1", run_id="b"), InvalidArgument)
        assert mismatch in await refused(world.new_version("N", "models:/M/1", logged_model_id="b"), InvalidArgument)
        await refused(world.new_version("N", "models:/M/9"), NotFound)
        await refused(world.new_version("N", "models:/X/1"), NotFound)
        await refused(world.new_version("N", "models:/M@nobody"), InvalidArgument)
        assert "and stage 'Production' found" in await refused(world.new_version("N", "models:/M/Production"), NotFound)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("source", "given", "message"),
    [
        ("/tmp/model", {}, "To use a local path as a model version source"),
        ("/tmp/model", {"run_id": RUN}, "the run_id request parameter has to be specified"),
        ("file:///tmp", {"logged_model_id": "m-1"}, "the model_id request parameter has to be specified"),
        ("file://there.example/x", {"run_id": RUN}, "is not a valid remote uri"),
        ("s3://b/../x", {}, "If supplying a source as an http, https,"),
        ("s3://b/x%252e%252e/%252e%252e/y", {}, "If supplying a source as an http, https,"),
        ("mlflow-artifacts://host:9000/models/..%2f..%2fartifacts", {"run_id": RUN}, "If supplying a source"),
        ("mlflow-artifacts://host:9000/models/artifact%00", {"run_id": RUN}, "If supplying a source"),
        ("s3:relative", {}, "If supplying a source"),
        ("mlflow-artifacts:/0/x", {}, "The run_id request parameter must identify"),
        ("mlflow-artifacts:/0/x", {"run_id": RUN}, "The run_id request parameter must identify"),
        (ROOT, {"run_id": "b" * 32}, "The run_id request parameter must identify"),
        (ROOT, {"logged_model_id": "m-1"}, "The model_id request parameter must identify"),
        (ROOT, {"logged_model_id": "m-9"}, "The model_id request parameter must identify"),
        ("http://h/api/2.0/mlflow-artifacts/artifacts/0/x", {"run_id": RUN}, "The run_id request parameter"),
        (f"runs:/{RUN}/model", {}, "The run_id request parameter must identify"),
        (f"runs:/{RUN}/model", {"run_id": "b"}, "The run_id request parameter must identify"),
        (f"runs:/{RUN}/model", {"logged_model_id": "m-1"}, "The model_id request parameter must identify"),
        (f"runs://host/{RUN}/model", {"run_id": RUN}, "The run_id request parameter must identify"),
        (f"runs:/{RUN}", {"run_id": RUN}, "Not a proper runs:/ URI"),
        ("models:/m-1", {}, "The model_id request parameter must identify"),
        ("models:/m-1", {"logged_model_id": "m-2"}, "The model_id request parameter must identify"),
        ("models://host/M/1", {}, "must use the active model registry"),
        ("models:/M@", {}, "The model_id request parameter must identify"),
        ("models:/P/1", {}, "Prompt versions cannot be used as model version sources."),
        (EXTERNAL, {"tags": {PROMPT_TAG: "true"}}, "Prompt sources must use an MLflow placeholder."),
        ("x" * 2049, {}, "'source' exceeds the maximum length"),
        (EXTERNAL, {"run_link": "\0"}, "'run_link' holds a NUL character"),
        (EXTERNAL, {"tags": {"k": "v" * 100_001}}, "exceeds the maximum length of 100000"),
        (EXTERNAL, {"tags": {"mlflow.prompt.text": "v" * 100_001}}, "Prompt text exceeds max length"),
    ],
)
def test_sources_that_are_refused(world, source, given, message):
    async def story():
        await world.new_logged_model("m-1", "mlflow-artifacts:/0/models/m-1/artifacts")
        await world.registry.create(ACTOR, "P", {PROMPT_TAG: "true"})
        return await refused(world.new_version(source=source, **given), InvalidArgument)

    assert message in asyncio.run(story())


def test_a_logged_model_that_is_not_there(world):
    attempt = world.new_version(source=EXTERNAL, logged_model_id="m-9")
    assert asyncio.run(refused(attempt, NotFound)) == "Logged model with ID 'm-9' not found."


def test_sources_within_a_local_or_remote_run_folder(world):
    async def story():
        await world.new_run("b" * 32, "file:///srv/files")
        for source in (f"/srv/files/{'b' * 32}/artifacts/m", f"file:///srv/files/{'b' * 32}/artifacts/m/../n"):
            assert (await world.new_version(source=source, run_id="b" * 32)).files == "external"
        for source in (f"{ROOT}/", f"{ROOT}/m///n", f"{ROOT}/%6d"):
            assert (await world.new_version(source=source, run_id=RUN)).files == "external"
        prompt = await world.new_version(source="dummy-source", tags={PROMPT_TAG: "true"})
        assert prompt.download_uri == "dummy-source"

    asyncio.run(story())


def test_a_source_that_is_one_file_is_kept_too(world):
    async def story():
        await world.put_file(f"0/{RUN}/artifacts/weights/model.pkl", "a1")
        made = await world.new_version(source=f"{ROOT}/weights/model.pkl", run_id=RUN)
        await world.put_file(f"0/{RUN}/artifacts/weights/model.pkl", "b2")
        manifest = await world.services.manifests.of_version(ACTOR, "M", made.version)
        return made.files, [(entry.path, entry.digest[:2]) for entry in manifest.entries]

    assert asyncio.run(story()) == ("snapshot", [("model.pkl", "a1")])


def test_sources_can_be_bound_to_a_pattern(store: Store, tmp_path: Path):
    world = RegistryWorld(store, tmp_path / "blobs", version_source_pattern=r"^s3://good/")

    async def story():
        await world.registry.create(ACTOR, "M", {})
        await world.new_version(source="s3://good/x")
        assert await refused(world.new_version(source="s3://bad/x"), InvalidArgument) == (
            "Invalid model version source: 's3://bad/x'."
        )

    asyncio.run(story())


def test_describe_tag_and_untag(world):
    async def story():
        await world.new_version()
        model = await world.registry.get(ACTOR, "M")
        described = await world.versions.describe(ACTOR, "M", 1, "new")
        assert described.description == "new"
        assert described.updated_at > described.created_at
        assert (await world.registry.get(ACTOR, "M")).updated_at == model.updated_at
        await world.versions.set_tag(ACTOR, "M", 1, "a", "1")
        await world.versions.set_tag(ACTOR, "M", "1", "a", "1")
        await world.versions.set_tag(ACTOR, "M", 1, "a", "")
        assert (await world.versions.get(ACTOR, "M", 1)).tags == {"a": ""}
        await world.versions.delete_tag(ACTOR, "M", 1, "a")
        await world.versions.delete_tag(ACTOR, "M", 1, "a")
        assert (await world.versions.describe(ACTOR, "M", 1, None)).description is None
        actions = [row[0] for row in await world.events()][2:]
        assert actions == ["update", "set_tag", "set_tag", "delete_tag", "update"]
        assert await refused(world.versions.get(ACTOR, "M", "one"), InvalidArgument) == (
            "Parameter 'version' must be an integer, got 'one'."
        )
        await refused(world.versions.get(ACTOR, "M", str(2**64)), InvalidArgument)
        for attempt in (
            world.versions.describe(ACTOR, "M", 2, ""),
            world.versions.set_tag(ACTOR, "M", 2, "a", ""),
            world.versions.delete_tag(ACTOR, "M", 2, "a"),
            world.versions.delete(ACTOR, "X", 1),
        ):
            assert "Model Version (name=" in await refused(attempt, NotFound)

    asyncio.run(story())


def test_a_deleted_version_loses_its_aliases_and_gets_the_free_ones_back(world):
    async def story():
        first, second = await world.new_version(), await world.new_version()
        await world.promotion.transition_stage(ACTOR, "M", 1, "Production")
        for alias in ("kept", "taken"):
            await world.promotion.set_alias(ACTOR, "M", alias, 1)
        await world.versions.delete(ACTOR, "M", 1)
        assert (await world.registry.get(ACTOR, "M")).aliases == {}
        await refused(world.versions.get(ACTOR, "M", 1), NotFound)
        await refused(world.versions.delete(ACTOR, "M", 1), NotFound)
        await world.promotion.set_alias(ACTOR, "M", "taken", 2)

        restored = await world.versions.restore(ACTOR, "M", 1)

        assert (restored.id, restored.stage, restored.aliases) == (first.id, "Production", ("kept",))
        assert (await world.registry.get(ACTOR, "M")).aliases == {"kept": 1, "taken": second.version}
        await refused(world.versions.restore(ACTOR, "M", 1), NotFound)
        await refused(world.versions.restore(ACTOR, "M", 7), NotFound)

    asyncio.run(story())


def test_search_orders_pages_and_filters(world):
    async def story():
        await world.registry.create(ACTOR, "A", {})
        await world.registry.create(ACTOR, "P", {PROMPT_TAG: "true"})
        await world.new_version("P", "dummy-source", tags={PROMPT_TAG: "true"})
        for name in ("M", "A", "M"):
            await world.new_version(name, tags={"of": name}, run_id=f"run{name}")
        await world.promotion.set_alias(ACTOR, "M", "best", 1)

        async def found(*items: Comparison, order: tuple[Order, ...] = (), **given) -> list[tuple[str, int]]:
            search = Search(And(items), order, **given)
            return [(v.name, v.version) for v in (await world.versions.search(ACTOR, search)).items]

        attribute = lambda key: Field(FieldKind.ATTRIBUTE, key)  # noqa: E731
        assert await found() == [("M", 2), ("A", 1), ("M", 1)]
        assert await found(order=(Order(attribute("name")),)) == [("A", 1), ("M", 2), ("M", 1)]
        assert await found(order=(Order(attribute("version")),)) == [("A", 1), ("M", 1), ("M", 2)]
        assert await found(Comparison(attribute("run_id"), Operator.IN, ("runA", "x"))) == [("A", 1)]
        assert await found(Comparison(attribute("source"), Operator.EQ, EXTERNAL), limit=1) == [("M", 2)]
        assert await found(Comparison(attribute("version"), Operator.GT, 1)) == [("M", 2)]
        assert await found(Comparison(Field(FieldKind.TAG, "of"), Operator.NE, "M")) == [("A", 1)]
        page = await world.versions.search(ACTOR, Search(And(), limit=2))
        rest = await world.versions.search(ACTOR, Search(And(), limit=2, page_token=page.next_page_token))
        assert [(v.version, v.aliases, v.tags) for v in rest.items] == [(1, ("best",), {"of": "M"})]
        assert rest.next_page_token is None
        prompts = Search(And((Comparison(Field(FieldKind.TAG, PROMPT_TAG), Operator.EQ, "true"),)))
        assert [v.name for v in (await world.versions.search(ACTOR, prompts, prompts=True)).items] == ["P"]
        await world.versions.delete(ACTOR, "A", 1)
        await world.registry.delete(ACTOR, "M")
        assert await found() == []

    asyncio.run(story())
