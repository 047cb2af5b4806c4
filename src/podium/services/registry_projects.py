"""The projects that registries are: each is made as one, and stays one."""

from podium.domain.access import Actor
from podium.domain.names import check_project_name
from podium.domain.projects import Project
from podium.domain.registries import check_registry_name
from podium.errors import AlreadyExists
from podium.services.context import Context
from podium.services.projects import create_project
from podium.store import projects
from podium.store import registries as rows
from podium.store.transaction import Tx


def ensure_registry(
    context: Context, tx: Tx, actor: Actor, team: int, name: str, *, allows_all_types: bool
) -> tuple[Project, bool]:
    """The project of the team's registry of this name, deleted or not, and whether it was made just now.

    Raises AlreadyExists for a project that is none: what was logged into it does not become that of a registry.
    """
    check_project_name(name)
    check_registry_name(name)
    made = None
    if projects.find_project_by_name(tx, team, name) is None:
        made = create_project(context, tx, actor, team, name, None, {})
    if made is not None:
        rows.insert_registry(tx, made, access="PRIVATE", allows_all_types=allows_all_types)
    project = projects.find_project_by_name(tx, team, name)
    assert project is not None, "it is there now, whoever made it"
    if rows.find_registry(tx, project.id) is None:
        raise AlreadyExists(f"'{name}' is a project and no registry: rename it, or choose another name.")
    return project, made is not None
