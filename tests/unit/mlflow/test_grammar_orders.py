"""Orders as MLflow 3.17's client sends them, and what narrows a search of logged models."""

import pytest

from podium.domain.filters import And, DatasetRef, Field, FieldKind, HasMetricOn, Order
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    OrderBy,
    parse_filter,
    parse_logged_model_order,
    parse_order,
    restrict_to_datasets,
)


def attribute(key, *, ascending=True):
    return Order(Field(FieldKind.ATTRIBUTE, key), ascending)


def metric(key, *datasets, ascending=True):
    return Order(Field(FieldKind.METRIC, key, datasets), ascending)


@pytest.mark.parametrize(
    ("entity", "clause", "order"),
    [
        (RUNS, "start_time", attribute("start_time")),
        (RUNS, "attributes.start_time DESC", attribute("start_time", ascending=False)),
        (RUNS, "Created asc", attribute("start_time")),
        (RUNS, "`run name`", attribute("name")),
        (RUNS, '"run_name" desc', attribute("name", ascending=False)),
        (RUNS, "metrics.`Mean Square Error` DESC", metric("Mean Square Error", ascending=False)),
        (RUNS, 'metrics."key1"  desc', metric("key1", ascending=False)),
        (RUNS, "metrics.val-loss\tdEsC", metric("val-loss", ascending=False)),
        (RUNS, "metrics.0", metric("0")),
        (RUNS, " params.depth ", Order(Field(FieldKind.PARAM, "depth"))),
        (RUNS, "tags.a.b.c ASC", Order(Field(FieldKind.TAG, "a.b.c"))),
        (EXPERIMENTS, "last_update_time DESC", attribute("updated_at", ascending=False)),
        (EXPERIMENTS, "experiment_id", attribute("id")),
        (REGISTERED_MODELS, "timestamp\r\rASC", attribute("updated_at")),
        (REGISTERED_MODELS, "last_updated_timestamp desc", attribute("updated_at", ascending=False)),
        (MODEL_VERSIONS, "version_number DESC", attribute("version", ascending=False)),
        (MODEL_VERSIONS, "creation_timestamp", attribute("created_at")),
        (EVALUATION_DATASETS, "created_time DESC", attribute("created_at", ascending=False)),
    ],
)
def test_one_order(entity, clause, order):
    assert parse_order([clause], entity) == (order,)


def test_the_order_of_orders_is_kept_and_the_first_of_a_field_counts():
    orders = parse_order(["metrics.a DESC", "created", "start_time DESC", "metrics.a", "run_id"], RUNS)
    assert orders == (metric("a", ascending=False), attribute("start_time"), attribute("run_id"))


def test_no_order():
    assert parse_order([], RUNS) == ()


@pytest.mark.parametrize(
    ("entity", "clause", "message"),
    [
        (RUNS, "", "Invalid order_by clause ''"),
        (RUNS, "m.acc", "Invalid entity type 'm'"),
        (RUNS, "acc", "Invalid attribute key 'acc' specified"),
        (RUNS, "`metrics.A", "Invalid order_by clause"),
        (RUNS, "`metrics.A`", "Invalid entity type"),
        (RUNS, "'status'", "Invalid order_by clause"),
        (RUNS, "metrics.A != 1", "Invalid order_by clause"),
        (RUNS, "status, end_time", "Invalid order_by clause"),
        (RUNS, "attribute.run_id ACS", "Invalid ordering key in order_by clause 'attribute.run_id ACS'"),
        (RUNS, "status ASC end_time", "Invalid order_by clause"),
        (RUNS, "dataset.name", "Invalid order_by entity: dataset"),
        (RUNS, "metrics.a\0b", "NUL"),
        (EXPERIMENTS, "tags.a", "Invalid order_by entity: tag"),
        (EXPERIMENTS, "metrics.a", "Invalid entity type 'metrics'"),
        (REGISTERED_MODELS, "last_updated_timestamp DESC blah", "Invalid order_by clause"),
        (MODEL_VERSIONS, "stage", "Invalid attribute key 'stage' specified"),
    ],
)
def test_what_is_refused(entity, clause, message):
    with pytest.raises(InvalidArgument) as caught:
        parse_order(["name" if entity is not RUNS else "run_name", clause], entity)
    assert message in caught.value.message


def test_very_many_orders_are_refused():
    with pytest.raises(InvalidArgument, match="more than 50"):
        parse_order([f"metrics.m{n}" for n in range(51)], RUNS)


def test_orders_of_logged_models():
    orders = parse_logged_model_order([
        OrderBy("metrics.`f1 score`", ascending=False, dataset_name="d", dataset_digest="1"),
        OrderBy("metrics.f1", dataset_name="d"),
        OrderBy("metrics.f1"),
        OrderBy("creation_time", ascending=False),
        OrderBy("creation_timestamp"),
        OrderBy("name", dataset_name="d"),
    ])  # fmt: skip
    assert orders == (
        metric("f1 score", DatasetRef("d", "1"), ascending=False),
        metric("f1", DatasetRef("d")),
        metric("f1"),
        attribute("created_at", ascending=False),
        attribute("name"),
    )


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (OrderBy(), "`field_name` in the `order_by` clause must be specified"),
        (OrderBy("params.a"), "Invalid order by field name: params.a"),
        (OrderBy("nonsense"), "Invalid attribute key 'nonsense'"),
        (OrderBy("metrics.a\0"), "NUL"),
        (OrderBy("metrics.a", dataset_digest="1"), "`dataset_digest` can only be specified if `dataset_name`"),
    ],
)
def test_orders_of_logged_models_that_are_refused(item, message):
    with pytest.raises(InvalidArgument) as caught:
        parse_logged_model_order([item])
    assert message in caught.value.message


def test_datasets_narrow_the_metrics_of_a_filter():
    datasets = (DatasetRef("train"), DatasetRef("test", "abc"))
    condition = parse_filter("metrics.f1 > 0.5 AND name = 'x'", LOGGED_MODELS)
    f1, name = restrict_to_datasets(condition, datasets).items
    assert f1.field == Field(FieldKind.METRIC, "f1", datasets)
    assert name == condition.items[1]


def test_datasets_alone_ask_for_any_metric_on_them():
    datasets = (DatasetRef("train"),)
    condition = parse_filter("name = 'x'", LOGGED_MODELS)
    assert restrict_to_datasets(condition, datasets) == And((*condition.items, HasMetricOn(datasets)))
    assert restrict_to_datasets(And(), datasets) == And((HasMetricOn(datasets),))
    assert restrict_to_datasets(condition, ()) == condition
