"""The rows that say what was made from what, walked in one recursive statement."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from podium.domain.lineage import KIND_BITS, KIND_MASK, KINDS, Kind, Node, Ref, Step, ref_of
from podium.store.dialect import Dialect, is_in, list_value
from podium.store.transaction import Row, Tx

_RUN, _DATASET, _ARTIFACT, _LOGGED, _VERSION = range(len(KINDS))
_LINKED = "v.source LIKE 'wandb-artifact:%'"


class _Sort(msgspec.Struct, frozen=True):
    """Edges of one sort: kind and SQL key of the source and of the target, and the rows that have both."""

    source: tuple[int, str]
    target: tuple[int, str]
    rows: str
    condition: str = "1 = 1"

    @property
    def table(self) -> str:
        """Without rows in this table there are none of the sort."""
        return self.rows.partition(" ")[0]


_LOGGED_OF_RUN = "run_logged_models AS t JOIN logged_models AS l ON l.model_id = t.model_id"
_SHOWN = "model_version_artifacts AS x JOIN model_versions AS v ON v.id = x.model_version_id"

_SORTS = (
    _Sort((_DATASET, "t.dataset_id"), (_RUN, "t.run_id"), "run_datasets AS t"),
    _Sort((_RUN, "t.run_id"), (_ARTIFACT, "t.version_id"), "run_artifacts AS t", "t.direction = 'output'"),
    _Sort((_ARTIFACT, "t.version_id"), (_RUN, "t.run_id"), "run_artifacts AS t", "t.direction = 'input'"),
    _Sort((_RUN, "r.id"), (_LOGGED, "l.id"), "logged_models AS l JOIN runs AS r ON r.run_id = l.source_run_id"),
    _Sort((_RUN, "t.run_id"), (_LOGGED, "l.id"), _LOGGED_OF_RUN, "t.direction = 'output'"),
    _Sort((_LOGGED, "l.id"), (_RUN, "t.run_id"), _LOGGED_OF_RUN, "t.direction = 'input'"),
    _Sort(
        (_LOGGED, "l.id"),
        (_VERSION, "v.id"),
        "model_versions AS v JOIN logged_models AS l ON l.model_id = v.logged_model_id",
        "v.logged_model_id IS NOT NULL",
    ),
    _Sort(
        (_RUN, "r.id"),
        (_VERSION, "v.id"),
        "model_versions AS v JOIN runs AS r ON r.run_id = v.run_id",
        f"v.logged_model_id IS NULL AND NOT {_LINKED}",
    ),
    _Sort((_ARTIFACT, "x.version_id"), (_VERSION, "v.id"), _SHOWN, _LINKED),
    _Sort((_VERSION, "v.id"), (_ARTIFACT, "x.version_id"), _SHOWN, f"NOT {_LINKED}"),
)


def select_steps(tx: Tx, start: Ref, *, downstream: bool, limit: int) -> list[Step]:
    """The steps of a walk along the edges from a node, or against them, at most so many; the nearest come first as far
    as can be.
    """
    parts = [_taken(sort, downstream=downstream) for sort in _sorts_in_use(tx)]
    if not parts:
        return []
    rows: list[Any] = tx.all(f"{_walk(tx.dialect, parts)} {_edges(parts)} LIMIT :limit", node=start, limit=limit)
    return rows


def _sorts_in_use(tx: Tx) -> list[_Sort]:
    """Each sort costs a look-up a node, so that those that nobody's client ever made are worth a question."""
    tables = sorted({sort.table for sort in _SORTS})
    answer = tx.one(f"SELECT {', '.join(f'EXISTS (SELECT 1 FROM {table})' for table in tables)}")
    used = dict(zip(tables, answer or (), strict=True))
    return [sort for sort in _SORTS if used[sort.table]]


def _walk(dialect: Dialect, steps: Iterable[tuple[str, str]]) -> str:
    """The common table `walk` of all nodes that are reached.

    SQLite takes several recursive parts and knows no LATERAL, PostgreSQL takes one part.
    """
    first = "SELECT CAST(:node AS BIGINT)"
    if dialect == "sqlite":
        parts = [f"SELECT {node} FROM walk AS w CROSS JOIN {rest}" for node, rest in steps]
        return f"WITH RECURSIVE walk (node) AS ({first} UNION {' UNION '.join(parts)})"
    parts = [f"SELECT {node} AS node FROM {rest}" for node, rest in steps]
    return (
        f"WITH RECURSIVE walk (node) AS ({first} UNION SELECT e.node FROM walk AS w"
        f" CROSS JOIN LATERAL ({' UNION ALL '.join(parts)}) AS e)"
    )


def _edges(steps: Iterable[tuple[str, str]]) -> str:
    return " UNION ALL ".join(f"SELECT w.node, {node} FROM walk AS w CROSS JOIN {rest}" for node, rest in steps)


def _taken(sort: _Sort, *, downstream: bool) -> tuple[str, str]:
    """The SQL of the node that an edge leads to, and of the rows that it takes from a node `w`."""
    begin, end = (sort.source, sort.target) if downstream else (sort.target, sort.source)
    taken = f"(w.node & {KIND_MASK}) = {begin[0]} AND {begin[1]} = (w.node >> {KIND_BITS}) AND {sort.condition}"
    return f"(({end[1]} << {KIND_BITS}) | {end[0]})", f"{sort.rows} WHERE {taken}"


# For each kind: key, public id, name, key of what it is in, and whether it is deleted. What a version is in is a team,
# the others a project: there are few, whose names are looked up once.
_NODES: dict[Kind, str] = {
    "run": "r.id, r.run_id, r.name, r.project_id, r.deleted_at IS NOT NULL FROM runs AS r",
    "dataset": "d.id, CAST(d.id AS TEXT), d.name, d.project_id, 1 = 0 FROM datasets AS d",
    "artifact": (
        "a.id, CAST(a.id AS TEXT), c.name || COALESCE(CAST(:before AS TEXT) || CAST(s.version AS TEXT), ''),"
        " c.project_id, a.state = 'DELETED' FROM artifact_versions AS a"
        " JOIN artifact_collections AS c ON c.id = a.collection_id"
        " LEFT JOIN artifact_memberships AS s ON s.version_id = a.id AND s.collection_id = a.collection_id"
    ),
    "logged_model": "l.id, l.model_id, l.name, l.project_id, l.deleted_at IS NOT NULL FROM logged_models AS l",
    "model_version": (
        "v.id, m.name || '/' || CAST(v.version AS TEXT), m.name, m.team_id,"
        " v.deleted_at IS NOT NULL OR m.deleted_at IS NOT NULL FROM model_versions AS v"
        " JOIN registered_models AS m ON m.id = v.model_id"
    ),
}
_TEAMS_OF_PROJECTS = "p.id, e.id, e.name FROM projects AS p JOIN teams AS e ON e.id = p.team_id"
_TEAMS = "e.id, e.id, e.name FROM teams AS e"


def load_nodes(tx: Tx, refs: Sequence[Ref], hidden: Sequence[int]) -> dict[Ref, tuple[int, Node]]:
    """The key of its team, and what is shown, of each of the nodes that are in no hidden project.

    These are two statements a kind.
    """
    found: dict[Ref, tuple[int, Node]] = {}
    by_kind: dict[int, list[int]] = {}
    for ref in refs:
        by_kind.setdefault(ref & KIND_MASK, []).append(ref >> KIND_BITS)
    for number, keys in by_kind.items():
        kind = KINDS[number]
        # Within the statement itself it would be a parameter.
        values = {"before": ":v"} if kind == "artifact" else {}
        rows = _of_keys(tx, _NODES[kind], keys, **values)
        places = _TEAMS if kind == "model_version" else _TEAMS_OF_PROJECTS
        teams = {key: (team, name) for key, team, name in _of_keys(tx, places, {row[3] for row in rows})}
        for key, public, name, place, deleted in rows:
            if kind != "model_version" and place in hidden:
                continue
            team_id, team = teams[place]
            found[key << KIND_BITS | number] = team_id, Node(kind, public, name, team, bool(deleted))
    return found


def _of_keys(tx: Tx, columns: str, keys: Iterable[int], **values: Any) -> list[Row]:
    """The rows with these keys, which are the first of the columns."""
    statement = f"SELECT {columns} WHERE {is_in(columns.partition(',')[0], 'keys', tx.dialect)}"
    return tx.all(statement, keys=list_value(list(keys), tx.dialect), **values)


_PUBLIC: dict[Kind, str] = {
    "run": (
        "SELECT r.id FROM runs AS r JOIN projects AS p ON p.id = r.project_id"
        " WHERE p.team_id = :team AND r.run_id = :id"
    ),
    "dataset": (
        "SELECT d.id FROM datasets AS d JOIN projects AS p ON p.id = d.project_id"
        " WHERE p.team_id = :team AND d.id = :id"
    ),
    "artifact": (
        "SELECT a.id FROM artifact_versions AS a JOIN artifact_collections AS c ON c.id = a.collection_id"
        " JOIN projects AS p ON p.id = c.project_id WHERE p.team_id = :team AND a.id = :id"
    ),
    "logged_model": (
        "SELECT l.id FROM logged_models AS l JOIN projects AS p ON p.id = l.project_id"
        " WHERE p.team_id = :team AND l.model_id = :id"
    ),
    "model_version": (
        "SELECT v.id FROM model_versions AS v JOIN registered_models AS m ON m.id = v.model_id"
        " WHERE m.team_id = :team AND m.name = :id AND v.version = :version AND m.deleted_at IS NULL"
    ),
}


def find_node(tx: Tx, team_id: int, kind: Kind, values: dict[str, str | int]) -> Ref | None:
    """The team's node with a public id; of a version that is the model's name, with `version`."""
    key: int | None = tx.value(_PUBLIC[kind], team=team_id, **values)
    return None if key is None else ref_of(kind, key)
