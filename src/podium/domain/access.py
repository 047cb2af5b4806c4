"""Who acts, and what it may do. The actor is made once, where the request comes in, and passed to every service method.

The rules: a server without accounts lets everybody do everything; its actors have no account. Else an account has a
role in each team that it belongs to. A viewer reads, a member writes too, an admin also says who belongs to the team.
To all others a team does not exist. An administrator of the server may do everything.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

DEFAULT_TEAM = "default"
DEFAULT_TEAM_ID = 1  # made by the first migration

Role = Literal["admin", "member", "viewer"]


class Account(msgspec.Struct, frozen=True):
    """A user who signed in, with its roles by the keys of teams and organizations. A rename changes none of them."""

    id: int | None  # None for the administrator whose key the server was started with
    name: str
    admin: bool
    home: str  # the team that is addressed when none is named
    roles: Mapping[int, Role]
    organizations: Mapping[int, Role] = {}


class Actor(msgspec.Struct, frozen=True):
    """The caller of a service: a name for the audit trail, the team whose things it addresses, and its account.

    Without an account the actor is Podium itself, or anybody on a server without accounts.
    """

    name: str
    team: str = DEFAULT_TEAM
    account: Account | None = None

    def at(self, team: str) -> "Actor":
        """The same caller, addressing the things of another team."""
        return msgspec.structs.replace(self, team=team)


def by_grant(name: str, team: str) -> Actor:
    """Who has shown that the server granted just this, by a signature: may do everything there, without an account."""
    return Actor(name, team, Account(None, name, admin=True, home=team, roles={}))


def may_read(actor: Actor, team_id: int) -> bool:
    """Whether the actor knows of the team and what it has."""
    account = actor.account
    return account is None or account.admin or team_id in account.roles


def may_write(actor: Actor, team_id: int) -> bool:
    """Whether the actor may change what the team has."""
    account = actor.account
    return account is None or account.admin or account.roles.get(team_id, "viewer") != "viewer"


def may_manage(actor: Actor, team_id: int) -> bool:
    """Whether the actor may say who belongs to the team, and change the team itself."""
    return is_admin(actor) or (actor.account is not None and actor.account.roles.get(team_id) == "admin")


def may_manage_organization(actor: Actor, organization_id: int) -> bool:
    """Whether the actor may say who belongs to the organization, and which teams it has."""
    account = actor.account
    return is_admin(actor) or (account is not None and account.organizations.get(organization_id) == "admin")


def knows_organization(actor: Actor, organization_id: int) -> bool:
    """Whether the actor belongs to the organization, or administers the server."""
    return is_admin(actor) or (actor.account is not None and organization_id in actor.account.organizations)


def is_admin(actor: Actor) -> bool:
    """Whether the actor administers the server."""
    return actor.account is None or actor.account.admin
