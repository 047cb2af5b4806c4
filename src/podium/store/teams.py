"""Rows of teams, and what happens to all that a team has when it goes. A deleted team hides what it has."""

from collections.abc import Sequence

from podium.domain.access import DEFAULT_TEAM_ID
from podium.domain.teams import Team, TeamKind
from podium.store.dialect import for_update, is_in, list_value
from podium.store.transaction import Tx

# What a team owns by itself; all else belongs to one of these, and goes with it.
OWNED = ("projects", "registered_models", "evaluation_datasets", "webhooks")
_NAMED = (("projects", "1 = 1"), ("registered_models", "deleted_at IS NULL"))
_FILES = ("artifact_files", "deleted_artifact_files")
_LOCATED = (
    ("projects", "team_id = :team"),
    ("logged_models", "project_id IN (SELECT id FROM projects WHERE team_id = :team)"),
)
_COLUMNS = "id, name, description, default_artifact_root, kind, organization_id"


def find_team_id(tx: Tx, name: str) -> int | None:
    """The key of the team called `name`."""
    found: int | None = tx.value("SELECT id FROM teams WHERE name = :name AND deleted_at IS NULL", name=name)
    return found


def find_team(tx: Tx, name: str, *, lock: bool = False) -> Team | None:
    """The team called `name`; with `lock` nothing is added to it until the transaction ends."""
    suffix = for_update(tx.dialect) if lock else ""
    row = tx.one(f"SELECT {_COLUMNS} FROM teams WHERE name = :name AND deleted_at IS NULL{suffix}", name=name)
    return None if row is None else Team(*row)


def lock_deleted_team(tx: Tx, name: str) -> Team | None:
    """The team called `name` that was deleted last, no user's own one; nobody restores or removes it meanwhile."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM teams WHERE name = :name AND kind = 'team' AND deleted_at IS NOT NULL"
        f" ORDER BY deleted_at DESC, id DESC LIMIT 1{for_update(tx.dialect)}",
        name=name,
    )
    return None if row is None else Team(*row)


def select_names_by_project(tx: Tx, projects: list[int]) -> dict[int, str]:
    """The names of the teams that have these projects, by the projects' keys."""
    wanted = ", ".join(str(key) for key in projects) or "NULL"
    rows = tx.all(
        f"SELECT projects.id, teams.name FROM projects JOIN teams ON teams.id = projects.team_id"
        f" WHERE projects.id IN ({wanted})"
    )
    return dict(rows)


def lock_names(tx: Tx, team_id: int) -> None:
    """Until this transaction ends no other one names anything of the team: inserts refer to the locked row."""
    tx.one(f"SELECT id FROM teams WHERE id = :team{for_update(tx.dialect)}", team=team_id)


def find_artifact_root(tx: Tx, team_id: int) -> str | None:
    """Where the team's new projects put their files, None for this server."""
    root: str | None = tx.value("SELECT default_artifact_root FROM teams WHERE id = :id", id=team_id)
    return root


def list_teams(tx: Tx) -> list[Team]:
    """Every team by name."""
    return [Team(*row) for row in tx.all(f"SELECT {_COLUMNS} FROM teams WHERE deleted_at IS NULL ORDER BY name")]


def list_teams_of(tx: Tx, organization_id: int) -> list[Team]:
    """Every team of an organization by name, without the one that is the organization's own."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM teams WHERE organization_id = :organization AND kind = 'team' AND deleted_at IS NULL"
        " ORDER BY name",
        organization=organization_id,
    )
    return [Team(*row) for row in rows]


def list_teams_of_user(tx: Tx, user_id: int) -> list[Team]:
    """The teams that a user was made a member of, in that order; its own is the first."""
    columns = ", ".join(f"t.{column}" for column in _COLUMNS.split(", "))
    rows = tx.all(
        f"SELECT {columns} FROM team_members AS m JOIN teams AS t ON t.id = m.team_id AND t.deleted_at IS NULL"
        " WHERE m.user_id = :user ORDER BY m.created_at, t.id",
        user=user_id,
    )
    return [Team(*row) for row in rows]


def insert_team(
    tx: Tx,
    name: str,
    description: str | None,
    root: str | None,
    at: int,
    *,
    kind: TeamKind = "team",
    organization_id: int | None = None,
) -> int | None:
    """The key of the new team, or None when there is one of this name."""
    key: int | None = tx.value(
        "INSERT INTO teams (name, description, default_artifact_root, kind, organization_id, created_at, updated_at)"
        " VALUES (:name, :description, :root, :kind, :organization, :at, :at)"
        " ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
        name=name,
        description=description,
        root=root,
        kind=kind,
        organization=organization_id,
        at=at,
    )
    return key


def update_team(tx: Tx, team_id: int, description: str | None, root: str | None, at: int) -> None:
    """Write a team's description and artifact root."""
    tx.run(
        "UPDATE teams SET description = :description, default_artifact_root = :root, updated_at = :at WHERE id = :id",
        id=team_id,
        description=description,
        root=root,
        at=at,
    )


def update_deleted(tx: Tx, team_id: int, deleted_at: int | None, at: int) -> bool:
    """Mark a team deleted, or there again with None; whether its name was still free for that."""
    return (
        tx.count(
            "UPDATE teams SET deleted_at = :deleted, updated_at = :at WHERE id = :id AND NOT EXISTS"
            " (SELECT 1 FROM teams other WHERE other.name = teams.name AND other.id <> teams.id"
            " AND other.deleted_at IS NULL)",
            id=team_id,
            deleted=deleted_at,
            at=at,
        )
        > 0
    )


def count_owned(tx: Tx, team_id: int) -> dict[str, int]:
    """How many of each kind of thing a team has, deleted ones too; kinds without any are left out."""
    counts = {table: tx.value(f"SELECT COUNT(*) FROM {table} WHERE team_id = :team", team=team_id) for table in OWNED}
    return {table: count for table, count in counts.items() if count}


def clashing_names(tx: Tx, team_id: int) -> list[str]:
    """What the default team has under the same name, or files at the same path without the team's folder."""
    clashes = [
        f"{table}: {row[0]!r}"
        for table, unique in _NAMED
        for row in tx.all(
            f"SELECT name FROM {table} WHERE team_id = :team AND {unique} AND name IN"
            f" (SELECT name FROM {table} WHERE team_id = :other AND {unique}) ORDER BY name LIMIT 20",
            team=team_id,
            other=DEFAULT_TEAM_ID,
        )
    ]
    files = tx.all(
        "SELECT other.path FROM artifact_files mine JOIN teams ON teams.id = mine.team_id JOIN artifact_files other"
        " ON other.path = SUBSTR(mine.path, LENGTH(teams.name) + 13) AND other.team_id = :other"
        " WHERE mine.team_id = :team LIMIT 20",
        team=team_id,
        other=DEFAULT_TEAM_ID,
    )
    return clashes + [f"files: {row[0]!r}" for row in files]


def select_models(tx: Tx, team_id: int) -> list[tuple[int, str]]:
    """(key, name) of the registered models that a team has, without deleted ones."""
    rows = tx.all(
        "SELECT id, name FROM registered_models WHERE team_id = :team AND deleted_at IS NULL ORDER BY id", team=team_id
    )
    return [(key, name) for key, name in rows]


def give_to_default(tx: Tx, team_id: int, folder: str) -> None:
    """Move all that a team has to the default one, its files out of `folder` to the root of the tree."""
    for table in _FILES:
        tx.count(
            f"UPDATE {table} SET team_id = :other, path = CASE WHEN SUBSTR(path, 1, LENGTH(:folder)) = :folder"
            f" THEN SUBSTR(path, LENGTH(:folder) + 1) ELSE path END WHERE team_id = :team",
            team=team_id,
            other=DEFAULT_TEAM_ID,
            folder=folder,
        )
    before, after = f"mlflow-artifacts:/{folder}", "mlflow-artifacts:/"
    for table, own in _LOCATED:
        tx.count(
            f"UPDATE {table} SET artifact_location = :after || SUBSTR(artifact_location, LENGTH(:before) + 1)"
            f" WHERE {own} AND SUBSTR(artifact_location, 1, LENGTH(:before)) = :before",
            team=team_id,
            before=before,
            after=after,
        )
    tx.run(
        "UPDATE runs SET revision = revision + 1 WHERE project_id IN (SELECT id FROM projects WHERE team_id = :team)",
        team=team_id,
    )  # where their files are has changed
    _give_contents(tx, team_id)
    for table in (*OWNED, "traces"):  # traces, which belong to projects, name the team once more
        tx.run(f"UPDATE {table} SET team_id = :other WHERE team_id = :team", team=team_id, other=DEFAULT_TEAM_ID)


def _give_contents(tx: Tx, team_id: int) -> None:
    """Bytes that the default team knows by the same MD5 already it keeps as its own."""
    tx.run(
        "UPDATE artifact_contents SET team_id = :other WHERE team_id = :team"
        " AND md5 NOT IN (SELECT md5 FROM artifact_contents WHERE team_id = :other)",
        team=team_id,
        other=DEFAULT_TEAM_ID,
    )
    tx.run("DELETE FROM artifact_contents WHERE team_id = :team", team=team_id)


def delete_owned(tx: Tx, team_id: int) -> None:
    """Remove all that a team has for good. Bytes that nothing else names are then garbage."""
    tx.run(
        "DELETE FROM metrics WHERE run_id IN (SELECT runs.id FROM runs JOIN projects ON projects.id = runs.project_id"
        " WHERE projects.team_id = :team)",
        team=team_id,
    )
    for table in (*OWNED, *_FILES, "artifact_contents"):
        tx.run(f"DELETE FROM {table} WHERE team_id = :team", team=team_id)


def load_teams(tx: Tx, keys: Sequence[int]) -> list[Team]:
    """Those of the teams that are there, in the order of the keys."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM teams WHERE {is_in('id', 'keys', tx.dialect)} AND deleted_at IS NULL",
        keys=list_value(keys, tx.dialect),
    )
    found = {row[0]: Team(*row) for row in rows}
    return [found[key] for key in keys if key in found]


def find_owner(tx: Tx, project_id: int) -> int | None:
    """The key of the team that has a project."""
    found: int | None = tx.value("SELECT team_id FROM projects WHERE id = :id AND deleted_at IS NULL", id=project_id)
    return found
