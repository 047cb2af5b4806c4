"""What registering reads of runs and logged models, and notes on them."""

import msgspec

from podium.store.registries import outside
from podium.store.transaction import Tx


class SourceModel(msgspec.Struct, frozen=True):
    """A logged model that a version is made of."""

    id: int
    artifact_location: str
    source_run_id: str | None


def find_run_root(tx: Tx, team_id: int, run_id: str) -> str | None:
    """The URI of the folder of a run's files; deleted runs have theirs too."""
    row = tx.one(
        "SELECT p.artifact_location, r.run_id FROM runs r JOIN projects p ON p.id = r.project_id"
        f" WHERE r.run_id = :run AND p.team_id = :team AND {outside('p.id')}",
        run=run_id,
        team=team_id,
    )
    return None if row is None else f"{row[0].rstrip('/')}/{row[1]}/artifacts"


def find_logged_model(tx: Tx, team_id: int, model_id: str) -> SourceModel | None:
    """The team's active logged model with this public id."""
    row = tx.one(
        "SELECT l.id, l.artifact_location, l.source_run_id FROM logged_models l JOIN projects p ON p.id = l.project_id"
        f" WHERE l.model_id = :model AND p.team_id = :team AND l.deleted_at IS NULL AND {outside('p.id')}",
        model=model_id,
        team=team_id,
    )
    return None if row is None else SourceModel(*row)


def find_logged_model_of_run(tx: Tx, team_id: int, run_id: str, name: str) -> SourceModel | None:
    """The newest active logged model of this name that a run made."""
    row = tx.one(
        "SELECT l.id, l.artifact_location, l.source_run_id FROM logged_models l JOIN projects p ON p.id = l.project_id"
        " WHERE l.source_run_id = :run AND l.name = :name AND p.team_id = :team AND l.deleted_at IS NULL"
        f" AND {outside('p.id')} ORDER BY l.created_at DESC, l.id DESC LIMIT 1",
        run=run_id,
        name=name,
        team=team_id,
    )
    return None if row is None else SourceModel(*row)


def find_logged_model_tag(tx: Tx, logged_model: int, key: str) -> str | None:
    """The value of a logged model's tag."""
    value: str | None = tx.value(
        "SELECT value FROM logged_model_tags WHERE logged_model_id = :id AND key = :key", id=logged_model, key=key
    )
    return value


def upsert_logged_model_tag(tx: Tx, logged_model: int, key: str, value: str) -> None:
    """Set a logged model's tag."""
    tx.run(
        "INSERT INTO logged_model_tags (logged_model_id, key, value) VALUES (:id, :key, :value)"
        " ON CONFLICT (logged_model_id, key) DO UPDATE SET value = excluded.value",
        id=logged_model,
        key=key,
        value=value,
    )
