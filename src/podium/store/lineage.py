"""The rows that say what was made from what, walked in one recursive statement."""

from collections.abc import Sequence
from typing import Any

import msgspec

from podium.domain.lineage import KINDS, Edge, Kind, Node, Ref
from podium.store.dialect import Dialect, is_in, list_value
from podium.store.transaction import Tx

_RUN, _DATASET, _ARTIFACT, _LOGGED, _VERSION = range(len(KINDS))
_BITS, _MASK = 3, 7
_LINKED = "v.source LIKE 'wandb-artifact:%'"


class _Step(msgspec.Struct, frozen=True):
    """Edges of one sort: kind and SQL key of the source and of the target, and the rows that have both."""

    source: tuple[int, str]
    target: tuple[int, str]
    rows: str
    condition: str = "1 = 1"


_LOGGED_OF_RUN = "run_logged_models AS t JOIN logged_models AS l ON l.model_id = t.model_id"
_SHOWN = "model_version_artifacts AS x JOIN model_versions AS v ON v.id = x.model_version_id"

_STEPS = (
    _Step((_DATASET, "t.dataset_id"), (_RUN, "t.run_id"), "run_datasets AS t"),
    _Step((_RUN, "t.run_id"), (_ARTIFACT, "t.version_id"), "run_artifacts AS t", "t.direction = 'output'"),
    _Step((_ARTIFACT, "t.version_id"), (_RUN, "t.run_id"), "run_artifacts AS t", "t.direction = 'input'"),
    _Step((_RUN, "r.id"), (_LOGGED, "l.id"), "logged_models AS l JOIN runs AS r ON r.run_id = l.source_run_id"),
    _Step((_RUN, "t.run_id"), (_LOGGED, "l.id"), _LOGGED_OF_RUN, "t.direction = 'output'"),
    _Step((_LOGGED, "l.id"), (_RUN, "t.run_id"), _LOGGED_OF_RUN, "t.direction = 'input'"),
    _Step(
        (_LOGGED, "l.id"),
        (_VERSION, "v.id"),
        "model_versions AS v JOIN logged_models AS l ON l.model_id = v.logged_model_id",
        "v.logged_model_id IS NOT NULL",
    ),
    _Step(
        (_RUN, "r.id"),
        (_VERSION, "v.id"),
        "model_versions AS v JOIN runs AS r ON r.run_id = v.run_id",
        f"v.logged_model_id IS NULL AND NOT {_LINKED}",
    ),
    _Step((_ARTIFACT, "x.version_id"), (_VERSION, "v.id"), _SHOWN, _LINKED),
    _Step((_VERSION, "v.id"), (_ARTIFACT, "x.version_id"), _SHOWN, f"NOT {_LINKED}"),
)


def select_edges(tx: Tx, start: Ref, *, downstream: bool, limit: int) -> list[Edge]:
    """The edges that lead away from a node, or towards it, at most so many, the nearest first as far as can be."""
    statement = f"{_walk(tx.dialect, downstream=downstream)} {_edges(downstream=downstream)} LIMIT :limit"
    rows = tx.all(statement, node=start[1] << _BITS | start[0], limit=limit)
    found = [(_unpacked(begin), _unpacked(end)) for begin, end in rows]
    return found if downstream else [(target, source) for source, target in found]


def _unpacked(node: int) -> Ref:
    return node & _MASK, node >> _BITS


def _walk(dialect: Dialect, *, downstream: bool) -> str:
    """The common table `walk` of all nodes that are reached, each as one number: its key, and its kind in three bits.

    SQLite takes several recursive parts and knows no LATERAL, PostgreSQL takes one part.
    """
    steps = [_taken(step, downstream=downstream) for step in _STEPS]
    first = "SELECT CAST(:node AS BIGINT)"
    if dialect == "sqlite":
        parts = [f"SELECT {node} FROM walk AS w CROSS JOIN {rest}" for node, rest in steps]
        return f"WITH RECURSIVE walk (node) AS ({first} UNION {' UNION '.join(parts)})"
    parts = [f"SELECT {node} AS node FROM {rest}" for node, rest in steps]
    return (
        f"WITH RECURSIVE walk (node) AS ({first} UNION SELECT e.node FROM walk AS w"
        f" CROSS JOIN LATERAL ({' UNION ALL '.join(parts)}) AS e)"
    )


def _edges(*, downstream: bool) -> str:
    steps = [_taken(step, downstream=downstream) for step in _STEPS]
    return " UNION ALL ".join(f"SELECT w.node, {node} FROM walk AS w CROSS JOIN {rest}" for node, rest in steps)


def _taken(step: _Step, *, downstream: bool) -> tuple[str, str]:
    """The SQL of the node that a step leads to, and of the rows that it takes from a node `w`."""
    begin, end = (step.source, step.target) if downstream else (step.target, step.source)
    taken = f"(w.node & {_MASK}) = {begin[0]} AND {begin[1]} = (w.node >> {_BITS}) AND {step.condition}"
    return f"(({end[1]} << {_BITS}) | {end[0]})", f"{step.rows} WHERE {taken}"


_PROJECT = "JOIN projects AS p ON p.id = {}.project_id JOIN teams AS e ON e.id = p.team_id"
# For each kind: key, public id, name, key and name of the team, and whether it is deleted.
_NODES: dict[Kind, str] = {
    "run": f"r.id, r.run_id, r.name, e.id, e.name, r.deleted_at IS NOT NULL FROM runs AS r {_PROJECT.format('r')}",
    "dataset": f"d.id, CAST(d.id AS TEXT), d.name, e.id, e.name, 1 = 0 FROM datasets AS d {_PROJECT.format('d')}",
    "artifact": (
        "a.id, CAST(a.id AS TEXT), c.name || COALESCE(CAST(:before AS TEXT) || CAST(s.version AS TEXT), ''),"
        " e.id, e.name, a.state = 'DELETED' FROM artifact_versions AS a"
        " JOIN artifact_collections AS c ON c.id = a.collection_id"
        f" {_PROJECT.format('c')} LEFT JOIN artifact_memberships AS s ON s.version_id = a.id"
        " AND s.collection_id = a.collection_id"
    ),
    "logged_model": (
        "l.id, l.model_id, l.name, e.id, e.name, l.deleted_at IS NOT NULL FROM logged_models AS l"
        f" {_PROJECT.format('l')}"
    ),
    "model_version": (
        "v.id, m.name || '/' || CAST(v.version AS TEXT), m.name, e.id, e.name,"
        " v.deleted_at IS NOT NULL OR m.deleted_at IS NOT NULL FROM model_versions AS v"
        " JOIN registered_models AS m ON m.id = v.model_id JOIN teams AS e ON e.id = m.team_id"
    ),
}


def load_nodes(tx: Tx, refs: Sequence[Ref]) -> dict[Ref, tuple[int, Node]]:
    """The key of its team, and what is shown, of each of the nodes: one statement a kind."""
    found: dict[Ref, tuple[int, Node]] = {}
    for number, kind in enumerate(KINDS):
        keys = [key for other, key in refs if other == number]
        if not keys:
            continue
        columns = _NODES[kind]
        statement = f"SELECT {columns} WHERE {is_in(columns.partition(',')[0], 'keys', tx.dialect)}"
        values: dict[str, Any] = {"keys": list_value(keys, tx.dialect)}
        if kind == "artifact":
            values["before"] = ":v"  # in the statement itself it would be a parameter
        for key, public, name, team_id, team, deleted in tx.all(statement, **values):
            found[number, key] = team_id, Node(kind, public, name, team, bool(deleted))
    return found


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
    return None if key is None else (KINDS.index(kind), key)
