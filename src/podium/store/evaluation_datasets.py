"""Rows of evaluation datasets and their records."""

from collections.abc import Iterable, Mapping

import msgspec

from podium.domain.evaluation_datasets import EvaluationDataset, EvaluationRecord, RecordContent, Schema
from podium.store.dialect import for_update, is_in, list_value
from podium.store.filters import SideTable, Source
from podium.store.paging import Page, PageQuery, search_page
from podium.store.transaction import Row, Tx

COLUMNS = "id, dataset_id, name, digest, schema, record_count, created_at, updated_at, created_by, updated_by"
_RECORD_COLUMNS = "id, record_id, content, created_at, updated_at, created_by, updated_by"

SOURCE = Source(
    rows="evaluation_datasets",
    key="evaluation_datasets.id",
    attributes={
        name: f"evaluation_datasets.{name}" for name in ("name", "created_at", "updated_at", "created_by", "updated_by")
    },
    nullable=frozenset({"created_by", "updated_by"}),
    tags=SideTable("evaluation_dataset_tags", "dataset_id"),
)


def insert_dataset(
    tx: Tx, team_id: int, *, dataset_id: str, name: str, digest: str, created_by: str | None, at: int
) -> int:
    """The key of the new dataset, which has no records yet."""
    key: int = tx.value(
        "INSERT INTO evaluation_datasets"
        " (team_id, dataset_id, name, digest, record_count, created_at, updated_at, created_by, updated_by)"
        " VALUES (:team, :dataset_id, :name, :digest, 0, :at, :at, :by, :by) RETURNING id",
        team=team_id,
        dataset_id=dataset_id,
        name=name,
        digest=digest,
        at=at,
        by=created_by,
    )
    return key


def find_dataset_key(tx: Tx, team_id: int, dataset_id: str, *, lock: bool = False) -> int | None:
    """The key of the team's dataset with this public id; `lock` it for a change in this transaction."""
    suffix = for_update(tx.dialect) if lock else ""
    key: int | None = tx.value(
        f"SELECT id FROM evaluation_datasets WHERE team_id = :team AND dataset_id = :id{suffix}",
        team=team_id,
        id=dataset_id,
    )
    return key


def update_dataset(tx: Tx, key: int, *, digest: str, schema: Schema | None, updated_by: str | None, at: int) -> None:
    """Write what a change of records changes of the dataset, and count its records anew."""
    tx.run(
        "UPDATE evaluation_datasets SET digest = :digest, schema = :schema, updated_by = :by, updated_at = :at,"
        " record_count = (SELECT COUNT(*) FROM evaluation_records WHERE dataset_id = :id) WHERE id = :id",
        id=key,
        digest=digest,
        schema=None if schema is None else msgspec.json.encode(schema).decode(),
        by=updated_by,
        at=at,
    )


def delete_dataset(tx: Tx, key: int) -> None:
    """Delete a dataset with its records."""
    tx.run("DELETE FROM evaluation_datasets WHERE id = :id", id=key)


def search_datasets(
    tx: Tx,
    team_id: int,
    *,
    project_ids: list[int] | None,
    query: PageQuery,
) -> Page:
    """The keys of a page of the team's datasets, of those that belong to one of the projects if any are given."""
    scope = "evaluation_datasets.team_id = :team"
    if project_ids is not None:
        wanted = ", ".join(str(key) for key in project_ids) or "NULL"
        scope += (
            " AND EXISTS (SELECT 1 FROM evaluation_dataset_projects p"
            f" WHERE p.dataset_id = evaluation_datasets.id AND p.project_id IN ({wanted}))"
        )
    return search_page(
        tx,
        SOURCE,
        scope=scope,
        scope_parameters={"team": team_id},
        query=query,
    )


def load_datasets(tx: Tx, keys: list[int]) -> list[EvaluationDataset]:
    """The datasets with these keys, in this order, in three statements."""
    if not keys:
        return []
    inlined = ", ".join(str(key) for key in keys)
    rows = {row[0]: row for row in tx.all(f"SELECT {COLUMNS} FROM evaluation_datasets WHERE id IN ({inlined})")}
    tags: dict[int, dict[str, str]] = {key: {} for key in keys}
    for key, name, value in tx.all(
        f"SELECT dataset_id, key, value FROM evaluation_dataset_tags WHERE dataset_id IN ({inlined}) ORDER BY key"
    ):
        tags[key][name] = value
    projects: dict[int, list[int]] = {key: [] for key in keys}
    for key, project in tx.all(
        "SELECT dataset_id, project_id FROM evaluation_dataset_projects"
        f" WHERE dataset_id IN ({inlined}) ORDER BY project_id"
    ):
        projects[key].append(project)
    return [_dataset(rows[key], tags[key], tuple(projects[key])) for key in keys]


def upsert_tags(tx: Tx, key: int, tags: Mapping[str, str]) -> None:
    """Set tags of a dataset."""
    tx.many(
        "INSERT INTO evaluation_dataset_tags (dataset_id, key, value) VALUES (:id, :key, :value)"
        " ON CONFLICT (dataset_id, key) DO UPDATE SET value = excluded.value",
        [{"id": key, "key": name, "value": value} for name, value in sorted(tags.items())],
    )


def delete_tag(tx: Tx, key: int, name: str) -> None:
    """Take a tag off, if it is there."""
    tx.run("DELETE FROM evaluation_dataset_tags WHERE dataset_id = :id AND key = :key", id=key, key=name)


def insert_projects(tx: Tx, key: int, project_ids: Iterable[int]) -> None:
    """Let a dataset belong to projects; to one that it belongs to already, nothing happens."""
    tx.many(
        "INSERT INTO evaluation_dataset_projects (dataset_id, project_id) VALUES (:id, :project)"
        " ON CONFLICT DO NOTHING",
        [{"id": key, "project": project} for project in project_ids],
    )


def delete_projects(tx: Tx, key: int, project_ids: list[int]) -> None:
    """Let a dataset no longer belong to these projects."""
    wanted = ", ".join(str(project) for project in project_ids) or "NULL"
    tx.run(f"DELETE FROM evaluation_dataset_projects WHERE dataset_id = :id AND project_id IN ({wanted})", id=key)


def records_by_hash(tx: Tx, key: int, hashes: list[str]) -> dict[str, EvaluationRecord]:
    """The dataset's records with these inputs."""
    rows = tx.all(
        f"SELECT {_RECORD_COLUMNS}, input_hash FROM evaluation_records"
        f" WHERE dataset_id = :id AND {is_in('input_hash', 'hashes', tx.dialect)}",
        id=key,
        hashes=list_value(hashes, tx.dialect),
    )
    return {row[-1]: _record(row[:-1]) for row in rows}


def upsert_records(tx: Tx, key: int, records: Iterable[EvaluationRecord]) -> None:
    """Store records; one with the same inputs keeps its id and its beginning."""
    tx.many(
        "INSERT INTO evaluation_records"
        " (dataset_id, record_id, input_hash, content, created_at, updated_at, created_by, updated_by)"
        " VALUES (:dataset, :record_id, :hash, :content, :created_at, :updated_at, :created_by, :updated_by)"
        " ON CONFLICT (dataset_id, input_hash) DO UPDATE SET content = excluded.content,"
        " updated_at = excluded.updated_at, updated_by = excluded.updated_by",
        [
            {
                "dataset": key,
                "record_id": record.record_id,
                "hash": record.content.input_hash,
                "content": msgspec.json.encode(record.content).decode(),
                "created_at": record.created_at,
                "updated_at": record.updated_at,
                "created_by": record.created_by,
                "updated_by": record.updated_by,
            }
            for record in records
        ],
    )


def select_records(tx: Tx, key: int, *, after: int, limit: int) -> list[EvaluationRecord]:
    """The dataset's records behind the one with the key `after`, in the order they came."""
    rows = tx.all(
        f"SELECT {_RECORD_COLUMNS} FROM evaluation_records WHERE dataset_id = :id AND id > :after"
        " ORDER BY id LIMIT :limit",
        id=key,
        after=after,
        limit=limit,
    )
    return [_record(row) for row in rows]


def delete_records(tx: Tx, key: int, record_ids: list[str]) -> int:
    """The number of records that were there to delete."""
    return tx.count(
        f"DELETE FROM evaluation_records WHERE dataset_id = :id AND {is_in('record_id', 'ids', tx.dialect)}",
        id=key,
        ids=list_value(record_ids, tx.dialect),
    )


def _dataset(row: Row, tags: dict[str, str], project_ids: tuple[int, ...]) -> EvaluationDataset:
    key, dataset_id, name, digest, schema, *rest = row
    decoded = None if schema is None else msgspec.json.decode(schema)
    return EvaluationDataset(*(key, dataset_id, name, digest, decoded, *rest, tags, project_ids))


def _record(row: Row) -> EvaluationRecord:
    key, record_id, content, *rest = row
    return EvaluationRecord(*(key, record_id, msgspec.json.decode(content, type=RecordContent), *rest))
