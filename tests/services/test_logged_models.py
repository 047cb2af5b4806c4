import asyncio
from pathlib import Path

import pytest

from podium.domain.filters import And, Comparison, DatasetRef, Field, FieldKind, Operator, Order
from podium.domain.logged_models import NewLoggedModel
from podium.errors import InvalidArgument, NotFound
from podium.services.searching import Search
from podium.store.engine import Store
from support.registry import ACTOR, RegistryWorld, refused


@pytest.fixture
def world(store: Store, tmp_path: Path) -> RegistryWorld:
    return RegistryWorld(store, tmp_path / "blobs")


def test_a_logged_model_is_made_finalized_described_and_deleted(world):
    models = world.services.logged_models

    async def story():
        made = await models.create(ACTOR, "0", NewLoggedModel("m", "agent", "r1", {"a": "1"}, {"t": "x"}))
        assert (made.status, made.params, made.tags, made.metrics) == ("PENDING", {"a": "1"}, {"t": "x"}, [])
        assert made.artifact_location == f"mlflow-artifacts:/0/models/{made.model_id}/artifacts"
        ready = await models.finalize(ACTOR, made.model_id, "READY")
        assert ready.updated_at > made.updated_at
        await models.log_params(ACTOR, made.model_id, {"a": "1", "b": "2"})
        await refused(models.log_params(ACTOR, made.model_id, {"c": "3", "b": "other"}), InvalidArgument)
        await models.set_tags(ACTOR, made.model_id, {"t": "y", "u": "z"})
        await models.delete_tag(ACTOR, made.model_id, "u")
        await refused(models.delete_tag(ACTOR, made.model_id, "u"), NotFound)
        stored = await models.get(ACTOR, made.model_id)
        assert (stored.status, stored.params, stored.tags) == ("READY", {"a": "1", "b": "2"}, {"t": "y"})
        await models.delete(ACTOR, made.model_id)
        await refused(models.get(ACTOR, made.model_id), NotFound)
        await refused(models.delete(ACTOR, made.model_id), NotFound)
        assert (await models.get(ACTOR, made.model_id, allow_deleted=True)).deleted_at is not None
        assert (await models.search(ACTOR, ["0"], Search(And()))).items == []

    asyncio.run(story())


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "x" * 501])
def test_names_that_would_break_uris_are_refused(world, name):
    asyncio.run(refused(world.services.logged_models.create(ACTOR, "0", NewLoggedModel(name)), InvalidArgument))


def test_models_are_found_by_run_and_sorted_by_a_metric_on_a_dataset_page_by_page(world):
    models = world.services.logged_models
    on_eval = Field(FieldKind.METRIC, "acc", (DatasetRef("eval"),))

    async def story():
        await world.new_run("r1")
        made = [await models.create(ACTOR, "0", NewLoggedModel(f"m{i}", source_run_id=f"r{i % 2}")) for i in range(5)]
        await world.store.write(lambda tx: _measure(tx, [model.id for model in made]))

        of_run = Comparison(Field(FieldKind.ATTRIBUTE, "source_run_id"), Operator.EQ, "r1")
        found = await models.search(ACTOR, ["0"], Search(And((of_run,))))
        assert [model.name for model in found.items] == ["m3", "m1"]

        good = Comparison(on_eval, Operator.GE, 1)
        names, token = [], None
        while True:
            search = Search(And((good,)), (Order(on_eval, ascending=False),), 2, token)
            page = await models.search(ACTOR, ["0"], search)
            names += [model.name for model in page.items]
            token = page.next_page_token
            if token is None:
                break
        assert names == ["m4", "m3", "m2", "m1"]
        assert page.items[-1].metrics[0].point.dataset_name == "eval"

    asyncio.run(story())


def _measure(tx, keys):
    metric = tx.value("INSERT INTO metric_keys (key) VALUES ('acc') RETURNING id")
    run = tx.value("SELECT id FROM runs")
    for value, key in enumerate(keys):
        tx.insert(
            "INSERT INTO logged_model_metrics (logged_model_id, key_id, timestamp, step, run_id, value, is_nan,"
            " dataset_name, dataset_digest) VALUES (?, ?, 1, 0, ?, ?, 0, 'eval', 'd1')",
            [(key, metric, run, float(value))],
        )
