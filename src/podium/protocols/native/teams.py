"""Teams: who shares models, runs and files, apart from other teams."""

import msgspec

from podium.domain.access import Actor, Role
from podium.domain.teams import DeletionMode, Team, TeamKind
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound, PermissionDenied
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.organizations import MemberList, member_of
from podium.protocols.native.shapes import Name


class TeamView(msgspec.Struct, frozen=True):
    """A team."""

    name: str
    description: str | None
    default_artifact_root: str | None
    kind: TeamKind


class TeamList(msgspec.Struct, frozen=True):
    """Teams, by name."""

    items: list[TeamView]


class AllTeams(Input, frozen=True, kw_only=True):
    """Nothing to say."""


class OneTeam(Input, frozen=True, kw_only=True):
    """A team by its name."""

    name: Name


class NewTeam(Input, frozen=True, kw_only=True):
    """A team to make. Without an owner, who makes it manages it."""

    name: Name
    description: str | None = None
    owner: Name | None = None


class DeleteTeam(OneTeam, frozen=True, kw_only=True):
    """A team, and what becomes of what it has: RESTRICT refuses, SET_DEFAULT gives it to the default team."""

    mode: DeletionMode = "RESTRICT"


class OneMember(OneTeam, frozen=True, kw_only=True):
    """A member of a team."""

    user: Name


class SetMember(OneMember, frozen=True, kw_only=True):
    """The role that a member is to have."""

    role: Role


async def list_teams(api: Api, actor: Actor, _: AllTeams) -> TeamList:
    """Those that the caller belongs to; all of them for administrators."""
    return TeamList([view_of(team) for team in await api.services.teams.list_all(actor)])


async def get_team(api: Api, actor: Actor, request: OneTeam) -> TeamView:
    return view_of(await api.services.teams.get(actor, request.name))


async def create_team(api: Api, actor: Actor, request: NewTeam) -> TeamView:
    """A team of no organization."""
    made = await api.services.teams.create_in(actor, None, request.name, request.owner, request.description)
    return view_of(made)


async def delete_team(api: Api, actor: Actor, request: DeleteTeam) -> None:
    await api.services.teams.delete(actor, request.name, request.mode)


async def list_members(api: Api, actor: Actor, request: OneTeam) -> MemberList:
    return MemberList([member_of(member) for member in await api.services.members.list_of_team(actor, request.name)])


async def set_member(api: Api, actor: Actor, request: SetMember) -> None:
    await api.services.members.set_in_team(actor, request.name, request.user, request.role)


async def remove_member(api: Api, actor: Actor, request: OneMember) -> None:
    await api.services.members.remove_from_team(actor, request.name, request.user)


async def restore_team(api: Api, actor: Actor, request: OneTeam) -> TeamView:
    """Brings back the one of this name that was deleted last, with what was deleted with it."""
    return view_of(await api.services.teams.restore(actor, request.name))


def view_of(team: Team) -> TeamView:
    """The public form of a team."""
    return TeamView(team.name, team.description, team.default_artifact_root, team.kind)


_REFUSALS = (InvalidArgument, NotFound, PermissionDenied)
_MEMBER = "/teams/{name}/members/{user}"

TOPIC = Topic(
    "teams",
    "Who shares what is here; the mlflow client calls them workspaces, W&B's entities. A member of a team has a role: "
    "a viewer reads, a member writes too, an admin also says who belongs to it.",
    (
        Call("GET", "/teams", AllTeams, TeamList, list_teams, "List teams"),
        Call(
            "POST",
            "/teams",
            NewTeam,
            TeamView,
            create_team,
            "Create a team",
            (InvalidArgument, PermissionDenied, AlreadyExists),
            201,
        ),
        Call("GET", "/teams/{name}", OneTeam, TeamView, get_team, "Get a team"),
        Call("DELETE", "/teams/{name}", DeleteTeam, None, delete_team, "Delete a team", (*_REFUSALS, InvalidState)),
        Call(
            "POST",
            "/teams/{name}/restore",
            OneTeam,
            TeamView,
            restore_team,
            "Restore a team",
            (InvalidArgument, NotFound, AlreadyExists),
        ),
        Call("GET", "/teams/{name}/members", OneTeam, MemberList, list_members, "List the members of a team"),
        Call("PUT", _MEMBER, SetMember, None, set_member, "Make a user a member of a team", _REFUSALS),
        Call("DELETE", _MEMBER, OneMember, None, remove_member, "Take a user out of a team", _REFUSALS),
    ),
)
