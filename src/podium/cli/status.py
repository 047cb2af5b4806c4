"""`podium status`."""

from typing import Any

import typer

from podium.cli.output import details, show
from podium.cli.session import session_of


def status(context: typer.Context) -> None:
    """Show whether the server is well, its version, and how much it holds. Exits with 1 when it is not ready."""
    session = session_of(context)
    client = session.client
    code, _ = client.text("/ready")
    answer = {"url": client.url, "ready": code == 200, **client.get("status")}
    show(session, answer, _print_status)
    if code != 200:
        raise typer.Exit(1)


def _print_status(answer: dict[str, Any]) -> None:
    details(
        (
            ("Server", answer["url"]),
            ("Ready", answer["ready"]),
            ("Version", answer["version"]),
            *((name.capitalize(), count) for name, count in answer["counts"].items()),
        )
    )
