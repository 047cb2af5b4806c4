"""Who belongs to a registry."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.protocols.wandb.graph.people_shapes import entity_of
from podium.protocols.wandb.graph.registries import registry_of

Parts = dict[str, Any]


async def _members(project: Parts, info: GraphQLResolveInfo) -> list[Parts]:
    if await registry_of(project, info) is None:
        return []
    caller: Caller = info.context
    found = await caller.services.registry_members.users(caller.actor(), key_of("Project", project["id"]))
    return [
        {
            "id": global_id("User", member.user_id),
            "name": member.user,
            "username": member.user,
            "email": member.email or "",
            "role": {"name": member.role},
        }
        for member in found
    ]


async def _team_members(project: Parts, info: GraphQLResolveInfo) -> list[Parts]:
    if await registry_of(project, info) is None:
        return []
    caller: Caller = info.context
    found = await caller.services.registry_members.teams(caller.actor(), key_of("Project", project["id"]))
    return [{"team": entity_of(member.team), "role": {"name": member.role}} for member in found]


async def _add(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    caller: Caller = info.context
    await caller.services.registry_members.add(caller.actor(), _registry(input), *_keys(input))
    return {"success": True}


async def _remove(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002
    caller: Caller = info.context
    await caller.services.registry_members.remove(caller.actor(), _registry(input), *_keys(input))
    return {"success": True}


async def _set_user_role(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002
    caller: Caller = info.context
    user = key_of("User", input["user_id"])
    await caller.services.registry_members.set_user_role(
        caller.actor(), _registry(input), user, input["user_project_role"]
    )
    return {"success": True}


async def _set_team_role(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002
    caller: Caller = info.context
    team = key_of("Entity", input["team_id"])
    await caller.services.registry_members.set_team_role(
        caller.actor(), _registry(input), team, input["team_project_role"]
    )
    return {"success": True}


def _registry(given: Parts) -> int:
    return key_of("Project", given["project_id"])


def _keys(given: Parts) -> tuple[list[int], list[int]]:
    users = [key_of("User", each) for each in given.get("user_ids") or ()]
    return users, [key_of("Entity", each) for each in given.get("team_ids") or ()]


RESOLVERS: Resolvers = {
    ("Project", "members"): _members,
    ("Project", "teamMembers"): _team_members,
    ("Mutation", "createProjectMembers"): _add,
    ("Mutation", "deleteProjectMembers"): _remove,
    ("Mutation", "updateProjectMember"): _set_user_role,
    ("Mutation", "updateProjectTeamMember"): _set_team_role,
}
