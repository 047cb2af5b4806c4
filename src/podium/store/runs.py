"""Rows of runs: the records alone. What is logged to them is in `run_data`, `metrics` and `datasets`."""

from podium.domain.runs import RunRow, RunStatus
from podium.store.dialect import for_update
from podium.store.registries import outside
from podium.store.transaction import Tx

COLUMNS = (
    "runs.id, runs.run_id, runs.project_id, projects.artifact_location, runs.name, runs.user_id, runs.status,"
    " runs.start_time, runs.end_time, runs.deleted_at, runs.revision, runs.slug"
)
JOINED = "runs JOIN projects ON projects.id = runs.project_id"
_LOCATION = "(SELECT artifact_location FROM projects WHERE projects.id = runs.project_id)"
_OUTSIDE = outside("runs.project_id")
_RETURNED = COLUMNS.replace("projects.artifact_location", _LOCATION)


def insert_run(
    tx: Tx, *, run_id: str, project_id: int, name: str, user_id: str, status: RunStatus, start_time: int
) -> int:
    """The key of the new run."""
    key = insert_named_run(
        tx,
        run_id=run_id,
        slug=run_id,
        project_id=project_id,
        name=name,
        user_id=user_id,
        status=status,
        start_time=start_time,
    )
    assert key is not None, "public ids are unique"
    return key


def insert_named_run(
    tx: Tx, *, run_id: str, slug: str, project_id: int, name: str, user_id: str, status: RunStatus, start_time: int
) -> int | None:
    """The key of the new run, or None when its project has one of this slug, deleted or not."""
    key: int | None = tx.value(
        "INSERT INTO runs (run_id, slug, project_id, name, user_id, status, start_time)"
        " VALUES (:run_id, :slug, :project, :name, :user, :status, :start)"
        " ON CONFLICT (project_id, slug) DO NOTHING RETURNING id",
        run_id=run_id,
        slug=slug,
        project=project_id,
        name=name,
        user=user_id,
        status=status,
        start=start_time,
    )
    return key


def find_run(tx: Tx, team_id: int, run_id: str, *, lock: bool = False) -> RunRow | None:
    """The team's run with this public id; with `lock` it stays as it is until the transaction ends."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM {JOINED} WHERE runs.run_id = :run_id AND projects.team_id = :team AND {_OUTSIDE}"
        + (for_update(tx.dialect, "runs") if lock else ""),
        run_id=run_id,
        team=team_id,
    )
    return None if row is None else RunRow(*row)


def find_run_by_slug(tx: Tx, team_id: int, project: str, slug: str) -> RunRow | None:
    """The run of this slug in the team's project of this name, deleted or not; None where there is no such project."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM {JOINED} WHERE projects.team_id = :team AND projects.name = :project"
        f" AND runs.slug = :slug AND {_OUTSIDE}",
        team=team_id,
        project=project,
        slug=slug,
    )
    return None if row is None else RunRow(*row)


def find_run_by_key(tx: Tx, key: int) -> tuple[int, RunRow] | None:
    """The run with this key, deleted or not, behind its team's key."""
    row = tx.one(f"SELECT projects.team_id, {COLUMNS} FROM {JOINED} WHERE runs.id = :id AND {_OUTSIDE}", id=key)
    return None if row is None else (row[0], RunRow(*row[1:]))


def change_run(tx: Tx, team_id: int, run_id: str) -> RunRow | None:
    """The team's run with this public id, unless it is deleted; its revision is one higher from here on.

    No other transaction changes the run until this one ends.
    """
    row = tx.one(
        "UPDATE runs SET revision = revision + 1 WHERE run_id = :run_id AND deleted_at IS NULL"
        " AND EXISTS (SELECT 1 FROM projects WHERE projects.id = runs.project_id AND team_id = :team)"
        f" AND {_OUTSIDE}"
        f" RETURNING {_RETURNED}",
        run_id=run_id,
        team=team_id,
    )
    return None if row is None else RunRow(*row)


def count_change(tx: Tx, key: int) -> None:
    """Note that what is shown of a run has changed."""
    tx.run("UPDATE runs SET revision = revision + 1 WHERE id = :id", id=key)


def select_revisions(tx: Tx, keys: list[int]) -> list[tuple[int, int]]:
    """(key, revision) of the runs of these keys, in the order given."""
    wanted = ", ".join(str(key) for key in keys) or "NULL"
    revisions: dict[int, int] = dict(tx.all(f"SELECT id, revision FROM runs WHERE id IN ({wanted})"))
    return [(key, revisions[key]) for key in keys]


def find_runs(tx: Tx, team_id: int, run_ids: list[str]) -> list[RunRow]:
    """Those of the team's runs that are there, in no order. Meant for up to some hundred ids."""
    names = {f"r{i}": run_id for i, run_id in enumerate(run_ids)}
    wanted = ", ".join(f":{name}" for name in names) or "NULL"
    rows = tx.all(
        f"SELECT {COLUMNS} FROM {JOINED} WHERE runs.run_id IN ({wanted}) AND projects.team_id = :team AND {_OUTSIDE}",
        team=team_id,
        **names,
    )
    return [RunRow(*row) for row in rows]


def update_state(tx: Tx, run: RunRow) -> None:
    """Write what changes while a run goes on: its status and end."""
    tx.run(
        "UPDATE runs SET status = :status, end_time = :end WHERE id = :id",
        id=run.id,
        status=run.status,
        end=run.end_time,
    )


def update_name(tx: Tx, key: int, name: str) -> None:
    """Rename a run."""
    tx.run("UPDATE runs SET name = :name WHERE id = :id", id=key, name=name)


def update_deleted(tx: Tx, key: int, deleted_at: int | None) -> None:
    """Mark a run deleted, or active again with None."""
    tx.run("UPDATE runs SET deleted_at = :deleted, revision = revision + 1 WHERE id = :id", id=key, deleted=deleted_at)


def update_deleted_of_project(tx: Tx, project_id: int, deleted_at: int | None, was_deleted_at: int | None) -> None:
    """Mark a project's active runs deleted, or bring those back that were deleted together with it."""
    tx.run(
        "UPDATE runs SET deleted_at = :deleted, revision = revision + 1 WHERE project_id = :project"
        + (" AND deleted_at IS NULL" if was_deleted_at is None else " AND deleted_at = :was"),
        deleted=deleted_at,
        project=project_id,
        was=was_deleted_at,
    )
