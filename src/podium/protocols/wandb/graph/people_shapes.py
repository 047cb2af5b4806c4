"""How users, the entities that own projects, and organizations look in answers. Nothing here asks a service."""

from typing import Any

from podium.domain.accounts import ApiKey, Member, Organization, User
from podium.domain.teams import Team
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id

Parts = dict[str, Any]


def user_of(user: User) -> Parts:
    """A user; its key is for the resolvers of what it belongs to."""
    return _user(user.id, user.id, user.name, user.email or "", user.home_team, admin=user.admin)


def local_user(caller: Caller) -> Parts:
    """Whoever asks a server without accounts, or has the key that the server was started with."""
    return _user(0, None, caller.user, "", caller.home, admin=True)


def unknown_user(name: str) -> Parts:
    """One whom things name, but no account has: of clients that say who they are, or of a server before its accounts.

    Whoever it is belongs to nothing.
    """
    nothing: Parts = {"teams": {"edges": []}, "organizations": [], "api_keys": None}
    return {**_user(name, None, name, "", None, admin=False), **nothing}


def _user(key: int | str, row: int | None, name: str, email: str, home: str | None, *, admin: bool) -> Parts:
    return {
        "__typename": "User",
        "id": global_id("User", key),
        "key": row,
        "name": name,
        "username": name,
        "email": email,
        "admin": admin,
        "entity": home,
        "flags": "{}",
    }


def entity_of(team: Team) -> Parts:
    """An owner of projects."""
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


def absent_entity(name: str) -> Parts:
    """An owner of projects that there is not, or that the caller may not know: its name is free."""
    nothing: Parts = {"available": True, "organization": None, "user": None, "members": []}
    return {**entity_of(Team(0, name, None, None)), **nothing}


def organization_of(organization: Organization) -> Parts:
    """An organization, with the entity that owns its registries."""
    entity = Team(organization.entity_id, organization.entity, None, None, "organization", organization.id)
    return {
        "id": global_id("Organization", organization.id),
        "name": organization.name,
        "org_entity": entity_of(entity),
    }


def api_key_of(key: ApiKey, name: str) -> Parts:
    """An API key; `name` is the key itself when it was just made, else its beginning."""
    return {"id": global_id("ApiKey", key.id), "name": name, "description": key.description}


def member_of(member: Member) -> Parts:
    """A member of a team."""
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
