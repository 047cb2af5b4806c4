"""What an actor may do in a registry.

Who administers the organization may do everything with its registries. Others have the highest of the roles that they
and their teams were given in a registry; without any, in one that is open to the organization, that which they have in
the organization.
"""

from podium.domain import registries as rules
from podium.domain.access import Actor, is_admin, may_manage, may_read, may_write
from podium.domain.projects import Project
from podium.domain.registries import MemberRole
from podium.errors import InvalidArgument, NotFound, PermissionDenied
from podium.services.context import Context
from podium.store import registries as rows
from podium.store.transaction import Tx


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


def require_role(tx: Tx, actor: Actor, team: int, project_id: int, least: MemberRole) -> None:
    """Raise NotFound or PermissionDenied unless the actor has at least this role in a registry."""
    role = role_in(tx, actor, team, project_id)
    if role is None:
        raise NotFound("There is no such registry, or none that you may see.")
    if rules.ROLES.index(role) > rules.ROLES.index(least):
        raise PermissionDenied(f"'{actor.name}' has the role '{role}' in this registry, and '{least}' is needed.")


def limited_view(actor: Actor, team: int) -> int | None:
    """The user whose view of a team's registries is limited; None for one that sees all."""
    return None if is_admin(actor) or may_manage(actor, team) or actor.account is None else actor.account.id


def check_visible(tx: Tx, actor: Actor, team: int, project_id: int, missing: str) -> None:
    """Raise NotFound as `missing` says for a project that is a registry which the actor may not see."""
    if rows.find_registry(tx, project_id) is not None and role_in(tx, actor, team, project_id) is None:
        raise NotFound(missing)


def refuse_registry(tx: Tx, project: Project) -> None:
    """Raise InvalidArgument for a registry: artifacts are linked into it, and nothing begins there."""
    if rows.find_registry(tx, project.id) is not None:
        raise InvalidArgument(
            f"'{project.name}' is a registry: log into another project, and link the artifact into the registry."
        )


def require_place(context: Context, tx: Tx, actor: Actor, project_id: int) -> int:
    """The key of the actor's team, if the actor may do in a project of it what the transaction was begun for.

    In a registry it takes a role there, not in the team.
    """
    if rows.find_registry(tx, project_id) is None:
        return context.team_id(tx, actor)
    team = context.team_id(tx, actor, only_reads=True)
    require_role(tx, actor, team, project_id, "member" if tx.writes else "restricted_viewer")
    return team


def require_place_of(context: Context, tx: Tx, actor: Actor, team: int, project_id: int, missing: str) -> None:
    """The same for a project that was found by its key, of a team. Raises NotFound as `missing` says."""
    if rows.find_registry(tx, project_id) is not None:
        require_role(tx, actor, team, project_id, "member" if tx.writes else "restricted_viewer")
    else:
        context.require_team(tx, actor, team, missing)


def sees_in_registry(tx: Tx, actor: Actor, version_id: int) -> bool:
    """Whether a registry that the actor may see links to a version of an artifact."""
    return any(role_in(tx, actor, team, project) is not None for team, project in rows.select_linking(tx, version_id))
