"""Projects as W&B shows them; their owners are in `people`."""

from typing import Any

from podium.domain.projects import Project
from podium.domain.registries import MODELS
from podium.errors import NotFound
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id

DESCRIPTION_TAG = "mlflow.note.content"


def shape_project(project: Project, team: str) -> dict[str, Any]:
    """A project of a team."""
    return {
        "id": global_id("Project", project.id),
        "internal_id": global_id("ProjectInternalId", project.id),
        "name": project.name,
        "entity_name": team,
        "description": project.tags.get(DESCRIPTION_TAG),
        "access": "PRIVATE",
        "read_only": False,
        "is_benchmark": False,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
    }


async def find_project(caller: Caller, name: str | None, entity_name: str | None) -> dict[str, Any] | None:
    """The project of this name, of an entity or the caller's own one."""
    actor = caller.actor(entity_name)
    try:
        if name == MODELS:
            await caller.services.model_sync.refresh(actor)
        project = await caller.services.projects.get_by_name(actor, name or "")
    except NotFound:  # of the entity, too
        return None
    return None if project.deleted_at is not None else shape_project(project, entity_name or caller.home)
