"""Who is signed in, and who else there is: users, the entities that own projects, and organizations."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.access import DEFAULT_TEAM
from podium.errors import NotFound
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.connections import whole
from podium.protocols.wandb.graph.people_shapes import (
    Parts,
    absent_entity,
    api_key_of,
    entity_of,
    local_user,
    member_of,
    organization_of,
    unknown_user,
    user_of,
)
from podium.protocols.wandb.graph.project_lists import list_projects
from podium.protocols.wandb.graph.selections import asks_beyond

USER_NAMES = ("name", "username", "__typename")  # what things tell of their users


async def _viewer(_: Any, info: GraphQLResolveInfo) -> Parts:
    caller: Caller = info.context
    return await caller.once(("user", caller.user), lambda: _read_user(caller, caller.user))


async def user_named(info: GraphQLResolveInfo, name: str) -> Parts:
    """Who did something, of which just the name is known."""
    caller: Caller = info.context
    return await caller.once(("user", name), lambda: _read_user(caller, name))


async def _read_user(caller: Caller, name: str) -> Parts:
    if name == caller.user and (caller.account is None or caller.account.id is None):
        return local_user(caller)
    try:
        return user_of(await caller.services.users.get(caller.actor(), name))
    except NotFound:
        return unknown_user(name)


async def _users(
    _: Any, info: GraphQLResolveInfo, query: str | None = None, first: int | None = None, after: str | None = None
) -> Parts:
    """Those with exactly this name or e-mail address: lists of everybody are for administrators."""
    del first, after  # there are never more than fit on a page
    caller: Caller = info.context
    found = await caller.services.users.search(caller.actor(), query or "")
    return whole([user_of(user) for user in found])


async def _entity(_: Any, info: GraphQLResolveInfo, name: str | None = None) -> Parts:
    """An owner of projects; the client wants one for a name that nobody has too, or nobody whom the user knows."""
    caller: Caller = info.context
    name = name or caller.home  # lists name the same entity again and again
    return await caller.once(("entity", name), lambda: _read_entity(caller, name))


async def _read_entity(caller: Caller, name: str) -> Parts:
    try:
        return entity_of(await caller.services.teams.get(caller.actor(), name))
    except NotFound:
        return absent_entity(name)


async def _entity_of_project(project: Parts, info: GraphQLResolveInfo) -> Parts:
    """Its owner, which is looked up only when more is asked than names. Registries tell that of their organization."""
    name: str = project["entity_name"]
    organization = project.get("organization")
    known = ("name", "__typename") if organization is None else ("name", "__typename", "organization")
    if asks_beyond(info, known):
        return await _entity(None, info, name)
    return {"name": name, "organization": {"name": organization}}


async def _organization(_: Any, info: GraphQLResolveInfo, name: str) -> Parts:
    caller: Caller = info.context
    return organization_of(await caller.services.organizations.get(caller.actor(), name))


async def _api_keys(user: Parts, info: GraphQLResolveInfo) -> Parts | None:
    """For the user itself and administrators."""
    if "api_keys" in user:
        return None
    caller: Caller = info.context
    try:
        found = await caller.services.api_keys.list_of(caller.actor(), user["username"])
    except NotFound:
        return None
    return {"edges": [{"node": api_key_of(key, key.hint)} for key in found]}


async def _teams(user: Parts, info: GraphQLResolveInfo) -> Parts:
    caller: Caller = info.context
    if "teams" in user:
        given: Parts = user["teams"]
        return given
    if user["key"] is None:
        return {"edges": [{"node": await _entity(None, info, DEFAULT_TEAM)}]}
    found = await caller.services.users.teams_of(caller.actor(), user["key"])
    return {"edges": [{"node": entity_of(team)} for team in found]}


async def _organizations_of_user(user: Parts, info: GraphQLResolveInfo) -> list[Parts]:
    caller: Caller = info.context
    if "organizations" in user:
        given: list[Parts] = user["organizations"]
        return given
    if user["key"] is None:
        return [organization_of(found) for found in await caller.services.organizations.list_all(caller.actor())]
    found = await caller.services.organizations.list_of_user(caller.actor(), user["username"])
    return [organization_of(organization) for organization in found]


async def _projects_of_user(
    user: Parts, info: GraphQLResolveInfo, first: int | None = None, after: str | None = None
) -> Parts:
    """Those of its own entity, as far as the caller may see them."""
    try:
        return await list_projects(info.context, user["entity"] or "", first, after)
    except NotFound:
        return whole([])


async def _organization_of_entity(entity: Parts, info: GraphQLResolveInfo) -> Parts | None:
    caller: Caller = info.context
    if "organization" in entity:  # it came with the entity
        given: Parts | None = entity["organization"]
        return given
    return await caller.once(("organization", entity["name"]), lambda: _read_organization(caller, entity))


async def _read_organization(caller: Caller, entity: Parts) -> Parts | None:
    found = await caller.services.organizations.of_team(caller.actor(), entity["team"])
    return None if found is None else organization_of(found)


async def _user_of_entity(entity: Parts, info: GraphQLResolveInfo) -> Parts | None:
    """The owner of a personal entity; on a server without accounts everything is the local user's."""
    caller: Caller = info.context
    if "user" in entity:  # it came with the entity
        given: Parts | None = entity["user"]
        return given
    if caller.account is None:
        return local_user(caller)
    return await user_named(info, entity["name"]) if entity["entity_type"] == "user" else None


async def _members(entity: Parts, info: GraphQLResolveInfo) -> list[Parts]:
    caller: Caller = info.context
    if "members" in entity:
        given: list[Parts] = entity["members"]
        return given
    return [member_of(member) for member in await caller.services.members.list_of_team(caller.actor(), entity["name"])]


RESOLVERS: Resolvers = {
    ("Query", "viewer"): _viewer,
    ("Query", "users"): _users,
    ("Query", "entity"): _entity,
    ("Query", "organization"): _organization,
    ("Project", "entity"): _entity_of_project,
    ("User", "apiKeys"): _api_keys,
    ("User", "teams"): _teams,
    ("User", "organizations"): _organizations_of_user,
    ("User", "projects"): _projects_of_user,
    ("Entity", "organization"): _organization_of_entity,
    ("Entity", "user"): _user_of_entity,
    ("Entity", "members"): _members,
}
