"""What an actor may do in a registry.

Who administers the organization may do everything with its registries. Others have the highest of the roles that they
and their teams were given in a registry; without any, in one that is open to the organization, that which they have in
the organization.
"""

from collections.abc import Iterable, Sequence

from podium.domain import registries as rules
from podium.domain.access import Actor, is_admin, may_manage, may_read, may_write
from podium.domain.projects import Project
from podium.domain.registries import MemberRole
from podium.errors import InvalidArgument, NotFound, PermissionDenied
from podium.services.context import Context
from podium.store import registries as rows
from podium.store.registries import ProjectAccess
from podium.store.transaction import Tx

_NO_REGISTRY = "There is no such registry, or none that you may see."


def role_in(tx: Tx, actor: Actor, team: int, project_id: int) -> MemberRole | None:
    """The actor's role in a registry of a team; None when the actor may not even see it, or it is no registry."""
    found = rows.find_registry(tx, project_id)
    if found is None:
        return None
    if is_admin(actor) or may_manage(actor, team):
        return "admin"
    assert actor.account is not None, "without an account one may do everything"
    roles = set() if actor.account.id is None else set(rows.select_roles(tx, project_id, actor.account.id))
    given = next((role for role in rules.ROLES if role in roles), None)
    if given is not None or found.access == "RESTRICTED":
        return given
    if may_write(actor, team):
        return "member"
    return "viewer" if may_read(actor, team) else None


def require_role(
    tx: Tx, actor: Actor, team: int, project_id: int, least: MemberRole, missing: str = _NO_REGISTRY
) -> None:
    """Raise NotFound, as `missing` says, or PermissionDenied unless the actor has at least this role in a registry."""
    role = role_in(tx, actor, team, project_id)
    if role is None:
        raise NotFound(missing)
    if rules.ROLES.index(role) > rules.ROLES.index(least):
        raise PermissionDenied(f"'{actor.name}' has the role '{role}' in this registry, and '{least}' is needed.")


def limited_view(actor: Actor, team: int) -> int | None:
    """The user whose view of a team's registries is limited; None for one that sees all."""
    return None if is_admin(actor) or may_manage(actor, team) or actor.account is None else actor.account.id


def hidden_registries(tx: Tx, actor: Actor, teams: Sequence[int]) -> list[int]:
    """The keys of the registries of these teams that the actor may not see: one statement, if any could be."""
    limited = [team for team in teams if limited_view(actor, team) is not None]
    if not limited or actor.account is None or actor.account.id is None:
        return []
    return rows.select_hidden(tx, limited, actor.account.id)


def seen_projects(context: Context, tx: Tx, actor: Actor, keys: Iterable[int]) -> set[int]:
    """Those of the projects whose things the actor may know, registries among them: one statement."""
    wanted = sorted(set(keys))
    user = None if actor.account is None else actor.account.id
    found = rows.select_access(tx, wanted, user) if wanted else []
    return {each.project_id for each in found if _is_seen(context, actor, each)}


def seen_in_registries(context: Context, tx: Tx, actor: Actor, versions: Sequence[int]) -> set[int]:
    """Those of the versions of artifacts that a registry links to which the actor may see."""
    links = rows.select_linking(tx, versions) if versions else []
    seen = seen_projects(context, tx, actor, (project for _, project in links))
    return {version for version, project in links if project in seen}


def check_visible(tx: Tx, actor: Actor, team: int, project_id: int, missing: str) -> None:
    """Raise NotFound as `missing` says for a project that is a registry which the actor may not see."""
    if rows.find_registry(tx, project_id) is not None and role_in(tx, actor, team, project_id) is None:
        raise NotFound(missing)


def refuse_registry(tx: Tx, actor: Actor, team: int, project: Project, missing: str) -> None:
    """Raise InvalidArgument for a registry: artifacts are linked into it, and nothing begins there.

    Raises NotFound as `missing` says for one that the actor may not see.
    """
    if rows.find_registry(tx, project.id) is not None:
        check_visible(tx, actor, team, project.id, missing)
        raise InvalidArgument(rules.nothing_begins(project.name))


def require_place(context: Context, tx: Tx, actor: Actor, project_id: int, missing: str = _NO_REGISTRY) -> int:
    """The key of the actor's team, if the actor may do in a project of it what the transaction was begun for.

    In a registry it takes a role there, not in the team. Raises NotFound as `missing` says.
    """
    if rows.find_registry(tx, project_id) is None:
        return context.team_id(tx, actor)
    team = context.team_id(tx, actor, only_reads=True)
    require_role(tx, actor, team, project_id, _least(tx), missing)
    return team


def require_place_of(context: Context, tx: Tx, actor: Actor, team: int, project_id: int, missing: str) -> None:
    """The same for a project that was found by its key, of a team. Raises NotFound as `missing` says."""
    if rows.find_registry(tx, project_id) is not None:
        require_role(tx, actor, team, project_id, _least(tx), missing)
    else:
        context.require_team(tx, actor, team, missing)


def _least(tx: Tx) -> MemberRole:
    return "member" if tx.writes else "restricted_viewer"


def _is_seen(context: Context, actor: Actor, project: ProjectAccess) -> bool:
    if is_admin(actor) or may_manage(actor, project.team_id):
        return context.may_read(actor, project.team_id)
    if project.given:
        return True
    return project.access != "RESTRICTED" and context.may_read(actor, project.team_id)
