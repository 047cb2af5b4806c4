"""What pages show of data that runs read, over several teams."""

from collections.abc import Sequence

from podium.domain.shelf import ListedDataset, ShownDataset
from podium.store.datasets import CONTEXT_TAG
from podium.store.dialect import is_in, list_value, position
from podium.store.registries import outside
from podium.store.transaction import Tx

_PLACED = "datasets AS d JOIN projects AS p ON p.id = d.project_id JOIN teams AS t ON t.id = p.team_id"
_USES = "run_datasets AS u JOIN runs AS r ON r.id = u.run_id AND r.deleted_at IS NULL WHERE u.dataset_id = d.id"


def list_datasets(tx: Tx, teams: Sequence[int], text: str, before: int | None, limit: int) -> list[ListedDataset]:
    """Data of the teams' projects, what became known last first, those with a key below `before`."""
    beyond = "" if before is None else " AND d.id < :before"
    rows = tx.all(
        "SELECT d.id, d.name, d.digest, d.source_type, t.name, p.name,"
        f" (SELECT COUNT(*) FROM {_USES}), (SELECT MAX(r.start_time) FROM {_USES})"
        f" FROM {_PLACED} WHERE {_condition(tx, text)}{beyond} ORDER BY d.id DESC LIMIT :limit",
        **_parameters(tx, teams, text),
        **({} if before is None else {"before": before}),
        limit=limit,
    )
    return [ListedDataset(*row) for row in rows]


def count_datasets(tx: Tx, teams: Sequence[int], text: str) -> int:
    """How many there are on all pages."""
    count: int = tx.value(
        f"SELECT COUNT(*) FROM {_PLACED} WHERE {_condition(tx, text)}", **_parameters(tx, teams, text)
    )
    return count


def find_dataset(tx: Tx, teams: Sequence[int], key: int) -> ShownDataset | None:
    """The dataset with this key, if one of the teams has it."""
    row = tx.one(
        "SELECT d.id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile, t.name, p.name"
        f" FROM {_PLACED} WHERE d.id = :key AND {is_in('t.id', 'teams', tx.dialect)} AND {outside('p.id')}",
        key=key,
        teams=list_value(teams, tx.dialect),
    )
    return None if row is None else ShownDataset(*row)


def uses_of(tx: Tx, key: int, limit: int) -> dict[int, str]:
    """The keys of runs that read a dataset, the last first, and what for."""
    rows = tx.all(
        "SELECT u.run_id, g.value FROM run_datasets AS u LEFT JOIN run_dataset_tags AS g ON g.run_id = u.run_id"
        " AND g.dataset_id = u.dataset_id AND g.key = :context"
        " WHERE u.dataset_id = :key ORDER BY u.run_id DESC LIMIT :limit",
        key=key,
        context=CONTEXT_TAG,
        limit=limit,
    )
    return {run: context or "" for run, context in rows}


def like_datasets(tx: Tx, teams: Sequence[int], shown: ShownDataset, limit: int) -> list[ListedDataset]:
    """Others of the same name: what it was before or after, or in other projects."""
    rows = tx.all(
        "SELECT d.id, d.name, d.digest, d.source_type, t.name, p.name,"
        f" (SELECT COUNT(*) FROM {_USES}), (SELECT MAX(r.start_time) FROM {_USES})"
        f" FROM {_PLACED} WHERE d.name = :name AND d.id <> :key AND p.deleted_at IS NULL AND {outside('p.id')}"
        f" AND {is_in('t.id', 'teams', tx.dialect)} ORDER BY d.id DESC LIMIT :limit",
        name=shown.name,
        key=shown.id,
        teams=list_value(teams, tx.dialect),
        limit=limit,
    )
    return [ListedDataset(*row) for row in rows]


def _condition(tx: Tx, text: str) -> str:
    parts = [is_in("t.id", "teams", tx.dialect), "p.deleted_at IS NULL", outside("p.id")]
    if text:
        whole = "LOWER(d.name || ' ' || d.digest || ' ' || p.name)"
        parts.append(f"{position(tx.dialect, whole, 'LOWER(:text)')} > 0")
    return " AND ".join(parts)


def _parameters(tx: Tx, teams: Sequence[int], text: str) -> dict[str, object]:
    return {"teams": list_value(teams, tx.dialect), **({"text": text} if text else {})}
