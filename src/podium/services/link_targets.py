"""Where artifacts are linked into."""

from podium.domain import registries as rules
from podium.domain.access import Actor
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.projects import ensure_project
from podium.services.registry_roles import require_role
from podium.store import artifact_collections, projects
from podium.store import registries as rows
from podium.store.transaction import Tx


def link_target(context: Context, tx: Tx, actor: Actor, project: str, type_name: str) -> tuple[int, int]:
    """The keys of the actor's team and of the project that an artifact of this type is to be linked into.

    Registries have to be there, the actor has to be a member, and they choose which types they allow. Other projects
    are made if missing.
    """
    if not rules.is_registry(project):
        team = context.team_id(tx, actor)
        return team, ensure_project(context, tx, actor, team, project).id
    team = context.team_id(tx, actor, only_reads=True)
    found = projects.find_project_by_name(tx, team, project)
    registry = None if found is None or found.deleted_at is not None else rows.find_registry(tx, found.id)
    missing = f"There is no registry '{project.removeprefix(rules.PREFIX)}' under the entity '{actor.team}'."
    if registry is None:
        raise NotFound(missing)
    require_role(tx, actor, team, registry.project_id, "member", missing)
    if not registry.allows_all_types and artifact_collections.find_type(tx, registry.project_id, type_name) is None:
        raise InvalidArgument(
            f"The registry '{project}' does not allow artifacts of type '{type_name}': add the type to it first."
        )
    return team, registry.project_id
