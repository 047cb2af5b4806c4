"""Rows of organizations, and of who belongs to them."""

from podium.domain.access import Role
from podium.domain.accounts import Member, Organization
from podium.store.transaction import Row, Tx

_ORGANIZATION = (
    "SELECT o.id, o.name, t.id, t.name, o.created_at FROM organizations AS o"
    " JOIN teams AS t ON t.organization_id = o.id AND t.kind = 'organization'"
)
_MEMBER = "SELECT u.id, u.name, u.email, u.kind, u.is_admin, m.role FROM"


def find_organization(tx: Tx, name: str) -> Organization | None:
    """The organization of this name, or whose team is called so."""
    row = tx.one(
        f"{_ORGANIZATION} WHERE (o.name = :name OR t.name = :name) AND o.deleted_at IS NULL"
        " ORDER BY CASE WHEN o.name = :name THEN 0 ELSE 1 END LIMIT 1",
        name=name,
    )
    return None if row is None else Organization(*row)


def find_organization_by_id(tx: Tx, organization_id: int) -> Organization | None:
    """The organization with this key."""
    row = tx.one(f"{_ORGANIZATION} WHERE o.id = :id AND o.deleted_at IS NULL", id=organization_id)
    return None if row is None else Organization(*row)


def list_organizations(tx: Tx) -> list[Organization]:
    """Every organization by name."""
    return [Organization(*row) for row in tx.all(f"{_ORGANIZATION} WHERE o.deleted_at IS NULL ORDER BY o.name")]


def list_organizations_of(tx: Tx, user_id: int) -> list[Organization]:
    """Those that a user belongs to, by name."""
    rows = tx.all(
        f"{_ORGANIZATION} JOIN organization_members AS m ON m.organization_id = o.id AND m.user_id = :user"
        " WHERE o.deleted_at IS NULL ORDER BY o.name",
        user=user_id,
    )
    return [Organization(*row) for row in rows]


def insert_organization(tx: Tx, name: str, at: int) -> int | None:
    """The key of the new organization, or None when there is one of this name."""
    key: int | None = tx.value(
        "INSERT INTO organizations (name, created_at, updated_at) VALUES (:name, :at, :at)"
        " ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
        name=name,
        at=at,
    )
    return key


def rename_organization(tx: Tx, organization_id: int, name: str, at: int) -> bool:
    """Give it another name; whether that was free."""
    return (
        tx.count(
            "UPDATE organizations SET name = :name, updated_at = :at WHERE id = :id AND NOT EXISTS (SELECT 1 FROM"
            " organizations AS other WHERE other.name = :name AND other.id <> :id AND other.deleted_at IS NULL)",
            id=organization_id,
            name=name,
            at=at,
        )
        > 0
    )


def mark_deleted(tx: Tx, organization_id: int, at: int) -> None:
    """Mark it deleted, with its teams."""
    tx.run("UPDATE organizations SET deleted_at = :at, updated_at = :at WHERE id = :id", id=organization_id, at=at)
    tx.run(
        "UPDATE teams SET deleted_at = :at, updated_at = :at WHERE organization_id = :id AND deleted_at IS NULL",
        id=organization_id,
        at=at,
    )


def list_members(tx: Tx, organization_id: int) -> list[Member]:
    """Who belongs to it, by name."""
    rows = tx.all(
        f"{_MEMBER} organization_members AS m JOIN users AS u ON u.id = m.user_id AND u.deleted_at IS NULL"
        " WHERE m.organization_id = :organization ORDER BY u.name",
        organization=organization_id,
    )
    return [_member(row) for row in rows]


def list_team_members(tx: Tx, team_id: int) -> list[Member]:
    """Who belongs to a team, in the order in which they came."""
    rows = tx.all(
        f"{_MEMBER} team_members AS m JOIN users AS u ON u.id = m.user_id AND u.deleted_at IS NULL"
        " WHERE m.team_id = :team ORDER BY m.created_at, u.id",
        team=team_id,
    )
    return [_member(row) for row in rows]


def set_member(tx: Tx, organization_id: int, user_id: int, role: Role, at: int) -> None:
    """Give a user a role in an organization."""
    tx.run(
        "INSERT INTO organization_members (organization_id, user_id, role, created_at)"
        " VALUES (:organization, :user, :role, :at)"
        " ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role",
        organization=organization_id,
        user=user_id,
        role=role,
        at=at,
    )


def join(tx: Tx, organization_id: int, user_id: int, at: int) -> None:
    """Make a user a member of an organization, unless it belongs to it already."""
    tx.run(
        "INSERT INTO organization_members (organization_id, user_id, role, created_at)"
        " VALUES (:organization, :user, 'member', :at) ON CONFLICT (organization_id, user_id) DO NOTHING",
        organization=organization_id,
        user=user_id,
        at=at,
    )


def set_team_member(tx: Tx, team_id: int, user_id: int, role: Role, at: int) -> None:
    """Give a user a role in a team."""
    tx.run(
        "INSERT INTO team_members (team_id, user_id, role, created_at) VALUES (:team, :user, :role, :at)"
        " ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role",
        team=team_id,
        user=user_id,
        role=role,
        at=at,
    )


def remove_member(tx: Tx, organization_id: int, user_id: int) -> bool:
    """Take a user out of an organization and its teams; whether it was in."""
    of_organization = "(SELECT id FROM teams WHERE organization_id = :organization)"
    tx.run(
        f"UPDATE users SET home_team_id = NULL WHERE id = :user AND home_team_id IN {of_organization}",
        organization=organization_id,
        user=user_id,
    )
    tx.run(
        f"DELETE FROM team_members WHERE user_id = :user AND team_id IN {of_organization}",
        organization=organization_id,
        user=user_id,
    )
    return (
        tx.count(
            "DELETE FROM organization_members WHERE organization_id = :organization AND user_id = :user",
            organization=organization_id,
            user=user_id,
        )
        > 0
    )


def remove_team_member(tx: Tx, team_id: int, user_id: int) -> bool:
    """Take a user out of a team; whether it was in."""
    tx.run("UPDATE users SET home_team_id = NULL WHERE id = :user AND home_team_id = :team", user=user_id, team=team_id)
    return (
        tx.count("DELETE FROM team_members WHERE team_id = :team AND user_id = :user", team=team_id, user=user_id) > 0
    )


def _member(row: Row) -> Member:
    key, name, email, kind, admin, role = row
    return Member(key, name, email, kind, bool(admin), role)
