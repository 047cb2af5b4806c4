"""`podium users`."""

from typing import Annotated, Any

import typer

from podium.cli.options import LimitOption
from podium.cli.output import ago, details, done, exact, show, table
from podium.cli.session import session_of

app = typer.Typer(help="People and service accounts.", no_args_is_help=True)

UserArgument = Annotated[str, typer.Argument(help="Name of the user.")]
PasswordOption = Annotated[bool, typer.Option("--password", help="Ask for a password, or read it from a pipe.")]


@app.command("list")
def list_users(context: typer.Context, limit: LimitOption = 100) -> None:
    """List users."""
    session = session_of(context)
    show(session, session.client.items("users", limit=limit), _print_users)


@app.command("show")
def show_user(context: typer.Context, user: UserArgument) -> None:
    """Show a user."""
    session = session_of(context)
    show(session, session.client.get("users", user), _print_user)


@app.command("me")
def show_myself(context: typer.Context) -> None:
    """Show who you are to the server."""
    session = session_of(context)
    show(session, session.client.get("me"), _print_myself)


@app.command("create")
def create_user(
    context: typer.Context,
    user: UserArgument,
    password: PasswordOption = False,
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="May do everything on this server.")] = False,
    service: Annotated[bool, typer.Option("--service", help="A service account; --join names its team.")] = False,
    join: Annotated[str | None, typer.Option(help="A team to join, and to address when none is named.")] = None,
) -> None:
    """Create a user. Without a password it gets an API key, which is shown once."""
    session = session_of(context)
    body = {"name": user, "email": email, "admin": admin, "team": join, "kind": "service" if service else "person"}
    if password:
        body["password"] = _asked("Password")
    answer = session.client.send("POST", "users", body=body)
    key = answer["api_key"]
    told = f"\nIts API key, which is shown only now:\n{key}" if key else ""
    done(session, answer, f"Created user '{user}'.{told}")


@app.command("update")
def update_user(
    context: typer.Context,
    user: UserArgument,
    password: PasswordOption = False,
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    admin: Annotated[bool | None, typer.Option("--admin/--no-admin", help="May do everything here.")] = None,
    home_team: Annotated[str | None, typer.Option(help="What is addressed when no team is named.")] = None,
) -> None:
    """Change a user."""
    session = session_of(context)
    given = {"email": email, "admin": admin, "home_team": home_team}
    body = {name: value for name, value in given.items() if value is not None}
    if password:
        me = session.client.get("me")
        if me["name"] == user and not me["admin"]:
            body["current_password"] = str(typer.prompt("Current password", hide_input=True))
        body["password"] = _asked("New password")
    done(session, session.client.send("PATCH", "users", user, body=body), f"Changed user '{user}'.")


@app.command("delete")
def delete_user(context: typer.Context, user: UserArgument) -> None:
    """Delete a user, with its keys, memberships and its own team."""
    session = session_of(context)
    done(session, session.client.send("DELETE", "users", user), f"Deleted user '{user}'.")


def _asked(what: str) -> str:
    """A secret on the command line would be in the shell's history, and in the list of processes."""
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=_is_terminal()))


def _is_terminal() -> bool:
    import sys

    return sys.stdin.isatty()


def _print_users(users: list[dict[str, Any]]) -> None:
    rows = [(user["name"], user["kind"], user["admin"], user["home_team"], ago(user["created_at"])) for user in users]
    table(("Name", "Kind", "Admin", "Home", "Created"), rows, empty="No users: everybody may do everything.")


def _print_user(user: dict[str, Any]) -> None:
    details(
        (
            ("Name", user["name"]),
            ("E-mail", user["email"]),
            ("Kind", user["kind"]),
            ("Admin", user["admin"]),
            ("Password", user["has_password"]),
            ("Home", user["home_team"]),
            ("Created", exact(user["created_at"])),
        )
    )


def _print_myself(me: dict[str, Any]) -> None:
    name = me["name"] if me["signed_in"] else "nobody in particular: this server has no accounts"
    details((("Name", name), ("Admin", me["admin"]), ("Home", me["home_team"])))
