"""The commands of `podium versions` that change versions, and the one that asks what stood where."""

from typing import Annotated, Any

import typer

from podium.cli.options import ModelArgument, VersionArgument, version_number
from podium.cli.output import done, exact, show, table
from podium.cli.session import session_of
from podium.domain.stages import parse_stage

AliasArgument = Annotated[str, typer.Argument(help="The alias.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("stage")(stage)
    app.command("alias")(alias)
    app.command("unalias")(unalias)
    app.command("at")(stood_at)
    app.command("update")(update)
    app.command("delete")(delete)
    app.command("restore")(restore)
    app.command("tag")(tag)
    app.command("untag")(untag)


def stage(
    context: typer.Context,
    model: ModelArgument,
    version: VersionArgument,
    target: Annotated[str, typer.Argument(metavar="STAGE", help="None, Staging, Production or Archived.")],
    archive_existing: Annotated[bool, typer.Option(help="Archive the versions that stand there.")] = False,
    expected: Annotated[str | None, typer.Option(help="Only if the version is in this stage now.")] = None,
) -> None:
    """Move a version to a stage."""
    session = session_of(context)
    number = version_number(session.client, model, version)
    body = {
        "stage": parse_stage(target),
        "archive_existing": archive_existing,
        "expected": expected and parse_stage(expected),
    }
    answer = session.client.send("PUT", "models", model, "versions", number, "stage", body=body)
    done(session, answer, f"'{model}' version {number} is in {answer['stage']}.")


def alias(
    context: typer.Context,
    model: ModelArgument,
    version: VersionArgument,
    name: AliasArgument,
    expected: Annotated[int | None, typer.Option(help="Only if it points to this version now.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Only if nothing has the alias now.")] = False,
) -> None:
    """Point an alias to a version."""
    if new and expected is not None:
        raise typer.BadParameter("--new and --expected exclude each other.")
    session = session_of(context)
    number = version_number(session.client, model, version)
    body: dict[str, Any] = {"version": number}
    if new or expected is not None:
        body["expected"] = expected
    answer = session.client.send("PUT", "models", model, "aliases", name, body=body)
    done(session, answer, f"@{name} of '{model}' is version {number}.")


def unalias(
    context: typer.Context,
    model: ModelArgument,
    name: AliasArgument,
    expected: Annotated[int | None, typer.Option(help="Only if it points to this version now.")] = None,
) -> None:
    """Take an alias off."""
    session = session_of(context)
    answer = session.client.send("DELETE", "models", model, "aliases", name, expected=expected)
    done(session, answer, f"'{model}' has no alias @{name}.")


def stood_at(
    context: typer.Context,
    model: ModelArgument,
    time: Annotated[str, typer.Option(help="RFC 3339, such as 2026-11-01T12:00Z; without an offset it is UTC.")],
    stage_name: Annotated[
        str | None, typer.Option("--stage", help="What stood in this stage; this or --alias.")
    ] = None,
    alias_name: Annotated[str | None, typer.Option("--alias", help="What this alias pointed to.")] = None,
) -> None:
    """Show which version stood in a stage, or under an alias, at a time."""
    session = session_of(context)
    stage = stage_name and parse_stage(stage_name)
    answer = session.client.get("models", model, "at", stage=stage, alias=alias_name, time=time)
    show(session, answer, _print_standings)


def update(
    context: typer.Context,
    model: ModelArgument,
    version: VersionArgument,
    description: Annotated[str, typer.Option("--description", "-d", help="The new description.")],
) -> None:
    """Describe a version."""
    session = session_of(context)
    number = version_number(session.client, model, version)
    answer = session.client.send("PATCH", "models", model, "versions", number, body={"description": description})
    done(session, answer, f"Updated '{model}' version {number}.")


def delete(context: typer.Context, model: ModelArgument, version: VersionArgument) -> None:
    """Delete a version. `restore` brings it back, until garbage collection."""
    session = session_of(context)
    number = version_number(session.client, model, version)
    answer = session.client.send("DELETE", "models", model, "versions", number)
    undo = f"podium versions restore {model} {number}"
    done(session, answer, f"Deleted '{model}' version {number}; `{undo}` brings it back.")


def restore(
    context: typer.Context, model: ModelArgument, version: Annotated[int, typer.Argument(help="Its number.")]
) -> None:
    """Bring a deleted version back, with those of its aliases that are free."""
    session = session_of(context)
    answer = session.client.send("POST", "models", model, "versions", version, "restore")
    done(session, answer, f"Restored version {version}.")


def tag(context: typer.Context, model: ModelArgument, version: VersionArgument, key: str, value: str) -> None:
    """Set a tag of a version."""
    session = session_of(context)
    number = version_number(session.client, model, version)
    answer = session.client.send("PUT", "models", model, "versions", number, "tags", key, body={"value": value})
    done(session, answer, f"Tagged '{model}' version {number} with {key}={value}.")


def untag(context: typer.Context, model: ModelArgument, version: VersionArgument, key: str) -> None:
    """Take a tag off a version."""
    session = session_of(context)
    number = version_number(session.client, model, version)
    answer = session.client.send("DELETE", "models", model, "versions", number, "tags", key)
    done(session, answer, f"Took tag '{key}' off '{model}' version {number}.")


def _print_standings(answer: dict[str, Any]) -> None:
    rows = [(item["version"], exact(item["since"]), item["actor"]) for item in answer["items"]]
    table(("Version", "Since", "Put there by"), rows, empty=f"Nothing stood there at {answer['time']}.")
