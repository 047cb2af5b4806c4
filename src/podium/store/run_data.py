"""Rows of what is logged to runs, but for metrics: tags, params, inputs and outputs. And whole runs, read at once."""

from collections.abc import Iterable, Mapping

from podium.domain.runs import DatasetInput, ModelOutput, Point, Run, RunRow
from podium.store import datasets, metrics
from podium.store.runs import COLUMNS, JOINED
from podium.store.transaction import Answer, Tx

INPUT = "input"
OUTPUT = "output"


def load_runs(tx: Tx, keys: list[int]) -> list[Run]:
    """The runs of these keys with all that belongs to them, in the order given, in a fixed number of statements."""
    wanted = _list(keys)
    rows = tx.ask(f"SELECT {COLUMNS} FROM {JOINED} WHERE runs.id IN ({wanted})")
    tag_rows = tx.ask(f"SELECT run_id, key, value FROM run_tags WHERE run_id IN ({wanted})")
    param_rows = tx.ask(f"SELECT run_id, key, value FROM run_params WHERE run_id IN ({wanted})")
    model_rows = tx.ask(
        f"SELECT run_id, direction, model_id, step FROM run_logged_models WHERE run_id IN ({wanted})"
        " ORDER BY run_id, step, model_id"
    )
    points: dict[int, list[Point]] = metrics.select_latest(tx, keys)
    inputs: dict[int, list[DatasetInput]] = datasets.select_inputs(tx, keys)
    model_inputs: dict[int, list[str]] = {key: [] for key in keys}
    model_outputs: dict[int, list[ModelOutput]] = {key: [] for key in keys}
    for run, direction, model_id, step in model_rows.all():
        if direction == INPUT:
            model_inputs[run].append(model_id)
        else:
            model_outputs[run].append(ModelOutput(model_id, step))
    infos = {row[0]: RunRow(*row) for row in rows.all()}
    tags, params = _texts(tag_rows, keys), _texts(param_rows, keys)
    return [
        Run(infos[key], tags[key], params[key], points[key], inputs[key], model_inputs[key], model_outputs[key])
        for key in keys
    ]


def load_run_heads(tx: Tx, keys: list[int]) -> list[Run]:
    """The records of the runs of these keys, in the order given, with their tags and nothing else of theirs."""
    wanted = _list(keys)
    rows = tx.ask(f"SELECT {COLUMNS} FROM {JOINED} WHERE runs.id IN ({wanted})")
    tag_rows = tx.ask(f"SELECT run_id, key, value FROM run_tags WHERE run_id IN ({wanted})")
    infos = {row[0]: RunRow(*row) for row in rows.all()}
    tags = _texts(tag_rows, keys)
    return [Run(infos[key], tags[key]) for key in keys]


def upsert_tags(tx: Tx, run: int, tags: Mapping[str, str]) -> None:
    """Set tags."""
    tx.insert(
        "INSERT INTO run_tags (run_id, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value",
        [(run, key, tags[key]) for key in sorted(tags)],
    )


def delete_tag(tx: Tx, run: int, key: str) -> bool:
    """Whether there was such a tag to delete."""
    return tx.count("DELETE FROM run_tags WHERE run_id = :run AND key = :key", run=run, key=key) > 0


def find_tag(tx: Tx, run: int, key: str) -> str | None:
    """The value of one tag."""
    value: str | None = tx.value("SELECT value FROM run_tags WHERE run_id = :run AND key = :key", run=run, key=key)
    return value


def add_params(tx: Tx, run: int, params: Mapping[str, str]) -> dict[str, str]:
    """Add params and return what is stored under their keys: those that are there stay as they are.

    Reading comes after writing, so that of two processes with different values only one finds its own.
    """
    tx.insert(
        "INSERT INTO run_params (run_id, key, value) VALUES (?, ?, ?) ON CONFLICT (run_id, key) DO NOTHING",
        [(run, key, params[key]) for key in sorted(params)],
    )
    names = {f"k{i}": key for i, key in enumerate(params)}
    wanted = ", ".join(f":{name}" for name in names) or "NULL"
    rows = tx.all(f"SELECT key, value FROM run_params WHERE run_id = :run AND key IN ({wanted})", run=run, **names)
    return dict(rows)


def replace_params(tx: Tx, run: int, *, gone: Iterable[str], new: Mapping[str, str]) -> None:
    """Remove the params `gone`, and set `new` ones, in place of those of the same names."""
    for key in sorted(gone):
        tx.run("DELETE FROM run_params WHERE run_id = :run AND key = :key", run=run, key=key)
    tx.insert(
        "INSERT INTO run_params (run_id, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value",
        [(run, key, new[key]) for key in sorted(new)],
    )


def upsert_models(tx: Tx, run: int, direction: str, models: Iterable[ModelOutput]) -> None:
    """Note logged models that a run read (`INPUT`) or made (`OUTPUT`)."""
    tx.insert(
        "INSERT INTO run_logged_models (run_id, direction, model_id, step) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (run_id, direction, model_id) DO UPDATE SET step = excluded.step",
        [(run, direction, model.model_id, model.step) for model in models],
    )


def _texts(answer: Answer, keys: list[int]) -> dict[int, dict[str, str]]:
    texts: dict[int, dict[str, str]] = {key: {} for key in keys}
    for run, key, value in answer.all():
        texts[run][key] = value
    return texts


def _list(keys: Iterable[int]) -> str:
    return ", ".join(str(key) for key in keys) or "NULL"
