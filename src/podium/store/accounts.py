"""Rows of users, and what a server needs to know of one that signs in."""

from typing import Any

from podium.domain.access import Account, Role
from podium.domain.accounts import User
from podium.store.dialect import for_update
from podium.store.transaction import Tx

USER = (
    "SELECT u.id, u.name, u.email, u.kind, u.is_admin, u.password_hash IS NOT NULL, u.team_id,"
    " COALESCE(h.id, t.id), COALESCE(h.name, t.name), u.created_at FROM users AS u JOIN teams AS t ON t.id = u.team_id"
    " LEFT JOIN teams AS h ON h.id = u.home_team_id AND h.deleted_at IS NULL"
)


def read_state(tx: Tx) -> tuple[int, bool]:
    """How often accounts have changed, and whether there is any."""
    row = tx.one(
        "SELECT revision, EXISTS (SELECT 1 FROM users WHERE deleted_at IS NULL) FROM account_changes WHERE id = 1"
    )
    assert row is not None, "the migration makes this row"
    return row[0], bool(row[1])


def count_change(tx: Tx) -> None:
    """Tell all servers that accounts have changed. Changes wait for each other from here on."""
    tx.run("UPDATE account_changes SET revision = revision + 1 WHERE id = 1")


def find_user(tx: Tx, name: str, *, lock: bool = False) -> User | None:
    """The user of this name; with `lock` it stays as it is until the transaction ends."""
    if lock and tx.dialect == "postgresql":
        tx.one(f"SELECT id FROM users WHERE name = :name AND deleted_at IS NULL{for_update(tx.dialect)}", name=name)
    return _user(tx.one(f"{USER} WHERE u.name = :name AND u.deleted_at IS NULL", name=name))


def find_user_by_id(tx: Tx, user_id: int) -> User | None:
    """The user with this key."""
    return _user(tx.one(f"{USER} WHERE u.id = :id AND u.deleted_at IS NULL", id=user_id))


def list_users(tx: Tx, *, after: str, limit: int) -> list[User]:
    """Users by name, those behind `after`."""
    rows = tx.all(
        f"{USER} WHERE u.deleted_at IS NULL AND u.name > :after ORDER BY u.name LIMIT :limit", after=after, limit=limit
    )
    return [made_user(row) for row in rows]


def search_users(tx: Tx, query: str, limit: int) -> list[User]:
    """Users with this name or e-mail address."""
    rows = tx.all(
        f"{USER} WHERE u.deleted_at IS NULL AND (u.name = :query OR u.email = :query) ORDER BY u.name LIMIT :limit",
        query=query,
        limit=limit,
    )
    return [made_user(row) for row in rows]


def insert_user(tx: Tx, values: dict[str, Any], at: int) -> int | None:
    """The key of the new user, or None when there is one of this name."""
    key: int | None = tx.value(
        "INSERT INTO users (name, email, kind, is_admin, password_hash, team_id, home_team_id, created_at, updated_at)"
        " VALUES (:name, :email, :kind, :admin, :password_hash, :team, :home, :at, :at)"
        " ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING RETURNING id",
        at=at,
        **values,
    )
    return key


def update_user(tx: Tx, user_id: int, values: dict[str, Any], at: int) -> None:
    """Write the given columns of a user."""
    assigned = "".join(f"{column} = :{column}, " for column in values)
    tx.run(f"UPDATE users SET {assigned}updated_at = :at WHERE id = :id", id=user_id, at=at, **values)


def share_anything(tx: Tx, user_id: int, other_id: int) -> bool:
    """Whether two users belong to the same team or organization."""
    found = tx.value(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM team_members AS a JOIN team_members AS b ON b.team_id = a.team_id"
        " WHERE a.user_id = :user AND b.user_id = :other) OR EXISTS (SELECT 1 FROM organization_members AS a"
        " JOIN organization_members AS b ON b.organization_id = a.organization_id"
        " WHERE a.user_id = :user AND b.user_id = :other)",
        user=user_id,
        other=other_id,
    )
    return found is not None


def count_admins(tx: Tx) -> int:
    """How many users administer the server."""
    count: int = tx.value("SELECT COUNT(*) FROM users WHERE is_admin = 1 AND deleted_at IS NULL")
    return count


def delete_memberships(tx: Tx, user_id: int) -> None:
    """Take a user out of all teams and organizations."""
    tx.run("DELETE FROM team_members WHERE user_id = :user", user=user_id)
    tx.run("DELETE FROM organization_members WHERE user_id = :user", user=user_id)


def find_password(tx: Tx, name: str) -> tuple[int, str] | None:
    """Key and password hash of the user of this name who has a password."""
    row = tx.one(
        "SELECT id, password_hash FROM users WHERE name = :name AND deleted_at IS NULL AND password_hash IS NOT NULL",
        name=name,
    )
    return None if row is None else (row[0], row[1])


def load_account(tx: Tx, user_id: int) -> Account | None:
    """A user with its roles: in teams, and in all that belongs to an organization that it administers."""
    user = find_user_by_id(tx, user_id)
    if user is None:
        return None
    organizations: dict[int, Role] = dict(
        tx.all("SELECT organization_id, role FROM organization_members WHERE user_id = :user", user=user_id)
    )
    by_organization: dict[int, Role] = dict(
        tx.all(
            "SELECT t.id, m.role FROM organization_members AS m JOIN teams AS t"
            " ON t.organization_id = m.organization_id AND t.deleted_at IS NULL"
            " WHERE m.user_id = :user AND (t.kind = 'organization' OR m.role = 'admin')",
            user=user_id,
        )
    )
    by_team: dict[int, Role] = dict(
        tx.all(
            "SELECT m.team_id, m.role FROM team_members AS m"
            " JOIN teams AS t ON t.id = m.team_id AND t.deleted_at IS NULL WHERE m.user_id = :user",
            user=user_id,
        )
    )
    roles = {**by_organization, **by_team}
    roles.update({team_id: role for team_id, role in by_organization.items() if role == "admin"})
    roles[user.team_id] = "admin"
    return Account(user.id, user.name, user.admin, user.home_team, roles, organizations)


def _user(row: tuple[Any, ...] | None) -> User | None:
    return None if row is None else made_user(row)


def made_user(row: tuple[Any, ...]) -> User:
    key, name, email, kind, admin, has_password, *rest = row
    return User(key, name, email, kind, bool(admin), bool(has_password), *rest)
