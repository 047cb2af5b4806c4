"""The `podium` command. Commands talk to a running server; only what tends the data folder opens the folder."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from podium.cli import (
    artifacts,
    audit,
    backups,
    data,
    keys,
    models,
    orgs,
    projects,
    runs,
    server,
    status,
    teams,
    users,
    versions,
)
from podium.cli.session import DEFAULT_URL, Session
from podium.errors import PodiumError

# These are taken wherever they stand in the line: `podium models list --json` is what one types.
_FLAGS = frozenset({"--json"})
_WITH_VALUE = frozenset({"--url", "--user", "--api-key", "--team"})


class Commands(TyperGroup):
    """Takes the common options anywhere in the line, and tells errors in one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, common_options_first(args))

    def invoke(self, ctx: Any) -> object:
        try:
            return super().invoke(ctx)
        except PodiumError as error:
            print(f"podium: {error.message}", file=sys.stderr)
            raise typer.Exit(1) from error


def common_options_first(args: list[str]) -> list[str]:
    """The arguments with the common options before all others; what follows `--` stays where it is."""
    end = args.index("--") if "--" in args else len(args)
    common: list[str] = []
    others: list[str] = []
    remaining = iter(args[:end])
    for argument in remaining:
        if argument in _FLAGS or argument.partition("=")[0] in _WITH_VALUE:
            common.append(argument)
            if argument in _WITH_VALUE:
                common += [value for value in (next(remaining, None),) if value is not None]
        else:
            others.append(argument)
    return [*common, *others, *args[end:]]


app = typer.Typer(
    name="podium",
    cls=Commands,
    help="Podium, a self-hosted model registry.",
    epilog="The options above may also stand behind a command: podium models list --json",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("server")(server.serve)
app.command("gc")(data.collect_garbage)
app.command("verify")(data.verify)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("status")(status.status)
app.add_typer(models.app, name="models")
app.add_typer(versions.app, name="versions")
app.add_typer(runs.app, name="runs")
app.add_typer(projects.app, name="projects")
app.add_typer(artifacts.app, name="artifacts")
app.add_typer(audit.app, name="audit")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(teams.app, name="teams")
app.add_typer(orgs.app, name="orgs")


@app.callback()
def main(
    context: typer.Context,
    url: Annotated[str, typer.Option(envvar="PODIUM_URL", help="The server.")] = DEFAULT_URL,
    user: Annotated[str | None, typer.Option(envvar="PODIUM_USER", help="Your name, for the audit trail.")] = None,
    api_key: Annotated[str | None, typer.Option(envvar="PODIUM_API_KEY", help="Your key, if the server asks.")] = None,
    team: Annotated[str | None, typer.Option(envvar="PODIUM_TEAM", help="The team whose things are meant.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the API answered.")] = False,
) -> None:
    """Podium, a self-hosted model registry."""
    session = Session(url, user=user, api_key=api_key, team=team, as_json=as_json)
    context.obj = session
    context.call_on_close(session.close)
