"""Organizations: users and teams that belong together."""

from datetime import datetime

import msgspec

from podium.domain.access import Actor, Role
from podium.domain.accounts import Member, Organization, UserKind
from podium.errors import AlreadyExists, InvalidArgument, NotFound, PermissionDenied
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.shapes import Name, shown


class OrganizationView(msgspec.Struct, frozen=True):
    """An organization; `team` owns what its members have in common."""

    name: str
    team: str
    created_at: datetime


class OrganizationList(msgspec.Struct, frozen=True):
    """Organizations, by name."""

    items: list[OrganizationView]


class MemberView(msgspec.Struct, frozen=True):
    """A user's part in a team or an organization."""

    user: str
    kind: UserKind
    role: Role


class MemberList(msgspec.Struct, frozen=True):
    """Members, by name."""

    items: list[MemberView]


class TeamNames(msgspec.Struct, frozen=True):
    """The names of the teams of an organization."""

    items: list[str]


class MadeTeam(msgspec.Struct, frozen=True):
    """A new team of an organization."""

    name: str
    organization: str
    description: str | None


class AllOrganizations(Input, frozen=True, kw_only=True):
    """Nothing to say."""


class NewOrganization(Input, frozen=True, kw_only=True):
    """An organization to make; its owner administers it."""

    name: Name
    owner: Name | None = None


class OneOrganization(Input, frozen=True, kw_only=True):
    """An organization by its name, or by that of its own team."""

    name: Name


class RenameOrganization(OneOrganization, frozen=True, kw_only=True):
    """Another name."""

    new_name: Name


class OneMember(OneOrganization, frozen=True, kw_only=True):
    """A member of an organization."""

    user: Name


class SetMember(OneMember, frozen=True, kw_only=True):
    """The role that a member is to have."""

    role: Role


class TeamsOfOrganization(Input, frozen=True, kw_only=True):
    """An organization by its name, or by that of its own team."""

    organization: Name


class NewTeam(TeamsOfOrganization, frozen=True, kw_only=True):
    """A team to make in an organization. Without an owner, who makes it manages it."""

    name: Name
    owner: Name | None = None
    description: str | None = None


async def list_organizations(api: Api, actor: Actor, _: AllOrganizations) -> OrganizationList:
    """Those that the caller belongs to; all of them for administrators."""
    return OrganizationList([view_of(found) for found in await api.services.organizations.list_all(actor)])


async def create_organization(api: Api, actor: Actor, request: NewOrganization) -> OrganizationView:
    """It takes an administrator of the server."""
    return view_of(await api.services.organizations.create(actor, request.name, request.owner))


async def get_organization(api: Api, actor: Actor, request: OneOrganization) -> OrganizationView:
    return view_of(await api.services.organizations.get(actor, request.name))


async def rename_organization(api: Api, actor: Actor, request: RenameOrganization) -> OrganizationView:
    """Its own team keeps its name, and everybody their access."""
    return view_of(await api.services.organizations.rename(actor, request.name, request.new_name))


async def delete_organization(api: Api, actor: Actor, request: OneOrganization) -> None:
    """Deletes its teams with it, and what they have."""
    await api.services.organizations.delete(actor, request.name)


async def list_members(api: Api, actor: Actor, request: OneOrganization) -> MemberList:
    found = await api.services.members.list_of_organization(actor, request.name)
    return MemberList([member_of(member) for member in found])


async def set_member(api: Api, actor: Actor, request: SetMember) -> None:
    await api.services.members.set_in_organization(actor, request.name, request.user, request.role)


async def remove_member(api: Api, actor: Actor, request: OneMember) -> None:
    """Takes the user out of the organization's teams too."""
    await api.services.members.remove_from_organization(actor, request.name, request.user)


async def list_teams(api: Api, actor: Actor, request: TeamsOfOrganization) -> TeamNames:
    return TeamNames([team.name for team in await api.services.organizations.list_teams(actor, request.organization)])


async def create_team(api: Api, actor: Actor, request: NewTeam) -> MadeTeam:
    """It takes an administrator of the organization."""
    made = await api.services.teams.create_in(
        actor, request.organization, request.name, request.owner, request.description
    )
    return MadeTeam(made.name, request.organization, made.description)


def view_of(organization: Organization) -> OrganizationView:
    """The public form of an organization."""
    return OrganizationView(organization.name, organization.entity, shown(organization.created_at))


def member_of(member: Member) -> MemberView:
    """The public form of a member."""
    return MemberView(member.user, member.kind, member.role)


_REFUSALS = (InvalidArgument, NotFound, PermissionDenied)
_MADE = (InvalidArgument, NotFound, PermissionDenied, AlreadyExists)
_ONE = "/organizations/{name}"
_MEMBER = _ONE + "/members/{user}"
_TEAMS = "/organizations/{organization}/teams"

TOPIC = Topic(
    "organizations",
    "Users and teams that belong together. Its administrators manage its members and all of its teams.",
    (
        Call("GET", "/organizations", AllOrganizations, OrganizationList, list_organizations, "List organizations"),
        Call(
            "POST",
            "/organizations",
            NewOrganization,
            OrganizationView,
            create_organization,
            "Create an organization",
            _MADE,
            201,
        ),
        Call("GET", _ONE, OneOrganization, OrganizationView, get_organization, "Get an organization"),
        Call("PATCH", _ONE, RenameOrganization, OrganizationView, rename_organization, "Rename an organization", _MADE),
        Call("DELETE", _ONE, OneOrganization, None, delete_organization, "Delete an organization", _REFUSALS),
        Call("GET", _ONE + "/members", OneOrganization, MemberList, list_members, "List the members"),
        Call("PUT", _MEMBER, SetMember, None, set_member, "Make a user a member of an organization", _REFUSALS),
        Call("DELETE", _MEMBER, OneMember, None, remove_member, "Take a user out of an organization", _REFUSALS),
        Call("GET", _TEAMS, TeamsOfOrganization, TeamNames, list_teams, "List the teams"),
        Call("POST", _TEAMS, NewTeam, MadeTeam, create_team, "Create a team in an organization", _MADE, 201),
    ),
)
