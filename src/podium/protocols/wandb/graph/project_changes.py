"""Projects made, described, renamed and deleted."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.errors import AlreadyExists, InvalidArgument
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import key_of
from podium.protocols.wandb.graph.projects import DESCRIPTION_TAG, shape_project


async def upsert_model(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    team, name, description = input.get("entity_name") or caller.home, input.get("name"), input.get("description")
    if not name:
        raise InvalidArgument("'name' is missing: a project needs one")
    actor, projects = caller.actor(team), caller.services.projects
    tags = {} if description is None else {DESCRIPTION_TAG: description}
    try:
        key = str(await projects.create(actor, name, None, tags))
        inserted = True
    except AlreadyExists:
        inserted = False
        key = str((await projects.get_by_name(actor, name)).id)
        for tag, value in tags.items():
            await projects.set_tag(actor, key, tag, value)
    shaped = shape_project(await projects.get(actor, key), team)
    return {"project": shaped, "model": shaped, "inserted": inserted}


async def rename_project(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    team = input["entity_name"]
    actor, projects = caller.actor(team), caller.services.projects
    key = str((await projects.get_by_name(actor, input["old_project_name"])).id)
    await projects.rename(actor, key, input["new_project_name"])
    shaped = shape_project(await projects.get(actor, key), team)
    return {"project": shaped, "model": shaped, "inserted": False}


async def delete_model(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    """By id, or by name; what the id does not say is whose project it is."""
    caller: Caller = info.context
    projects = caller.services.projects
    if input.get("id"):
        key = str(key_of("Project", input["id"]))
        actor = caller.actor(input.get("entity_name") or await projects.find_team(caller.actor(), key))
    else:
        actor = caller.actor(input.get("entity_name"))
        key = str((await projects.get_by_name(actor, input.get("project_name") or "")).id)
    await projects.delete(actor, key)
    return {"success": True}


RESOLVERS: Resolvers = {
    ("Mutation", "upsertModel"): upsert_model,
    ("Mutation", "renameProject"): rename_project,
    ("Mutation", "deleteModel"): delete_model,
}
