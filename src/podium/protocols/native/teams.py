"""Teams: who shares models, runs and files, apart from other teams."""

import msgspec

from podium.domain.access import Actor
from podium.domain.teams import Team
from podium.errors import AlreadyExists, InvalidArgument, NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.shapes import Name


class TeamView(msgspec.Struct, frozen=True):
    """A team."""

    name: str
    description: str | None
    default_artifact_root: str | None


class TeamList(msgspec.Struct, frozen=True):
    """All teams, by name."""

    items: list[TeamView]


class AllTeams(Input, frozen=True, kw_only=True):
    """Nothing to say."""


class OneTeam(Input, frozen=True, kw_only=True):
    """A team by its name."""

    name: Name


async def list_teams(api: Api, _: Actor, __: AllTeams) -> TeamList:
    return TeamList([view_of(team) for team in await api.services.teams.list_all()])


async def restore_team(api: Api, actor: Actor, request: OneTeam) -> TeamView:
    """Brings back the one of this name that was deleted last, with what was deleted with it."""
    return view_of(await api.services.teams.restore(actor, request.name))


def view_of(team: Team) -> TeamView:
    """The public form of a team."""
    return TeamView(team.name, team.description, team.default_artifact_root)


TOPIC = Topic(
    "teams",
    "Who shares what is here; the mlflow client calls them workspaces, and makes and deletes them.",
    (
        Call("GET", "/teams", AllTeams, TeamList, list_teams, "List teams"),
        Call(
            "POST",
            "/teams/{name}/restore",
            OneTeam,
            TeamView,
            restore_team,
            "Restore a team",
            (InvalidArgument, NotFound, AlreadyExists),
        ),
    ),
)
