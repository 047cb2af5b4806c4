"""`podium orgs`."""

from typing import Annotated, Any

import typer

from podium.cli.output import ago, done, show, table
from podium.cli.session import session_of
from podium.cli.teams import RoleOption, UserArgument, print_members

app = typer.Typer(help="Organizations: users and teams that belong together.", no_args_is_help=True)

OrganizationArgument = Annotated[str, typer.Argument(help="Name of the organization.")]


@app.command("list")
def list_organizations(context: typer.Context) -> None:
    """List the organizations that you belong to; all of them for administrators."""
    session = session_of(context)
    show(session, session.client.get("organizations")["items"], _print_organizations)


@app.command("create")
def create_organization(
    context: typer.Context,
    organization: OrganizationArgument,
    owner: Annotated[str | None, typer.Option(help="Who administers it.")] = None,
) -> None:
    """Create an organization."""
    session = session_of(context)
    answer = session.client.send("POST", "organizations", body={"name": organization, "owner": owner})
    done(session, answer, f"Created organization '{organization}'.")


@app.command("rename")
def rename_organization(
    context: typer.Context,
    organization: OrganizationArgument,
    new_name: Annotated[str, typer.Argument(help="The new name.")],
) -> None:
    """Rename an organization; everybody keeps their access."""
    session = session_of(context)
    answer = session.client.send("PATCH", "organizations", organization, body={"new_name": new_name})
    done(session, answer, f"Renamed organization '{organization}' to '{new_name}'.")


@app.command("delete")
def delete_organization(context: typer.Context, organization: OrganizationArgument) -> None:
    """Delete an organization with its teams, and what they have."""
    session = session_of(context)
    answer = session.client.send("DELETE", "organizations", organization)
    done(session, answer, f"Deleted organization '{organization}'.")


@app.command("teams")
def list_teams(context: typer.Context, organization: OrganizationArgument) -> None:
    """List the teams of an organization."""
    session = session_of(context)
    show(session, session.client.get("organizations", organization, "teams")["items"], _print_names)


@app.command("members")
def list_members(context: typer.Context, organization: OrganizationArgument) -> None:
    """List the members of an organization."""
    session = session_of(context)
    show(session, session.client.get("organizations", organization, "members")["items"], print_members)


@app.command("add")
def add_member(
    context: typer.Context, organization: OrganizationArgument, user: UserArgument, role: RoleOption = "member"
) -> None:
    """Make a user a member of an organization, or give it another role."""
    session = session_of(context)
    answer = session.client.send("PUT", "organizations", organization, "members", user, body={"role": role})
    done(session, answer, f"'{user}' is {role} of organization '{organization}'.")


@app.command("remove")
def remove_member(context: typer.Context, organization: OrganizationArgument, user: UserArgument) -> None:
    """Take a user out of an organization and its teams."""
    session = session_of(context)
    answer = session.client.send("DELETE", "organizations", organization, "members", user)
    done(session, answer, f"Took '{user}' out of organization '{organization}'.")


def _print_organizations(organizations: list[dict[str, Any]]) -> None:
    rows = [(found["name"], found["team"], ago(found["created_at"])) for found in organizations]
    table(("Name", "Its own team", "Created"), rows, empty="No organizations.")


def _print_names(names: list[str]) -> None:
    table(("Team",), [(name,) for name in names], empty="No teams.")
