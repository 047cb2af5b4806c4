"""Rows of projects and their tags."""

from podium.domain.projects import Project, ViewType
from podium.store.dialect import for_update
from podium.store.filters import Indexed, SideTable, Source, Walk
from podium.store.paging import Page, PageQuery, search_page
from podium.store.registries import visible
from podium.store.transaction import Row, Tx

COLUMNS = (
    "projects.id, projects.name, projects.artifact_location, projects.created_at, projects.updated_at,"
    " projects.deleted_at"
)

SOURCE = Source(
    rows="projects",
    key="projects.id",
    attributes={name: f"projects.{name}" for name in ("id", "name", "artifact_location", "created_at", "updated_at")},
    tags=SideTable("project_tags", "project_id", indexed=True),
    indexed={"id": Indexed("projects.id"), "name": Indexed("projects.name")},
    walks={name: Walk("projects") for name in ("name", "created_at", "updated_at")},
    identity=("name",),
)

_VIEWS = {"active": "projects.deleted_at IS NULL", "deleted": "projects.deleted_at IS NOT NULL", "all": "1 = 1"}


def insert_project(tx: Tx, *, team_id: int, name: str, artifact_location: str, at: int) -> int | None:
    """The key of the new project, or None when the team has one of this name."""
    key: int | None = tx.value(
        "INSERT INTO projects (team_id, name, artifact_location, created_at, updated_at)"
        " VALUES (:team, :name, :location, :at, :at) ON CONFLICT (team_id, name) DO NOTHING RETURNING id",
        team=team_id,
        name=name,
        location=artifact_location,
        at=at,
    )
    return key


def update_location(tx: Tx, project_id: int, artifact_location: str) -> None:
    """Set where the project's runs put their files."""
    tx.run(
        "UPDATE projects SET artifact_location = :location WHERE id = :id", id=project_id, location=artifact_location
    )


def update_name(tx: Tx, project_id: int, name: str, at: int) -> None:
    """Rename a project."""
    tx.run("UPDATE projects SET name = :name, updated_at = :at WHERE id = :id", id=project_id, name=name, at=at)


def update_deleted(tx: Tx, project_id: int, deleted_at: int | None, at: int) -> None:
    """Mark a project deleted, or active again with None."""
    tx.run(
        "UPDATE projects SET deleted_at = :deleted, updated_at = :at WHERE id = :id",
        id=project_id,
        deleted=deleted_at,
        at=at,
    )


def find_project(tx: Tx, team_id: int, project_id: int, *, lock: bool = False) -> Project | None:
    """The team's project with this key; with `lock` it stays as it is until the transaction ends."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM projects WHERE id = :id AND team_id = :team" + (for_update(tx.dialect) if lock else ""),
        id=project_id,
        team=team_id,
    )
    return None if row is None else with_tags(tx, [row])[0]


def find_project_by_name(tx: Tx, team_id: int, name: str) -> Project | None:
    """The team's project of this name, deleted or not."""
    row = tx.one(f"SELECT {COLUMNS} FROM projects WHERE team_id = :team AND name = :name", team=team_id, name=name)
    return None if row is None else with_tags(tx, [row])[0]


def find_place(tx: Tx, project_id: int) -> tuple[int, str] | None:
    """The key of the team that has an active project, and the project's name."""
    row = tx.one(
        "SELECT p.team_id, p.name FROM projects p JOIN teams t ON t.id = p.team_id AND t.deleted_at IS NULL "
        "WHERE p.id = :id AND p.deleted_at IS NULL",
        id=project_id,
    )
    return None if row is None else (row[0], row[1])


def search_projects(
    tx: Tx,
    team_id: int,
    *,
    view: ViewType,
    query: PageQuery,
    user_id: int | None = None,
) -> Page:
    """The keys of a page of the team's projects; with a user, without the registries that it may not see."""
    hidden = f"EXISTS (SELECT 1 FROM registries AS g WHERE g.project_id = projects.id AND NOT {visible(user_id)})"
    return search_page(
        tx,
        SOURCE,
        scope=f"projects.team_id = :team AND {_VIEWS[view]}" + ("" if user_id is None else f" AND NOT {hidden}"),
        scope_parameters={"team": team_id},
        query=query,
    )


def load_projects(tx: Tx, keys: list[int]) -> list[Project]:
    """The projects with these keys, in this order, in two statements."""
    if not keys:
        return []
    inlined = ", ".join(str(key) for key in keys)
    rows = {row[0]: row for row in tx.all(f"SELECT {COLUMNS} FROM projects WHERE id IN ({inlined})")}
    return with_tags(tx, [rows[key] for key in keys])


def with_tags(tx: Tx, rows: list[Row]) -> list[Project]:
    """Projects of `COLUMNS` rows, their tags read in one statement."""
    tags: dict[int, dict[str, str]] = {row[0]: {} for row in rows}
    keys = ", ".join(str(key) for key in tags) or "NULL"
    for project_id, key, value in tx.all(
        f"SELECT project_id, key, value FROM project_tags WHERE project_id IN ({keys}) ORDER BY key"
    ):
        tags[project_id][key] = value
    return [Project(*(*row, tags[row[0]])) for row in rows]


def upsert_tag(tx: Tx, project_id: int, key: str, value: str) -> None:
    """Set a tag."""
    tx.run(
        "INSERT INTO project_tags (project_id, key, value) VALUES (:id, :key, :value)"
        " ON CONFLICT (project_id, key) DO UPDATE SET value = excluded.value",
        id=project_id,
        key=key,
        value=value,
    )


def delete_tag(tx: Tx, project_id: int, key: str) -> bool:
    """Whether there was such a tag to delete."""
    return tx.count("DELETE FROM project_tags WHERE project_id = :id AND key = :key", id=project_id, key=key) > 0
