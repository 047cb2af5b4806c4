"""Things that people comment on and watch, by their keys, public ids, or what their events call them."""

from collections.abc import Iterable, Mapping, Sequence

from podium.domain.events import Event
from podium.domain.subjects import Subject, SubjectKind
from podium.store.dialect import is_in, list_value
from podium.store.transaction import Row, Tx

_TEAM = "JOIN teams AS e ON e.id = {}.team_id"
_PROJECT = f"JOIN projects AS p ON p.id = {{}}.project_id {_TEAM.format('p')}"
_GONE = "p.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL"

# For each kind: key, public id, key and name of the team, whether it is deleted, the key of its project, what its
# events call it, its name, and the names that lead to it.
_COLUMNS: dict[SubjectKind, str] = {
    "model": (
        "m.id, m.name, e.id, e.name, m.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL, NULL, CAST(m.id AS TEXT),"
        f" m.name, m.name FROM registered_models AS m {_TEAM.format('m')}"
    ),
    "version": (
        "v.id, m.name || '/' || CAST(v.version AS TEXT), e.id, e.name,"
        " v.deleted_at IS NOT NULL OR m.deleted_at IS NOT NULL OR e.deleted_at IS NOT NULL, NULL,"
        " CAST(m.id AS TEXT) || '/' || CAST(v.version AS TEXT), m.name || ' v' || CAST(v.version AS TEXT),"
        " m.name, CAST(v.version AS TEXT)"
        f" FROM model_versions AS v JOIN registered_models AS m ON m.id = v.model_id {_TEAM.format('m')}"
    ),
    "run": (
        f"r.id, r.run_id, e.id, e.name, r.deleted_at IS NOT NULL OR {_GONE}, p.id, r.run_id, r.name, p.name, r.slug"
        f" FROM runs AS r {_PROJECT.format('r')}"
    ),
    "artifact": (
        f"a.id, CAST(a.id AS TEXT), e.id, e.name, a.deleted_at IS NOT NULL OR c.deleted_at IS NOT NULL OR {_GONE},"
        " p.id, CAST(a.id AS TEXT), c.name || COALESCE(' v' || CAST(s.version AS TEXT), ''),"
        " p.name, y.name, c.name, 'v' || COALESCE(CAST(s.version AS TEXT), '0')"
        " FROM artifact_versions AS a JOIN artifact_collections AS c ON c.id = a.collection_id"
        f" JOIN artifact_types AS y ON y.id = c.type_id {_PROJECT.format('c')}"
        " LEFT JOIN artifact_memberships AS s ON s.version_id = a.id AND s.collection_id = a.collection_id"
    ),
    "project": f"p.id, CAST(p.id AS TEXT), e.id, e.name, {_GONE}, p.id, CAST(p.id AS TEXT), p.name, p.name"
    f" FROM projects AS p {_TEAM.format('p')}",
}
_KEY: dict[SubjectKind, str] = {
    "model": "m.id",
    "version": "v.id",
    "run": "r.id",
    "artifact": "a.id",
    "project": "p.id",
}
_PUBLIC: dict[SubjectKind, str] = {
    "model": "m.name = :id AND m.deleted_at IS NULL",
    "version": "m.name = :id AND v.version = :version AND m.deleted_at IS NULL",
    "run": "r.run_id = :id",
    "artifact": "a.id = :id",
    "project": "p.id = :id",
}
# What the audit trail calls them.
EVENT_ENTITIES: dict[SubjectKind, str] = {
    "model": "registered_model",
    "version": "model_version",
    "run": "run",
    "artifact": "artifact_version",
    "project": "project",
}


def find_subject(tx: Tx, team_id: int, kind: SubjectKind, named: Mapping[str, str | int]) -> Subject | None:
    """The team's thing with a public id, unless it is deleted."""
    rows = tx.all(f"SELECT {_COLUMNS[kind]} WHERE e.id = :team AND {_PUBLIC[kind]}", team=team_id, **named)
    found = [_made(kind, row) for row in rows]
    return next((subject for subject in found if not subject.deleted), None)


def load_subjects(tx: Tx, kind: SubjectKind, keys: Iterable[int]) -> dict[int, Subject]:
    """Things of a kind by their keys."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = tx.all(
        f"SELECT {_COLUMNS[kind]} WHERE {is_in(_KEY[kind], 'keys', tx.dialect)}", keys=list_value(wanted, tx.dialect)
    )
    return {row[0]: _made(kind, row) for row in rows}


def subjects_of_events(tx: Tx, events: Sequence[Event]) -> dict[tuple[str, str], Subject]:
    """The things that events are about, by what the events call them: one statement for each kind."""
    found: dict[tuple[str, str], Subject] = {}
    for kind, entity in EVENT_ENTITIES.items():
        named = sorted({event.entity_id for event in events if event.entity == entity})
        if named:
            for row in _rows_of_events(tx, kind, named):
                found[entity, row[6]] = _made(kind, row)
    return found


def _rows_of_events(tx: Tx, kind: SubjectKind, named: list[str]) -> list[Row]:
    if kind == "run":
        condition, values = is_in("r.run_id", "ids", tx.dialect), {"ids": list_value(named, tx.dialect)}
    elif kind == "version":
        pairs = [pair for name in named if len(pair := name.split("/")) == 2 and all(map(str.isdecimal, pair))]
        values = {
            "models": list_value(sorted({int(model) for model, _ in pairs}), tx.dialect),
            "versions": list_value(sorted({int(version) for _, version in pairs}), tx.dialect),
        }
        models, versions = is_in("v.model_id", "models", tx.dialect), is_in("v.version", "versions", tx.dialect)
        condition = f"{models} AND {versions}"
    else:
        numbers = [int(name) for name in named if name.isdecimal()]
        condition, values = is_in(_KEY[kind], "keys", tx.dialect), {"keys": list_value(numbers, tx.dialect)}
    return tx.all(f"SELECT {_COLUMNS[kind]} WHERE {condition}", **values)


def _made(kind: SubjectKind, row: Row) -> Subject:
    key, public_id, team_id, team, deleted, project, event_id, name, *path = row
    return Subject(kind, key, public_id, team_id, team, bool(deleted), project, event_id, name, tuple(path))
