"""Users, keys, teams and their members, made and changed by W&B's client."""

import secrets
from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.access import Actor
from podium.domain.accounts import NewUser, User, UserChange, name_from
from podium.errors import AlreadyExists, InvalidState, NotFound
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.protocols.wandb.graph.people_shapes import Parts, api_key_of, entity_of, user_of


async def _create_user(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    """A user by an e-mail address. The client gets no key for it: an administrator makes one."""
    caller: Caller = info.context
    email = input["email"]
    new = NewUser(name=name_from(email), email=email, admin=bool(input.get("admin")), makes_key=False)
    return {"user": user_of((await caller.services.users.create(caller.actor(), new)).user)}


async def _update_user(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    caller: Caller = info.context
    change = UserChange(home_team=input.get("default_entity"))
    return {"user": user_of(await caller.services.users.update(caller.actor(), caller.user, change))}


async def _generate_api_key(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    """The only answer that holds the whole key."""
    caller: Caller = info.context
    if caller.account is None:
        raise InvalidState("This server has no accounts: any API key is taken.")
    key, made = await caller.services.api_keys.create(caller.actor(), caller.user, input.get("description") or "")
    return {"api_key": api_key_of(made, key)}


async def _delete_api_key(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    caller: Caller = info.context
    await caller.services.api_keys.revoke(caller.actor(), None, key_of("ApiKey", input["id"]))
    return {"success": True}


async def _create_team(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    """A team of the organization that the user administers, if that is exactly one."""
    caller: Caller = info.context
    actor = caller.actor()
    organization = await _own_organization(caller, actor)
    owner = input.get("team_admin_user_name") or None
    return {"entity": entity_of(await caller.services.teams.create_in(actor, organization, input["team_name"], owner))}


async def _create_invite(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    """Makes the user a member at once: there is no mail to answer."""
    caller: Caller = info.context
    actor, team = caller.actor(), input["entity_name"]
    user = await _only_user(caller, input.get("username") or input.get("email") or "")
    if any(member.user_id == user.id for member in await caller.services.members.list_of_team(actor, team)):
        raise AlreadyExists(f"'{user.name}' is a member of '{team}' already.")
    await caller.services.members.set_in_team(actor, team, user.name, "admin" if input.get("admin") else "member")
    invite = {"id": global_id("User", user.id), "name": user.name, "email": user.email, "to_user": user_of(user)}
    return {"invite": invite}


async def _delete_invite(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    caller: Caller = info.context
    actor, team = caller.actor(), input.get("entity_name") or caller.home
    key = key_of("User", input.get("id") or "")
    for member in await caller.services.members.list_of_team(actor, team):
        if member.user_id == key:
            await caller.services.members.remove_from_team(actor, team, member.user)
            return {"success": True}
    raise NotFound(f"'{team}' has no such member")


async def _create_service_account(_: Any, info: GraphQLResolveInfo, input: Parts) -> Parts:  # noqa: A002  the schema's name
    """A service account of a team. Its key is made with the command line or the native API."""
    caller: Caller = info.context
    name = f"{name_from(input.get('description') or 'service')}-{secrets.token_hex(4)}"
    new = NewUser(name=name, kind="service", team=input["entity_name"], makes_key=False)
    return {"user": user_of((await caller.services.users.create(caller.actor(), new)).user)}


async def _own_organization(caller: Caller, actor: Actor) -> str | None:
    account = caller.account
    if account is None or account.id is None:
        return None
    found = await caller.services.organizations.list_all(actor)
    administered = [one.name for one in found if account.organizations.get(one.id) == "admin"]
    return administered[0] if len(administered) == 1 else None


async def _only_user(caller: Caller, query: str) -> User:
    found = await caller.services.users.search(caller.actor(), query)
    if len(found) != 1:
        raise NotFound(f"There is no user '{query}'")
    return found[0]


RESOLVERS: Resolvers = {
    ("Mutation", "createUser"): _create_user,
    ("Mutation", "updateUser"): _update_user,
    ("Mutation", "generateApiKey"): _generate_api_key,
    ("Mutation", "deleteApiKey"): _delete_api_key,
    ("Mutation", "createTeam"): _create_team,
    ("Mutation", "createInvite"): _create_invite,
    ("Mutation", "deleteInvite"): _delete_invite,
    ("Mutation", "createServiceAccount"): _create_service_account,
}
