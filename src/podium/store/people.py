"""Users as those who work with them see them: by the teams that they have in common."""

from collections.abc import Sequence

from podium.domain.access import Role
from podium.domain.accounts import ApiKey, User
from podium.store.accounts import USER, made_user
from podium.store.dialect import is_in, list_value, position
from podium.store.transaction import Tx
from podium.store.versions import inlined


def select_names(tx: Tx, teams: Sequence[int], beginning: str, limit: int) -> list[str]:
    """The names of users who may read what one of the teams has, of those that begin so."""
    rows = tx.all(
        f"SELECT u.name FROM users AS u WHERE u.deleted_at IS NULL AND {_of_teams(teams)}"
        " AND LOWER(SUBSTR(u.name, 1, LENGTH(:beginning))) = LOWER(:beginning) ORDER BY u.name LIMIT :limit",
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
        f" AND {_of_teams([team_id])} ORDER BY u.id",
        names=list_value(names, tx.dialect),
    )
    return [row[0] for row in rows]


def list_people(
    tx: Tx, teams: Sequence[int], organizations: Sequence[int], text: str, *, after: str, limit: int
) -> list[User]:
    """Users who belong to one of the teams or organizations, whose names or addresses have the text within, by name."""
    whole = "LOWER(u.name || ' ' || COALESCE(u.email, ''))"
    rows = tx.all(
        f"{USER} WHERE u.deleted_at IS NULL AND u.name > :after AND ({_belongs_to(teams)} OR EXISTS"
        " (SELECT 1 FROM organization_members AS g WHERE g.user_id = u.id"
        f" AND g.organization_id IN ({inlined(organizations)})))"
        f" AND {position(tx.dialect, whole, 'LOWER(:text)')} > 0 ORDER BY u.name LIMIT :limit",
        text=text,
        after=after,
        limit=limit,
    )
    return [made_user(row) for row in rows]


def select_roles(tx: Tx, user_ids: Sequence[int], teams: Sequence[int]) -> dict[int, dict[str, Role]]:
    """The roles of users in these teams, by the teams' names."""
    rows = tx.all(
        "SELECT m.user_id, t.name, m.role FROM team_members AS m JOIN teams AS t ON t.id = m.team_id"
        f" WHERE m.user_id IN ({inlined(user_ids)}) AND m.team_id IN ({inlined(teams)}) AND t.kind <> 'user'"
        " ORDER BY t.name"
    )
    found: dict[int, dict[str, Role]] = {}
    for user, team, role in rows:
        found.setdefault(user, {})[team] = role
    return found


def count_members(tx: Tx, teams: Sequence[int]) -> dict[int, int]:
    """How many users each team has."""
    rows = tx.all(
        "SELECT m.team_id, COUNT(*) FROM team_members AS m JOIN users AS u ON u.id = m.user_id"
        f" WHERE m.team_id IN ({inlined(teams)}) AND u.deleted_at IS NULL GROUP BY m.team_id"
    )
    return dict(rows)


def select_service_keys(tx: Tx, team_id: int) -> dict[int, list[ApiKey]]:
    """The API keys of the service accounts that work for a team, oldest first, by the accounts' keys."""
    rows = tx.all(
        "SELECT u.id, k.id, k.hint, k.description, k.created_at, k.last_used_at FROM users AS u"
        " LEFT JOIN api_keys AS k ON k.user_id = u.id AND k.revoked_at IS NULL"
        " WHERE u.home_team_id = :team AND u.kind = 'service' AND u.is_admin = 0 AND u.deleted_at IS NULL"
        " ORDER BY k.id",
        team=team_id,
    )
    found: dict[int, list[ApiKey]] = {}
    for user, key, *rest in rows:
        keys = found.setdefault(user, [])
        if key is not None:
            keys.append(ApiKey(key, user, *rest))
    return found


def _of_teams(teams: Sequence[int]) -> str:
    return f"(u.is_admin = 1 OR {_belongs_to(teams)})"


def _belongs_to(teams: Sequence[int]) -> str:
    inside = inlined(teams)
    return (
        f"(u.team_id IN ({inside})"
        f" OR EXISTS (SELECT 1 FROM team_members AS m WHERE m.user_id = u.id AND m.team_id IN ({inside}))"
        " OR EXISTS (SELECT 1 FROM organization_members AS o JOIN teams AS t ON t.organization_id = o.organization_id"
        f" WHERE o.user_id = u.id AND t.id IN ({inside}) AND (t.kind = 'organization' OR o.role = 'admin')))"
    )
