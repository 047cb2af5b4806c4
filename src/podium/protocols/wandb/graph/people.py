"""Who is signed in, and who else there is: users, the entities that own projects, and organizations."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.access import DEFAULT_TEAM
from podium.domain.accounts import ApiKey, Member, Organization, User
from podium.domain.teams import Team
from podium.errors import NotFound
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id
from podium.protocols.wandb.graph.selections import asks_beyond

Parts = dict[str, Any]


async def _viewer(_: Any, info: GraphQLResolveInfo) -> Parts:
    caller: Caller = info.context
    if caller.account is None or caller.account.id is None:
        return _local_user(caller)
    return user_of(await caller.services.users.get(caller.actor(), caller.user))


async def _users(
    _: Any, info: GraphQLResolveInfo, query: str | None = None, first: int | None = None, after: str | None = None
) -> Parts:
    """Those with exactly this name or e-mail address: lists of everybody are for administrators."""
    del first, after  # there are never more than fit on a page
    caller: Caller = info.context
    found = await caller.services.users.search(caller.actor(), query or "")
    edges = [{"node": user_of(user), "cursor": user.name} for user in found]
    return {"edges": edges, "page_info": {"has_next_page": False}}


async def _entity(_: Any, info: GraphQLResolveInfo, name: str | None = None) -> Parts:
    """An owner of projects; the client wants one for a name that nobody has too, or nobody whom the user knows."""
    caller: Caller = info.context
    name = name or caller.home
    kept: dict[str, Parts] = caller.kept.setdefault("entities", {})
    if name not in kept:  # lists name the same entity again and again
        try:
            kept[name] = entity_of(await caller.services.teams.get(caller.actor(), name))
        except NotFound:
            absent: Parts = {"available": True, "organization": None, "user": None, "members": []}
            kept[name] = {**entity_of(Team(0, name, None, None)), **absent}
    return kept[name]


async def _entity_of_project(project: Parts, info: GraphQLResolveInfo) -> Parts:
    """Its owner, which is looked up only when more is asked than its name. Registries tell their organization."""
    name: str = project["entity_name"]
    entity = await _entity(None, info, name) if asks_beyond(info, ("name", "__typename")) else {"name": name}
    return {**entity, "organization": {"name": project["organization"]}} if "organization" in project else entity


async def _organization(_: Any, info: GraphQLResolveInfo, name: str) -> Parts:
    caller: Caller = info.context
    return organization_of(await caller.services.organizations.get(caller.actor(), name))


async def _api_keys(user: Parts, info: GraphQLResolveInfo) -> Parts | None:
    """For the user itself and administrators."""
    caller: Caller = info.context
    try:
        found = await caller.services.api_keys.list_of(caller.actor(), user["username"])
    except NotFound:
        return None
    return {"edges": [{"node": api_key_of(key, key.hint)} for key in found]}


async def _teams(user: Parts, info: GraphQLResolveInfo) -> Parts:
    caller: Caller = info.context
    if user["key"] is None:
        return {"edges": [{"node": {"name": DEFAULT_TEAM}}]}
    found = await caller.services.users.teams_of(caller.actor(), user["key"])
    return {"edges": [{"node": entity_of(team)} for team in found]}


async def _organizations_of_user(user: Parts, info: GraphQLResolveInfo) -> list[Parts]:
    caller: Caller = info.context
    if user["key"] is None:
        return [organization_of(found) for found in await caller.services.organizations.list_all(caller.actor())]
    found = await caller.services.organizations.list_of_user(caller.actor(), user["username"])
    return [organization_of(organization) for organization in found]


async def _organization_of_entity(entity: Parts, info: GraphQLResolveInfo) -> Parts | None:
    caller: Caller = info.context
    if "organization" in entity:  # it came with the entity
        given: Parts | None = entity["organization"]
        return given
    kept: dict[str, Parts | None] = caller.kept.setdefault("organizations", {})
    if entity["name"] not in kept:  # lists name the same entity again and again
        team = entity.get("team") or await caller.services.teams.get(caller.actor(), entity["name"])
        found = await caller.services.organizations.of_team(caller.actor(), team)
        kept[entity["name"]] = None if found is None else organization_of(found)
    return kept[entity["name"]]


async def _user_of_entity(entity: Parts, info: GraphQLResolveInfo) -> Parts | None:
    """The owner of a personal entity; on a server without accounts everything is the local user's."""
    caller: Caller = info.context
    if "user" in entity:  # it came with the entity
        given: Parts | None = entity["user"]
        return given
    if caller.account is None:
        return _local_user(caller)
    if entity.get("entity_type") != "user":
        return None
    return user_of(await caller.services.users.get(caller.actor(), entity["name"]))


async def _members(entity: Parts, info: GraphQLResolveInfo) -> list[Parts]:
    caller: Caller = info.context
    if "members" in entity:
        given: list[Parts] = entity["members"]
        return given
    return [member_of(member) for member in await caller.services.members.list_of_team(caller.actor(), entity["name"])]


def user_of(user: User) -> Parts:
    """A user as W&B shows it."""
    return {
        "id": global_id("User", user.id),
        "key": user.id,
        "name": user.name,
        "username": user.name,
        "email": user.email or "",
        "admin": user.admin,
        "entity": user.home_team,
        "flags": "{}",
    }


def _local_user(caller: Caller) -> Parts:
    """Whoever asks a server without accounts, or has the key that the server was started with."""
    return {
        "id": global_id("User", 0),
        "key": None,
        "name": caller.user,
        "username": caller.user,
        "email": "",
        "admin": True,
        "entity": caller.home,
        "flags": "{}",
    }


def entity_of(team: Team) -> Parts:
    """An owner of projects as W&B shows it."""
    return {
        "id": global_id("Entity", team.id),
        "team": team,
        "name": team.name,
        "entity_type": team.kind,
        "is_team": team.kind == "team",
        "available": False,  # its name
        "read_only": False,
        "read_only_admin": False,
        "private_only": False,
        "storage_bytes": 0,
        "code_saving_enabled": True,
        "default_access": "PRIVATE",
        "limits": "{}",
        "xxhash_digests_enabled": False,
    }


def organization_of(organization: Organization) -> Parts:
    """An organization as W&B shows it, with the entity that owns its registries."""
    entity = Team(organization.entity_id, organization.entity, None, None, "organization", organization.id)
    return {
        "id": global_id("Organization", organization.id),
        "name": organization.name,
        "org_entity": entity_of(entity),
        "feature_flags": [],
    }


def api_key_of(key: ApiKey, name: str) -> Parts:
    """An API key; `name` is the key itself when it was just made, else its beginning."""
    return {"id": global_id("ApiKey", key.id), "name": name, "description": key.description}


def member_of(member: Member) -> Parts:
    """A member of a team as W&B shows it."""
    return {
        "id": global_id("User", member.user_id),
        "name": member.user,
        "username": member.user,
        "email": member.email,
        "role": member.role,
        "admin": member.role == "admin",
        "pending": False,
        "account_type": "USER" if member.kind == "person" else "SERVICE",
    }


RESOLVERS: Resolvers = {
    ("Query", "viewer"): _viewer,
    ("Query", "users"): _users,
    ("Query", "entity"): _entity,
    ("Query", "organization"): _organization,
    ("Project", "entity"): _entity_of_project,
    ("User", "apiKeys"): _api_keys,
    ("User", "teams"): _teams,
    ("User", "organizations"): _organizations_of_user,
    ("Entity", "organization"): _organization_of_entity,
    ("Entity", "user"): _user_of_entity,
    ("Entity", "members"): _members,
}
