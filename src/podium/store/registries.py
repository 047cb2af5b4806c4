"""Rows of registries and of who belongs to them."""

from collections.abc import Sequence

import msgspec

from podium.domain.registries import Access, MemberRole, Registry, UserMember
from podium.store.dialect import Dialect, is_in, list_value
from podium.store.filters import SideTable, Source
from podium.store.paging import Page, PageQuery, search_page
from podium.store.transaction import Tx

DESCRIPTION_TAG = "mlflow.note.content"
_DESCRIPTION = f"(SELECT t.value FROM project_tags AS t WHERE t.project_id = p.id AND t.key = '{DESCRIPTION_TAG}')"

SOURCE = Source(
    rows="registries AS g JOIN projects AS p ON p.id = g.project_id",
    key="p.id",
    attributes={
        "id": "p.id",
        "name": "p.name",
        "created_at": "p.created_at",
        "updated_at": "p.updated_at",
        "description": _DESCRIPTION,
    },
    nullable=frozenset({"description"}),
    tags=SideTable("project_tags", "project_id"),
)


class RegistryRow(msgspec.Struct, frozen=True):
    """What makes a project a registry."""

    project_id: int
    access: Access
    allows_all_types: bool


def insert_registry(tx: Tx, project_id: int, *, access: Access, allows_all_types: bool) -> None:
    """Make a project a registry; one that is one already stays as it is."""
    tx.run(
        "INSERT INTO registries (project_id, access, allows_all_types) VALUES (:project, :access, :all)"
        " ON CONFLICT DO NOTHING",
        project=project_id,
        access=access,
        all=int(allows_all_types),
    )


def update_registry(tx: Tx, row: RegistryRow) -> None:
    """Write what a registry allows."""
    tx.run(
        "UPDATE registries SET access = :access, allows_all_types = :all WHERE project_id = :project",
        project=row.project_id,
        access=row.access,
        all=int(row.allows_all_types),
    )


def find_registry(tx: Tx, project_id: int) -> RegistryRow | None:
    """What makes a project a registry; None for one that is none."""
    row = tx.one(
        "SELECT project_id, access, allows_all_types FROM registries WHERE project_id = :project", project=project_id
    )
    return None if row is None else RegistryRow(row[0], row[1], bool(row[2]))


def visible(user_id: int | None) -> str:
    """The SQL that holds for registries `g` that a user may see; None is who may see all."""
    if user_id is None:
        return "1 = 1"
    return (
        f"(g.access = 'PRIVATE' OR EXISTS (SELECT 1 FROM registry_users AS u WHERE u.project_id = g.project_id"
        f" AND u.user_id = {int(user_id)}) OR EXISTS (SELECT 1 FROM registry_teams AS e JOIN team_members AS m"
        f" ON m.team_id = e.team_id WHERE e.project_id = g.project_id AND m.user_id = {int(user_id)}))"
    )


def outside(project: str) -> str:
    """The SQL that holds for a project, by its key, that is no registry: only there are runs, traces and the like."""
    return f"NOT EXISTS (SELECT 1 FROM registries AS reg WHERE reg.project_id = {project})"


def without(project: str, hidden: Sequence[int], dialect: Dialect) -> tuple[str, dict[str, object]]:
    """The SQL to add to a condition, so that nothing is found of the projects `hidden`, and its parameter."""
    if not hidden:
        return "", {}
    return f" AND NOT ({is_in(project, 'hidden', dialect)})", {"hidden": list_value(hidden, dialect)}


_GIVEN = (
    "(EXISTS (SELECT 1 FROM registry_users AS u WHERE u.project_id = g.project_id AND u.user_id = :user)"
    " OR EXISTS (SELECT 1 FROM registry_teams AS e JOIN team_members AS m ON m.team_id = e.team_id"
    " WHERE e.project_id = g.project_id AND m.user_id = :user))"
)


class ProjectAccess(msgspec.Struct, frozen=True):
    """Which team has a project, whom it is open to if it is a registry, and whether a user was given a role there."""

    project_id: int
    team_id: int
    access: Access | None
    given: bool


def select_access(tx: Tx, keys: Sequence[int], user_id: int | None) -> list[ProjectAccess]:
    """What decides whether a user sees the projects of these keys that are there."""
    rows = tx.all(
        f"SELECT p.id, p.team_id, g.access, CASE WHEN {_GIVEN} THEN 1 ELSE 0 END FROM projects AS p"
        " JOIN teams AS t ON t.id = p.team_id AND t.deleted_at IS NULL"
        f" LEFT JOIN registries AS g ON g.project_id = p.id WHERE {is_in('p.id', 'keys', tx.dialect)}",
        keys=list_value(keys, tx.dialect),
        user=user_id,
    )
    return [ProjectAccess(key, team, access, bool(given)) for key, team, access, given in rows]


def select_hidden(tx: Tx, team_ids: Sequence[int], user_id: int) -> list[int]:
    """The keys of those registries of the teams that a user may not see."""
    rows = tx.all(
        "SELECT g.project_id FROM registries AS g JOIN projects AS p ON p.id = g.project_id"
        f" WHERE g.access = 'RESTRICTED' AND {is_in('p.team_id', 'teams', tx.dialect)} AND NOT {_GIVEN}"
        " ORDER BY g.project_id",
        teams=list_value(team_ids, tx.dialect),
        user=user_id,
    )
    return [row[0] for row in rows]


def search_registries(tx: Tx, team_id: int, user_id: int | None, query: PageQuery) -> Page:
    """A page of the keys of a team's registries."""
    scope = f"p.team_id = :team AND p.deleted_at IS NULL AND {visible(user_id)}"
    return search_page(tx, SOURCE, scope=scope, scope_parameters={"team": team_id}, query=query)


def load_registries(tx: Tx, keys: Sequence[int]) -> list[Registry]:
    """Those of the registries that are there, in the order of the keys: two statements."""
    value = list_value(keys, tx.dialect)
    rows = tx.all(
        f"SELECT p.id, p.name, e.name, o.name, {_DESCRIPTION}, g.access, g.allows_all_types, p.created_at, p.updated_at"
        f" FROM {SOURCE.rows} JOIN teams AS e ON e.id = p.team_id LEFT JOIN organizations AS o"
        f" ON o.id = e.organization_id WHERE {is_in('p.id', 'keys', tx.dialect)} AND p.deleted_at IS NULL",
        keys=value,
    )
    types: dict[int, list[str]] = {}
    for project, name in tx.all(
        f"SELECT project_id, name FROM artifact_types WHERE {is_in('project_id', 'keys', tx.dialect)} ORDER BY id",
        keys=value,
    ):
        types.setdefault(project, []).append(name)
    found = {
        key: Registry(
            id=key,
            name=name,
            team=team,
            organization=organization or team,
            description=description,
            access=access,
            allows_all_types=bool(all_types),
            types=tuple(types.get(key, ())),
            created_at=created,
            updated_at=updated,
        )
        for key, name, team, organization, description, access, all_types, created, updated in rows
    }
    return [found[key] for key in keys if key in found]


def select_users(tx: Tx, project_id: int) -> list[UserMember]:
    """The users of a registry, by name."""
    rows = tx.all(
        "SELECT u.id, u.name, u.email, r.role FROM registry_users AS r JOIN users AS u ON u.id = r.user_id"
        " AND u.deleted_at IS NULL WHERE r.project_id = :project ORDER BY u.name",
        project=project_id,
    )
    return [UserMember(*row) for row in rows]


def select_teams(tx: Tx, project_id: int) -> list[tuple[int, MemberRole]]:
    """(key, role) of the teams of a registry."""
    rows = tx.all(
        "SELECT r.team_id, r.role FROM registry_teams AS r JOIN teams AS e ON e.id = r.team_id"
        " AND e.deleted_at IS NULL WHERE r.project_id = :project ORDER BY e.name",
        project=project_id,
    )
    return [(key, role) for key, role in rows]


def add_users(tx: Tx, project_id: int, user_ids: Sequence[int], role: MemberRole) -> None:
    """Let users that are there belong to a registry; those that do keep their role."""
    tx.many(
        "INSERT INTO registry_users (project_id, user_id, role) SELECT :project, u.id, :role FROM users AS u"
        " WHERE u.id = :user AND u.deleted_at IS NULL ON CONFLICT DO NOTHING",
        [{"project": project_id, "user": key, "role": role} for key in user_ids],
    )


def add_teams(tx: Tx, project_id: int, team_ids: Sequence[int], role: MemberRole) -> None:
    """Let teams that are there belong to a registry; those that do keep their role."""
    tx.many(
        "INSERT INTO registry_teams (project_id, team_id, role) SELECT :project, e.id, :role FROM teams AS e"
        " WHERE e.id = :team AND e.deleted_at IS NULL ON CONFLICT DO NOTHING",
        [{"project": project_id, "team": key, "role": role} for key in team_ids],
    )


def remove_members(tx: Tx, project_id: int, user_ids: Sequence[int], team_ids: Sequence[int]) -> None:
    """Take users and teams out of a registry."""
    tx.many(
        "DELETE FROM registry_users WHERE project_id = :project AND user_id = :user",
        [{"project": project_id, "user": key} for key in user_ids],
    )
    tx.many(
        "DELETE FROM registry_teams WHERE project_id = :project AND team_id = :team",
        [{"project": project_id, "team": key} for key in team_ids],
    )


def update_user_role(tx: Tx, project_id: int, user_id: int, role: MemberRole) -> bool:
    """Give a user of a registry another role; whether it belongs there."""
    return (
        tx.count(
            "UPDATE registry_users SET role = :role WHERE project_id = :project AND user_id = :user",
            project=project_id,
            user=user_id,
            role=role,
        )
        > 0
    )


def update_team_role(tx: Tx, project_id: int, team_id: int, role: MemberRole) -> bool:
    """Give a team of a registry another role; whether it belongs there."""
    return (
        tx.count(
            "UPDATE registry_teams SET role = :role WHERE project_id = :project AND team_id = :team",
            project=project_id,
            team=team_id,
            role=role,
        )
        > 0
    )


def select_roles(tx: Tx, project_id: int, user_id: int) -> list[MemberRole]:
    """The roles that a user has in a registry, of its own and by its teams."""
    rows = tx.all(
        "SELECT role FROM registry_users WHERE project_id = :project AND user_id = :user"
        " UNION ALL SELECT r.role FROM registry_teams AS r JOIN team_members AS m ON m.team_id = r.team_id"
        " WHERE r.project_id = :project AND m.user_id = :user",
        project=project_id,
        user=user_id,
    )
    return [row[0] for row in rows]


def select_linking(tx: Tx, version_ids: Sequence[int]) -> list[tuple[int, int]]:
    """(version, project) of each registry that links to one of these versions of artifacts."""
    rows = tx.all(
        "SELECT DISTINCT s.version_id, p.id FROM artifact_memberships AS s JOIN artifact_collections AS c"
        " ON c.id = s.collection_id AND c.deleted_at IS NULL JOIN registries AS g ON g.project_id = c.project_id"
        " JOIN projects AS p ON p.id = g.project_id AND p.deleted_at IS NULL"
        f" WHERE {is_in('s.version_id', 'versions', tx.dialect)}",
        versions=list_value(version_ids, tx.dialect),
    )
    return [(version, project) for version, project in rows]
