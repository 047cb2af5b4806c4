"""Rows of logged models, and of what is logged to them."""

import math

from podium.domain.logged_models import LoggedModel, NewLoggedModel, Status
from podium.domain.runs import Point, RunPoint
from podium.store.filters import Indexed, SideTable, Source, Walk
from podium.store.paging import Page, PageQuery, search_page
from podium.store.registries import outside
from podium.store.transaction import Row, Tx

_ATTRIBUTES = (
    "model_id",
    "project_id",
    "name",
    "model_type",
    "artifact_location",
    "source_run_id",
    "status",
    "status_message",
    "created_at",
    "updated_at",
)
COLUMNS = ", ".join(f"logged_models.{field}" for field in ("id", *_ATTRIBUTES, "deleted_at"))

SOURCE = Source(
    rows="logged_models",
    key="logged_models.id",
    attributes={field: f"logged_models.{field}" for field in _ATTRIBUTES},
    nullable=frozenset({"model_type", "source_run_id", "status_message"}),
    tags=SideTable("logged_model_tags", "logged_model_id", indexed=True),
    params=SideTable("logged_model_params", "logged_model_id", indexed=True),
    metrics=SideTable("logged_model_metrics", "logged_model_id", indexed=True),
    indexed={
        "model_id": Indexed("logged_models.model_id", rows="logged_models"),
        "source_run_id": Indexed("logged_models.source_run_id", rows="logged_models"),
    },
    walks={"created_at": Walk("logged_models")},
    identity=("model_id",),
)


def insert_logged_model(
    tx: Tx, new: NewLoggedModel, *, model_id: str, project_id: int, name: str, artifact_location: str, at: int
) -> int:
    """The key of the new model, which waits for its files."""
    key: int = tx.value(
        "INSERT INTO logged_models (model_id, project_id, name, model_type, artifact_location, source_run_id, status,"
        " created_at, updated_at) VALUES (:model_id, :project, :name, :type, :location, :run, 'PENDING', :at, :at)"
        " RETURNING id",
        model_id=model_id,
        project=project_id,
        name=name,
        type=new.model_type,
        location=artifact_location,
        run=new.source_run_id,
        at=at,
    )
    return key


def find_logged_model(tx: Tx, team_id: int, model_id: str) -> LoggedModel | None:
    """The team's logged model with this public id, deleted or not."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM logged_models JOIN projects ON projects.id = logged_models.project_id"
        f" WHERE logged_models.model_id = :model AND projects.team_id = :team AND {outside('projects.id')}",
        model=model_id,
        team=team_id,
    )
    return None if row is None else _whole(tx, [row])[0]


def load_logged_models(tx: Tx, keys: list[int]) -> list[LoggedModel]:
    """The logged models with these keys, in this order, in four statements."""
    if not keys:
        return []
    inlined = ", ".join(str(key) for key in keys)
    rows = {row[0]: row for row in tx.all(f"SELECT {COLUMNS} FROM logged_models WHERE id IN ({inlined})")}
    return _whole(tx, [rows[key] for key in keys])


def search_logged_models(
    tx: Tx,
    team_id: int,
    *,
    project_ids: list[int],
    query: PageQuery,
) -> Page:
    """The keys of a page of the active logged models of these projects, as far as they are the team's."""
    wanted = ", ".join(str(key) for key in project_ids) or "NULL"
    outer = outside("projects.id")
    own = tx.all(f"SELECT id FROM projects WHERE team_id = :team AND id IN ({wanted}) AND {outer}", team=team_id)
    if not own:
        return Page([], None)
    living = "logged_models.deleted_at IS NULL"
    each = [f"logged_models.project_id = {row[0]} AND {living}" for row in own]
    keys = ", ".join(str(row[0]) for row in own)
    return search_page(
        tx,
        SOURCE,
        scope=each[0] if len(own) == 1 else f"logged_models.project_id IN ({keys}) AND {living}",
        scope_parameters={},
        query=query,
        parts=each,
    )


def update_status(tx: Tx, key: int, status: Status, at: int) -> None:
    """Say how the upload of the files went."""
    tx.run("UPDATE logged_models SET status = :status, updated_at = :at WHERE id = :id", id=key, status=status, at=at)


def update_deleted(tx: Tx, key: int, at: int) -> None:
    """Mark a logged model deleted."""
    tx.run("UPDATE logged_models SET deleted_at = :at, updated_at = :at WHERE id = :id", id=key, at=at)


def insert_params(tx: Tx, key: int, params: dict[str, str]) -> None:
    """Add params; those that are there stay as they are."""
    tx.insert(
        "INSERT INTO logged_model_params (logged_model_id, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (logged_model_id, key) DO NOTHING",
        [(key, name, params[name]) for name in sorted(params)],
    )


def select_params(tx: Tx, key: int) -> dict[str, str]:
    """All params of a logged model."""
    return _texts(tx, "logged_model_params", str(key)).get(key, {})


def upsert_tags(tx: Tx, key: int, tags: dict[str, str]) -> None:
    """Set tags."""
    tx.insert(
        "INSERT INTO logged_model_tags (logged_model_id, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (logged_model_id, key) DO UPDATE SET value = excluded.value",
        [(key, name, tags[name]) for name in sorted(tags)],
    )


def delete_tag(tx: Tx, key: int, name: str) -> bool:
    """Whether there was such a tag to delete."""
    return tx.count("DELETE FROM logged_model_tags WHERE logged_model_id = :id AND key = :name", id=key, name=name) > 0


def _whole(tx: Tx, rows: list[Row]) -> list[LoggedModel]:
    keys = ", ".join(str(row[0]) for row in rows) or "NULL"
    tags = _texts(tx, "logged_model_tags", keys)
    params = _texts(tx, "logged_model_params", keys)
    metrics = _metrics(tx, keys)
    return [LoggedModel(*(*row, tags.get(row[0], {}), params.get(row[0], {}), metrics.get(row[0], []))) for row in rows]


def _texts(tx: Tx, table: str, keys: str) -> dict[int, dict[str, str]]:
    texts: dict[int, dict[str, str]] = {}
    statement = f"SELECT logged_model_id, key, value FROM {table} WHERE logged_model_id IN ({keys}) ORDER BY key"
    for model, key, value in tx.all(statement):
        texts.setdefault(model, {})[key] = value
    return texts


def _metrics(tx: Tx, keys: str) -> dict[int, list[RunPoint]]:
    points: dict[int, list[RunPoint]] = {}
    for model, public_id, run, key, value, is_nan, timestamp, step, dataset, digest in tx.all(
        "SELECT m.logged_model_id, l.model_id, r.run_id, k.key, m.value, m.is_nan, m.timestamp, m.step,"
        " m.dataset_name, m.dataset_digest FROM logged_model_metrics m"
        " JOIN logged_models l ON l.id = m.logged_model_id JOIN metric_keys k ON k.id = m.key_id"
        f" JOIN runs r ON r.id = m.run_id WHERE m.logged_model_id IN ({keys})"
        " ORDER BY m.logged_model_id, k.key, m.timestamp, m.step, r.run_id"
    ):
        number = math.nan if is_nan else value
        point = Point(key, number, timestamp, step, public_id, dataset or "", digest or "")
        points.setdefault(model, []).append(RunPoint(run, point))
    return points
