"""`podium teams`."""

from typing import Annotated, Any

import typer

from podium.cli.output import done, show, table
from podium.cli.session import session_of

app = typer.Typer(help="Teams, and who belongs to them.", no_args_is_help=True)

TeamArgument = Annotated[str, typer.Argument(help="Name of the team.")]
UserArgument = Annotated[str, typer.Argument(help="Name of the user.")]
RoleOption = Annotated[str, typer.Option(help="viewer, member or admin.")]


@app.command("list")
def list_teams(context: typer.Context) -> None:
    """List the teams that you belong to; all of them for administrators."""
    session = session_of(context)
    show(session, session.client.get("teams")["items"], _print_teams)


@app.command("create")
def create_team(
    context: typer.Context,
    team: TeamArgument,
    organization: Annotated[str | None, typer.Option(help="What it belongs to.")] = None,
    owner: Annotated[str | None, typer.Option(help="Who manages it. \\[default: you]")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Create a team."""
    session = session_of(context)
    place = ("teams",) if organization is None else ("organizations", organization, "teams")
    answer = session.client.send("POST", *place, body={"name": team, "owner": owner, "description": description})
    done(session, answer, f"Created team '{team}'.")


@app.command("delete")
def delete_team(
    context: typer.Context,
    team: TeamArgument,
    mode: Annotated[
        str, typer.Option(help="What becomes of what it has: RESTRICT, CASCADE, SET_DEFAULT.")
    ] = "RESTRICT",
) -> None:
    """Delete a team; RESTRICT refuses while it has anything."""
    session = session_of(context)
    done(session, session.client.send("DELETE", "teams", team, mode=mode), f"Deleted team '{team}'.")


@app.command("restore")
def restore_team(context: typer.Context, team: TeamArgument) -> None:
    """Bring a deleted team back, with what it had."""
    session = session_of(context)
    done(session, session.client.send("POST", "teams", team, "restore"), f"Restored team '{team}'.")


@app.command("members")
def list_members(context: typer.Context, team: TeamArgument) -> None:
    """List the members of a team."""
    session = session_of(context)
    show(session, session.client.get("teams", team, "members")["items"], print_members)


@app.command("add")
def add_member(context: typer.Context, team: TeamArgument, user: UserArgument, role: RoleOption = "member") -> None:
    """Make a user a member of a team, or give it another role."""
    session = session_of(context)
    answer = session.client.send("PUT", "teams", team, "members", user, body={"role": role})
    done(session, answer, f"'{user}' is {role} of team '{team}'.")


@app.command("remove")
def remove_member(context: typer.Context, team: TeamArgument, user: UserArgument) -> None:
    """Take a user out of a team."""
    session = session_of(context)
    answer = session.client.send("DELETE", "teams", team, "members", user)
    done(session, answer, f"Took '{user}' out of team '{team}'.")


def print_members(members: list[dict[str, Any]]) -> None:
    """A table of members."""
    rows = [(member["user"], member["kind"], member["role"]) for member in members]
    table(("User", "Kind", "Role"), rows, empty="No members.")


def _print_teams(teams: list[dict[str, Any]]) -> None:
    table(("Name", "Kind", "Description"), [(team["name"], team["kind"], team["description"]) for team in teams])
