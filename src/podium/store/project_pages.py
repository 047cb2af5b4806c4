"""What the pages show of projects: lists of them over several teams, and the runs of one in groups."""

from collections.abc import Sequence

from podium.domain.filters import Node
from podium.domain.project_lists import Group, GroupKind, ListedProject, Spread
from podium.domain.projects import ViewType
from podium.store.dialect import is_in, list_value, position
from podium.store.filters import Parameters, where
from podium.store.registries import without
from podium.store.run_search import SOURCE, scope_of
from podium.store.transaction import Tx
from podium.store.versions import inlined

_NOTE = "mlflow.note.content"
_ACTIVE = "COALESCE((SELECT MAX(r.start_time) FROM runs r WHERE r.project_id = p.id), p.updated_at)"
_SIDES: dict[GroupKind, str] = {"param": "run_params", "tag": "run_tags"}
MAX_GROUPS = 200


def list_projects(
    tx: Tx, team_ids: Sequence[int], hidden: Sequence[int], text: str, after: tuple[int, int] | None, limit: int
) -> list[ListedProject]:
    """Active projects of the teams but hidden ones, the last active first, those behind a time and key.

    Their runs are not counted.
    """
    beyond, values = without("p.id", hidden, tx.dialect)
    rows = tx.all(
        f"SELECT * FROM (SELECT p.id, t.name, p.name, {_ACTIVE} AS active_at, n.value FROM projects p"
        " JOIN teams t ON t.id = p.team_id LEFT JOIN project_tags n ON n.project_id = p.id AND n.key = :note"
        f" WHERE p.team_id IN ({inlined(team_ids)}) AND p.deleted_at IS NULL{beyond}"
        + (f" AND {position(tx.dialect, _SEARCHED, 'LOWER(:text)')} > 0" if text else "")
        + ") AS listed"
        + (" WHERE active_at < :at OR (active_at = :at AND id < :last)" if after else "")
        + " ORDER BY active_at DESC, id DESC LIMIT :limit",
        note=_NOTE,
        text=text,
        at=after[0] if after else 0,
        last=after[1] if after else 0,
        limit=limit,
        **values,
    )
    return [ListedProject(*row) for row in rows]


_SEARCHED = "LOWER(t.name || '/' || p.name || ' ' || COALESCE(n.value, ''))"


def count_runs_of(tx: Tx, project_ids: Sequence[int]) -> dict[int, int]:
    """How many active runs each of the projects has that has any."""
    return dict(
        tx.all(
            f"SELECT project_id, COUNT(*) FROM runs WHERE project_id IN ({inlined(project_ids)})"
            " AND deleted_at IS NULL GROUP BY project_id"
        )
    )


def select_groups(
    tx: Tx, project: int, view: ViewType, condition: Node, *, kind: GroupKind, key: str, metrics: Sequence[str]
) -> list[Group]:
    """The runs of a project that fulfil a condition, by their value of a param or tag, the largest groups first."""
    parameters = Parameters(tx.dialect, {"key": key, "names": list_value(list(metrics), tx.dialect)})
    found = (
        f"WITH found AS (SELECT runs.id, s.value FROM runs LEFT JOIN {_SIDES[kind]} s ON s.run_id = runs.id"
        f" AND s.key = :key WHERE {scope_of([project], view)} AND ({where(condition, SOURCE, parameters)}))"
    )
    values = parameters.values
    counts = tx.all(
        f"{found} SELECT value, COUNT(*) FROM found GROUP BY value ORDER BY 2 DESC, 1 LIMIT {MAX_GROUPS}", **values
    )
    spreads: dict[str | None, dict[str, Spread]] = {}
    for value, name, *spread in tx.all(
        f"{found} SELECT f.value, k.key, AVG(l.value), MIN(l.value), MAX(l.value) FROM found f"
        " JOIN latest_metrics l ON l.run_id = f.id AND l.is_nan = 0 JOIN metric_keys k ON k.id = l.key_id"
        f" WHERE {is_in('k.key', 'names', tx.dialect)} GROUP BY f.value, k.key",
        **values,
    ):
        spreads.setdefault(value, {})[name] = Spread(*spread)
    return [Group(value, count, spreads.get(value, {})) for value, count in counts]


def select_marks(tx: Tx, project: int, shown: Sequence[int]) -> list[tuple[int, int]]:
    """(key, revision) of the runs of a page and of those begun last: they tell when to read it anew."""
    rows = tx.all(
        f"SELECT id, revision FROM runs WHERE id IN ({inlined(shown)}) AND project_id = :project UNION"
        " SELECT id, revision FROM (SELECT id, revision FROM runs WHERE project_id = :project"
        " ORDER BY start_time DESC, run_id LIMIT 50)"
        " AS newest ORDER BY 1",
        project=project,
    )
    return [(key, revision) for key, revision in rows]
