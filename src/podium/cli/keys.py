"""`podium keys`."""

from typing import Annotated, Any

import typer

from podium.cli.output import ago, done, show, table
from podium.cli.session import Session, session_of

app = typer.Typer(help="API keys, which programs sign in with.", no_args_is_help=True)

UserOption = Annotated[str | None, typer.Option("--of", help="Whose. \\[default: yours]")]


@app.command("list")
def list_keys(context: typer.Context, of: UserOption = None) -> None:
    """List keys: where they begin, and when they were used last."""
    session = session_of(context)
    show(session, session.client.get("users", _user(session, of), "keys")["items"], _print_keys)


@app.command("create")
def create_key(
    context: typer.Context,
    description: Annotated[str, typer.Argument(help="What it is for.")] = "",
    of: UserOption = None,
) -> None:
    """Make a key. It is shown once."""
    session = session_of(context)
    answer = session.client.send("POST", "users", _user(session, of), "keys", body={"description": description})
    done(session, answer, f"Made key {answer['id']}, which is shown only now:\n{answer['api_key']}")


@app.command("revoke")
def revoke_key(
    context: typer.Context, key: Annotated[int, typer.Argument(help="Number of the key.")], of: UserOption = None
) -> None:
    """End a key: nobody signs in with it any more."""
    session = session_of(context)
    done(session, session.client.send("DELETE", "users", _user(session, of), "keys", key), f"Revoked key {key}.")


def _user(session: Session, named: str | None) -> str:
    return named or session.client.get("me")["name"]


def _print_keys(keys: list[dict[str, Any]]) -> None:
    rows = [
        (key["id"], key["hint"], key["description"], ago(key["created_at"]), ago(key["last_used_at"])) for key in keys
    ]
    table(("Number", "Begins", "For", "Made", "Used"), rows, empty="No keys.")
