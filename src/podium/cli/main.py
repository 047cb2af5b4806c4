"""The `podium` command. Commands talk to a running server; only what tends the data folder opens the folder."""

import typer

from podium.cli import server

app = typer.Typer(
    name="podium",
    help="Podium, a self-hosted model registry.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("server")(server.serve)


@app.callback()
def main() -> None:
    """Podium, a self-hosted model registry."""
