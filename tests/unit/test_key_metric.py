"""Which metric a model is judged by, when nobody said."""

import pytest

from podium.domain.key_metric import key_metric, less_is_better


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], None),
        (["loss", "accuracy"], "accuracy"),
        (["train_accuracy", "val_accuracy", "epoch"], "val_accuracy"),
        (["epoch", "rmse"], "rmse"),
        (["eval/f1-macro", "eval/loss"], "eval/f1-macro"),
        (["b", "a"], "a"),
    ],
)
def test_what_says_most_is_taken(names: list[str], chosen: str | None):
    assert key_metric(names) == chosen


def test_a_model_may_name_its_metric():
    assert key_metric(["accuracy", "latency_ms"], "latency_ms") == "latency_ms"
    assert key_metric(["accuracy"], "latency_ms") == "accuracy"  # that is not measured


def test_losses_are_better_when_less():
    assert [less_is_better(name) for name in ("val_loss", "test/rmse", "mean_absolute_error", "accuracy", "f1")] == [
        True,
        True,
        True,
        False,
        False,
    ]
