"""Rows of model versions and their tags."""

from collections.abc import Iterable, Sequence

import msgspec

from podium.domain.registry import LoggedMetric, ModelVersion
from podium.domain.stages import STAGES, Stage
from podium.store.transaction import Answer, Row, Tx

COLUMNS = (
    "v.id, v.model_id, m.name, v.version, v.description, v.user_id, v.source, v.location, v.run_id, v.run_link,"
    " v.logged_model_id, v.stage, v.status, v.status_message, v.manifest_id, v.created_at, v.updated_at"
)
TABLES = "model_versions v JOIN registered_models m ON m.id = v.model_id"
VISIBLE = "m.team_id = :team AND m.deleted_at IS NULL AND v.deleted_at IS NULL"

NEW_STAGE: Stage = "None"
NEW_STATUS = "READY"

_LOGGED_MODEL = COLUMNS.split(", ").index("v.logged_model_id")


class NewRow(msgspec.Struct, frozen=True):
    """What `insert_version` writes."""

    model_id: int
    version: int
    description: str | None
    user_id: str | None
    source: str
    location: str
    run_id: str | None
    run_link: str | None
    logged_model_id: str | None
    manifest_id: int | None
    at: int


_INSERT = (
    "INSERT INTO model_versions (model_id, version, description, user_id, source, location, run_id, run_link,"
    " logged_model_id, manifest_id, stage, status, created_at, updated_at) VALUES (:model_id, :version, :description,"
    f" :user_id, :source, :location, :run_id, :run_link, :logged_model_id, :manifest_id, '{NEW_STAGE}', '{NEW_STATUS}',"
    " :at, :at)"
    " RETURNING id"
)


def inlined(keys: Iterable[int]) -> str:
    """Integer keys as the inside of `IN (…)`; none at all match nothing."""
    return ", ".join(str(key) for key in keys) or "NULL"


def insert_version(tx: Tx, name: str, row: NewRow, tags: dict[str, str]) -> ModelVersion:
    """The new version of the model called `name`, in no stage."""
    key: int = tx.value(_INSERT, **msgspec.structs.asdict(row))
    upsert_tags(tx, key, tags)
    return ModelVersion(
        id=key,
        model_id=row.model_id,
        name=name,
        version=row.version,
        description=row.description,
        user_id=row.user_id,
        source=row.source,
        location=row.location,
        run_id=row.run_id,
        run_link=row.run_link,
        logged_model_id=row.logged_model_id,
        stage=NEW_STAGE,
        status=NEW_STATUS,
        status_message=None,
        manifest_id=row.manifest_id,
        created_at=row.at,
        updated_at=row.at,
        tags=dict(sorted(tags.items())),
    )


def find_version(tx: Tx, team_id: int, name: str, version: int) -> ModelVersion | None:
    """The team's version of this model name and number."""
    return found_version(tx, ask_version(tx, team_id, name, version))


def ask_version(tx: Tx, team_id: int, name: str, version: int) -> Answer:
    """The row of `found_version`."""
    return tx.ask(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE {VISIBLE} AND m.name = :name AND v.version = :version",
        team=team_id,
        name=name,
        version=version,
    )


def found_version(tx: Tx, answer: Answer) -> ModelVersion | None:
    """The version that was asked for."""
    row = answer.one()
    return None if row is None else with_parts(tx, [row])[0]


def find_ref(tx: Tx, team_id: int, name: str, version: int) -> tuple[int, int] | None:
    """(key, revision) of the team's version; versions change with their model's revision."""
    row = ask_ref(tx, team_id, name, version).one()
    return None if row is None else (row[0], row[1])


def ask_ref(tx: Tx, team_id: int, name: str, version: int) -> Answer:
    """The row of `find_ref`."""
    return tx.ask(
        f"SELECT v.id, m.revision FROM {TABLES} WHERE {VISIBLE} AND m.name = :name AND v.version = :version",
        team=team_id,
        name=name,
        version=version,
    )


def find_ref_by_alias(tx: Tx, team_id: int, name: str, alias: str) -> tuple[int, int] | None:
    """(key, revision) of the version that an alias of the team's model of this name points to."""
    row = tx.one(
        "SELECT v.id, m.revision FROM registered_models m JOIN model_aliases a ON a.model_id = m.id"
        f" JOIN model_versions v ON v.id = a.version_id WHERE {VISIBLE} AND m.name = :name AND a.alias = :alias",
        team=team_id,
        name=name,
        alias=alias,
    )
    return None if row is None else (row[0], row[1])


def select_refs(tx: Tx, keys: Sequence[int]) -> list[tuple[int, int]]:
    """(key, revision) of the versions with these keys, in the order given."""
    revisions: dict[int, int] = dict(tx.all(f"SELECT v.id, m.revision FROM {TABLES} WHERE v.id IN ({inlined(keys)})"))
    return [(key, revisions[key]) for key in keys]


def find_version_by_alias(tx: Tx, team_id: int, name: str, alias: str) -> ModelVersion | None:
    """The version that an alias of the team's model of this name points to."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM registered_models m JOIN model_aliases a ON a.model_id = m.id AND a.alias = :alias"
        f" JOIN model_versions v ON v.id = a.version_id WHERE {VISIBLE} AND m.name = :name",
        team=team_id,
        name=name,
        alias=alias,
    )
    return None if row is None else with_parts(tx, [row])[0]


def find_deleted_version(tx: Tx, model_id: int, version: int) -> ModelVersion | None:
    """The deleted version of this number, if it is one that can come back."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM {TABLES}"
        " WHERE v.model_id = :model AND v.version = :version AND v.deleted_at IS NOT NULL",
        model=model_id,
        version=version,
    )
    return None if row is None else with_parts(tx, [row])[0]


def select_in_stage(tx: Tx, model_id: int, stage: Stage) -> list[tuple[int, int]]:
    """(key, number) of the model's versions that stand in a stage."""
    rows = tx.all(
        "SELECT id, version FROM model_versions"
        " WHERE model_id = :model AND stage = :stage AND deleted_at IS NULL ORDER BY version",
        model=model_id,
        stage=stage,
    )
    return [(key, version) for key, version in rows]


def select_latest(tx: Tx, model_ids: Sequence[int]) -> dict[int, list[ModelVersion]]:
    """The newest version of each stage, for each model, oldest first. It reads one row a stage, of however many."""
    stages = " UNION ALL ".join(f"SELECT '{stage}' AS stage" for stage in STAGES)
    rows = tx.all(
        f"SELECT {COLUMNS} FROM registered_models m CROSS JOIN ({stages}) stages JOIN model_versions v ON v.id = ("
        "SELECT n.id FROM model_versions n WHERE n.model_id = m.id AND n.stage = stages.stage AND n.deleted_at IS NULL"
        f" ORDER BY n.version DESC LIMIT 1) WHERE m.id IN ({inlined(model_ids)}) ORDER BY v.version"
    )
    latest: dict[int, list[ModelVersion]] = {key: [] for key in model_ids}
    for version in with_parts(tx, rows):
        latest[version.model_id].append(version)
    return latest


def update_description(tx: Tx, version_id: int, description: str | None, at: int) -> None:
    """Set what a version is said to be."""
    tx.run(
        "UPDATE model_versions SET description = :description, updated_at = :at WHERE id = :id",
        id=version_id,
        description=description,
        at=at,
    )


def update_stage(tx: Tx, version_ids: Sequence[int], stage: Stage, at: int) -> None:
    """Move versions to a stage."""
    tx.run(
        f"UPDATE model_versions SET stage = :stage, updated_at = :at WHERE id IN ({inlined(version_ids)})",
        stage=stage,
        at=at,
    )


def update_deleted(tx: Tx, version_id: int, deleted_at: int | None, at: int) -> None:
    """Mark a version deleted, or there again with None."""
    tx.run(
        "UPDATE model_versions SET deleted_at = :deleted, updated_at = :at WHERE id = :id",
        id=version_id,
        deleted=deleted_at,
        at=at,
    )


def find_tag(tx: Tx, version_id: int, key: str) -> str | None:
    """The value of a version's tag."""
    value: str | None = tx.value(
        "SELECT value FROM model_version_tags WHERE version_id = :id AND key = :key", id=version_id, key=key
    )
    return value


def upsert_tags(tx: Tx, version_id: int, tags: dict[str, str]) -> None:
    """Set tags."""
    tx.insert(
        "INSERT INTO model_version_tags (version_id, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (version_id, key) DO UPDATE SET value = excluded.value",
        [(version_id, key, value) for key, value in tags.items()],
    )


def delete_tag(tx: Tx, version_id: int, key: str) -> None:
    """Take a tag off."""
    tx.run("DELETE FROM model_version_tags WHERE version_id = :id AND key = :key", id=version_id, key=key)


def with_parts(tx: Tx, rows: list[Row]) -> list[ModelVersion]:
    """Versions of `COLUMNS` rows; what belongs to them is read in a fixed number of statements."""
    keys = inlined(row[0] for row in rows)
    logged = inlined(row[0] for row in rows if row[_LOGGED_MODEL] is not None)
    tag_rows = tx.ask(
        f"SELECT version_id, key, value FROM model_version_tags WHERE version_id IN ({keys}) ORDER BY key"
    )
    alias_rows = tx.ask(f"SELECT version_id, alias FROM model_aliases WHERE version_id IN ({keys}) ORDER BY alias")
    tags = _pairs(tag_rows.all())
    aliases: dict[int, list[str]] = {}
    for version_id, alias in alias_rows.all():
        aliases.setdefault(version_id, []).append(alias)
    params = _pairs(tx.all(_LOGGED_PARAMS.format(logged))) if logged != "NULL" else {}
    metrics = _logged_metrics(tx, logged) if logged != "NULL" else {}
    found = []
    for row in rows:
        key = row[0]
        points = tuple(metrics.get(key, {}).values())
        whole = (*row, tags.get(key, {}), tuple(aliases.get(key, ())), params.get(key, {}), points)
        found.append(ModelVersion(*whole))
    return found


_LOGGED_PARAMS = (
    "SELECT v.id, p.key, p.value FROM model_versions v JOIN logged_models l ON l.model_id = v.logged_model_id"
    " JOIN logged_model_params p ON p.logged_model_id = l.id WHERE v.id IN ({}) ORDER BY p.key"
)
_LOGGED_METRICS = (
    "SELECT v.id, k.key, p.value, p.is_nan, p.timestamp, p.step, r.run_id, p.dataset_name, p.dataset_digest"
    " FROM model_versions v JOIN logged_models l ON l.model_id = v.logged_model_id"
    " JOIN logged_model_metrics p ON p.logged_model_id = l.id JOIN metric_keys k ON k.id = p.key_id"
    " JOIN runs r ON r.id = p.run_id WHERE v.id IN ({}) ORDER BY k.key, p.step, p.timestamp"
)


def _pairs(rows: Iterable[Row]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for version_id, key, value in rows:
        found.setdefault(version_id, {})[key] = value
    return found


def _logged_metrics(tx: Tx, logged: str) -> dict[int, dict[tuple[str, str | None], LoggedMetric]]:
    """The last point of each metric on each dataset."""
    found: dict[int, dict[tuple[str, str | None], LoggedMetric]] = {}
    for version_id, key, value, is_nan, timestamp, step, run_id, dataset, digest in tx.all(
        _LOGGED_METRICS.format(logged)
    ):
        point = LoggedMetric(key, float("nan") if is_nan else value, timestamp, step, run_id, dataset, digest)
        found.setdefault(version_id, {})[key, digest] = point
    return found
