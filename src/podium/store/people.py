"""Names of users, as those who work with them look for them."""

from collections.abc import Sequence

from podium.store.dialect import is_in, list_value
from podium.store.transaction import Tx

_OF_TEAM = (
    "(u.is_admin = 1 OR u.team_id = :team"
    " OR EXISTS (SELECT 1 FROM team_members AS m WHERE m.user_id = u.id AND m.team_id = :team)"
    " OR EXISTS (SELECT 1 FROM organization_members AS o JOIN teams AS t ON t.organization_id = o.organization_id"
    " WHERE o.user_id = u.id AND t.id = :team AND (t.kind = 'organization' OR o.role = 'admin')))"
)


def select_names(tx: Tx, team_id: int, beginning: str, limit: int) -> list[str]:
    """The names of users who may read what a team has, of those that begin so."""
    rows = tx.all(
        f"SELECT u.name FROM users AS u WHERE u.deleted_at IS NULL AND {_OF_TEAM}"
        " AND LOWER(SUBSTR(u.name, 1, LENGTH(:beginning))) = LOWER(:beginning) ORDER BY u.name LIMIT :limit",
        team=team_id,
        beginning=beginning,
        limit=limit,
    )
    return [row[0] for row in rows]


def select_keys(tx: Tx, team_id: int, names: Sequence[str]) -> list[int]:
    """The keys of those of the named users who may read what a team has."""
    if not names:
        return []
    rows = tx.all(
        f"SELECT u.id FROM users AS u WHERE {is_in('u.name', 'names', tx.dialect)} AND u.deleted_at IS NULL"
        f" AND {_OF_TEAM} ORDER BY u.id",
        names=list_value(names, tx.dialect),
        team=team_id,
    )
    return [row[0] for row in rows]
