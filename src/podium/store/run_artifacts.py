"""Rows that say which versions of artifacts a run read or made."""

from podium.domain.artifact_collections import Direction, Place, RunRef
from podium.store.registries import outside
from podium.store.transaction import Tx


def find_run_key(tx: Tx, team_id: int, project: str, slug: str) -> int | None:
    """The key of the run that a client calls `slug`, unless it is deleted."""
    found: int | None = tx.value(
        "SELECT runs.id FROM runs JOIN projects ON projects.id = runs.project_id WHERE projects.team_id = :team"
        " AND projects.name = :project AND runs.slug = :slug AND runs.deleted_at IS NULL"
        f" AND {outside('projects.id')}",
        team=team_id,
        project=project,
        slug=slug,
    )
    return found


def insert_use(tx: Tx, run_id: int, direction: Direction, version_id: int, at: int) -> None:
    """Note that a run read or made a version; nothing when it is noted already."""
    tx.run(
        "INSERT INTO run_artifacts (run_id, direction, version_id, created_at) VALUES (:run, :direction, :version, :at)"
        " ON CONFLICT DO NOTHING",
        run=run_id,
        direction=direction,
        version=version_id,
        at=at,
    )


def select_runs_of(tx: Tx, version_id: int, direction: Direction) -> list[RunRef]:
    """The runs that read, or made, a version, in the order in which they did."""
    return _runs(
        tx,
        "JOIN run_artifacts AS u ON u.run_id = r.id WHERE u.version_id = :version AND u.direction = :direction"
        " AND r.deleted_at IS NULL ORDER BY u.created_at, r.id",
        version=version_id,
        direction=direction,
    )


def find_maker(tx: Tx, version_id: int) -> RunRef | None:
    """The run that made a version first."""
    found = _runs(tx, "JOIN artifact_versions AS v ON v.run_id = r.id WHERE v.id = :version", version=version_id)
    return found[0] if found else None


def select_versions_of(tx: Tx, run_id: int, direction: Direction, limit: int, offset: int) -> list[int]:
    """A page of the keys of committed versions that a run read, or made."""
    rows = tx.all(
        "SELECT u.version_id FROM run_artifacts AS u JOIN artifact_versions AS v ON v.id = u.version_id"
        " WHERE u.run_id = :run AND u.direction = :direction AND v.state = 'COMMITTED'"
        " ORDER BY u.created_at, u.version_id LIMIT :limit OFFSET :offset",
        run=run_id,
        direction=direction,
        limit=limit,
        offset=offset,
    )
    return [row[0] for row in rows]


def count_versions_of(tx: Tx, run_id: int, direction: Direction) -> int:
    """How many committed versions a run read, or made."""
    count: int = tx.value(
        "SELECT COUNT(*) FROM run_artifacts AS u JOIN artifact_versions AS v ON v.id = u.version_id"
        " WHERE u.run_id = :run AND u.direction = :direction AND v.state = 'COMMITTED'",
        run=run_id,
        direction=direction,
    )
    return count


def _runs(tx: Tx, rest: str, **values: object) -> list[RunRef]:
    rows = tx.all(
        "SELECT r.id, p.id, p.name, e.name FROM runs AS r JOIN projects AS p ON p.id = r.project_id"
        f" JOIN teams AS e ON e.id = p.team_id {rest}",
        **values,
    )
    return [RunRef(key, Place(*place)) for key, *place in rows]
