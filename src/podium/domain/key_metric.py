"""Which of a model's metrics is shown first, and whether more of it is better."""

from collections.abc import Iterable

# A model's tag that names its metric; without it the names below decide.
KEY_METRIC_TAG = "podium.metric"

_GOOD = ("accuracy", "auc", "f1", "r2", "score", "precision", "recall", "ndcg", "map", "bleu", "rouge")
_BAD = ("loss", "rmse", "mae", "mse", "mape", "error", "perplexity", "logloss")
# Measured on data that the model was not trained on, before all else.
_HELD_OUT = ("test", "val", "eval", "valid", "validation")


def key_metric(names: Iterable[str], chosen: str | None = None) -> str | None:
    """The `chosen` one if it is measured, else the one that says most about how good a model is."""
    known = sorted(names)
    if chosen in known:
        return chosen
    return min(known, key=lambda name: (_rank(name), name), default=None)


def less_is_better(name: str) -> bool:
    """Whether a metric of this name is a loss or an error."""
    words = _words(name)
    return any(bad in word for word in words for bad in _BAD)


def _rank(name: str) -> tuple[int, int]:
    words = _words(name)
    held_out = 0 if any(word in _HELD_OUT for word in words) else 1
    for position, good in enumerate((*_GOOD, *_BAD)):
        if any(word.startswith(good) for word in words):
            return position, held_out
    return len(_GOOD) + len(_BAD), held_out


def _words(name: str) -> list[str]:
    return [word for word in name.lower().replace("/", "_").replace("-", "_").replace(".", "_").split("_") if word]
