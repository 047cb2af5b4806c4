"""Rows of registered models and their tags."""

from collections.abc import Iterable, Sequence

import msgspec

from podium.domain.registry import PROMPT_TAG, RegisteredModel
from podium.store import aliases, versions
from podium.store.dialect import for_update, is_in, list_value
from podium.store.transaction import Answer, Row, Tx

COLUMNS = "m.id, m.name, m.description, m.created_at, m.updated_at"


def _is_prompt(model_id: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM registered_model_tags t WHERE t.model_id = {model_id}"
        " AND t.key = :prompt AND LOWER(t.value) = 'true')"
    )


_IS_PROMPT = _is_prompt("m.id")
_IS_PROMPT_RETURNED = _is_prompt("registered_models.id")


class ModelKey(msgspec.Struct, frozen=True):
    """What a change of a model has to know of it."""

    id: int
    name: str
    description: str | None
    is_prompt: bool


def insert_model(tx: Tx, *, team_id: int, name: str, description: str | None, at: int) -> int | None:
    """The key of the new model, or None when the team has one of this name."""
    key: int | None = tx.value(
        "INSERT INTO registered_models (team_id, name, description, next_version, created_at, updated_at)"
        " VALUES (:team, :name, :description, 1, :at, :at)"
        " ON CONFLICT (team_id, name) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
        team=team_id,
        name=name,
        description=description,
        at=at,
    )
    return key


def lock_model(tx: Tx, team_id: int, name: str) -> ModelKey | None:
    """The team's model of this name; no other transaction changes it until this one ends."""
    return locked_model(ask_lock(tx, team_id, name))


def ask_lock(tx: Tx, team_id: int, name: str) -> Answer:
    """The row of `locked_model`: what is asked after it is about a model that nobody else changes."""
    return tx.ask(
        f"SELECT m.id, m.name, m.description, {_IS_PROMPT} FROM registered_models m"
        f" WHERE m.team_id = :team AND m.name = :name AND m.deleted_at IS NULL{for_update(tx.dialect)}",
        team=team_id,
        name=name,
        prompt=PROMPT_TAG,
    )


def locked_model(answer: Answer) -> ModelKey | None:
    """The model that was asked for."""
    row = answer.one()
    return None if row is None else ModelKey(row[0], row[1], row[2], bool(row[3]))


def lock_deleted_model(tx: Tx, team_id: int, model_id: int) -> ModelKey | None:
    """The team's deleted model with this key; no other transaction changes it until this one ends."""
    row = tx.one(
        f"SELECT m.id, m.name, m.description, {_IS_PROMPT} FROM registered_models m"
        f" WHERE m.team_id = :team AND m.id = :id AND m.deleted_at IS NOT NULL{for_update(tx.dialect)}",
        team=team_id,
        id=model_id,
        prompt=PROMPT_TAG,
    )
    return None if row is None else ModelKey(row[0], row[1], row[2], bool(row[3]))


def take_version_number(tx: Tx, team_id: int, name: str, at: int) -> tuple[ModelKey, int] | None:
    """The team's model of this name, and a version number that nobody had before and nobody else gets."""
    row = tx.one(
        "UPDATE registered_models SET next_version = next_version + 1, updated_at = :at, revision = revision + 1"
        " WHERE team_id = :team AND name = :name AND deleted_at IS NULL"
        f" RETURNING id, name, description, {_IS_PROMPT_RETURNED}, next_version - 1",
        team=team_id,
        name=name,
        at=at,
        prompt=PROMPT_TAG,
    )
    return None if row is None else (ModelKey(row[0], row[1], row[2], bool(row[3])), row[4])


def find_key(tx: Tx, team_id: int, name: str) -> int | None:
    """The key of the team's model of this name."""
    key: int | None = tx.value(
        "SELECT m.id FROM registered_models m WHERE m.team_id = :team AND m.name = :name AND m.deleted_at IS NULL",
        team=team_id,
        name=name,
    )
    return key


def find_model(tx: Tx, team_id: int, name: str) -> RegisteredModel | None:
    """The team's model of this name, with its tags, aliases and newest versions."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM registered_models m"
        " WHERE m.team_id = :team AND m.name = :name AND m.deleted_at IS NULL",
        team=team_id,
        name=name,
    )
    return None if row is None else with_parts(tx, [row])[0]


def with_parts(tx: Tx, rows: list[Row]) -> list[RegisteredModel]:
    """Models of `COLUMNS` rows; what belongs to them is read in a fixed number of statements."""
    keys = [row[0] for row in rows]
    tag_rows = tx.ask(
        "SELECT model_id, key, value FROM registered_model_tags"
        f" WHERE model_id IN ({versions.inlined(keys)}) ORDER BY key"
    )
    named = aliases.select_of_models(tx, keys)
    tags: dict[int, dict[str, str]] = {key: {} for key in keys}
    for model_id, key, value in tag_rows.all():
        tags[model_id][key] = value
    latest = versions.select_latest(tx, keys)
    wholes: list[Row] = [(*row, tags[row[0]], named[row[0]], tuple(latest[row[0]])) for row in rows]
    return [RegisteredModel(*whole) for whole in wholes]


def update_description(tx: Tx, model_id: int, description: str | None, at: int) -> None:
    """Set what a model is said to be."""
    tx.run(
        "UPDATE registered_models SET description = :description, updated_at = :at, revision = revision + 1"
        " WHERE id = :id",
        id=model_id,
        description=description,
        at=at,
    )


def update_name(tx: Tx, model_id: int, name: str, at: int) -> None:
    """Rename a model; its versions count as updated with it."""
    tx.run(
        "UPDATE registered_models SET name = :name, updated_at = :at, revision = revision + 1 WHERE id = :id",
        id=model_id,
        name=name,
        at=at,
    )
    tx.run("UPDATE model_versions SET updated_at = :at WHERE model_id = :id AND deleted_at IS NULL", id=model_id, at=at)


def update_deleted(tx: Tx, model_id: int, deleted_at: int | None, at: int) -> None:
    """Mark a model deleted, or there again with None."""
    tx.run(
        "UPDATE registered_models SET deleted_at = :deleted, updated_at = :at, revision = revision + 1 WHERE id = :id",
        id=model_id,
        deleted=deleted_at,
        at=at,
    )


def update_time(tx: Tx, model_id: int, at: int) -> None:
    """Note that something of the model changed, as its time of change shows."""
    tx.run("UPDATE registered_models SET updated_at = :at, revision = revision + 1 WHERE id = :id", id=model_id, at=at)


def count_change(tx: Tx, model_id: int) -> None:
    """Note that something of the model or its versions changed that its time of change does not show."""
    tx.run("UPDATE registered_models SET revision = revision + 1 WHERE id = :id", id=model_id)


def count_changes_of_logged(tx: Tx, logged_model_ids: Iterable[str]) -> None:
    """Note that logged models changed, whose params and metrics the versions that were made of them show."""
    tx.run(
        "UPDATE registered_models SET revision = revision + 1 WHERE id IN (SELECT model_id FROM model_versions"
        f" WHERE {is_in('logged_model_id', 'logged', tx.dialect)})",
        logged=list_value(sorted(logged_model_ids), tx.dialect),
    )


def find_ref(tx: Tx, team_id: int, name: str) -> tuple[int, int] | None:
    """(key, revision) of the team's model of this name."""
    row = tx.one(
        "SELECT id, revision FROM registered_models WHERE team_id = :team AND name = :name AND deleted_at IS NULL",
        team=team_id,
        name=name,
    )
    return None if row is None else (row[0], row[1])


def select_refs(tx: Tx, keys: Sequence[int]) -> list[tuple[int, int]]:
    """(key, revision) of the models with these keys, in the order given."""
    rows = tx.all(f"SELECT id, revision FROM registered_models WHERE id IN ({versions.inlined(keys)})")
    revisions: dict[int, int] = dict(rows)
    return [(key, revisions[key]) for key in keys]


def find_tag(tx: Tx, model_id: int, key: str) -> str | None:
    """The value of a model's tag."""
    value: str | None = tx.value(
        "SELECT value FROM registered_model_tags WHERE model_id = :id AND key = :key", id=model_id, key=key
    )
    return value


def upsert_tags(tx: Tx, model_id: int, tags: dict[str, str]) -> None:
    """Set tags."""
    tx.many(
        "INSERT INTO registered_model_tags (model_id, key, value) VALUES (:id, :key, :value)"
        " ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value",
        [{"id": model_id, "key": key, "value": value} for key, value in tags.items()],
    )


def delete_tag(tx: Tx, model_id: int, key: str) -> None:
    """Take a tag off."""
    tx.run("DELETE FROM registered_model_tags WHERE model_id = :id AND key = :key", id=model_id, key=key)
