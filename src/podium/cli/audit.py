"""`podium audit`."""

from typing import Annotated, Any

import typer

from podium.cli.options import LimitOption
from podium.cli.output import ago, cell, show, table
from podium.cli.session import session_of

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@app.command("log")
def log(
    context: typer.Context,
    actor: Annotated[str | None, typer.Option(help="Who did it.")] = None,
    entity: Annotated[str | None, typer.Option(help="registered_model, model_version, project, run, …")] = None,
    entity_id: Annotated[str | None, typer.Option(help="The entity's key, which survives a rename.")] = None,
    name: Annotated[str | None, typer.Option(help="What the entity was called then.")] = None,
    action: Annotated[str | None, typer.Option(help="create, delete, set_alias, …")] = None,
    since: Annotated[str | None, typer.Option(help="RFC 3339, such as 2026-11-01T12:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="RFC 3339; not included.")] = None,
    limit: LimitOption = 50,
) -> None:
    """List events, the newest first."""
    session = session_of(context)
    found = session.client.items(
        "events",
        limit=limit,
        actor=actor,
        entity=entity,
        entity_id=entity_id,
        entity_name=name,
        action=action,
        since=since,
        until=until,
    )
    show(session, found, _print_events)


@app.command("verify")
def verify(context: typer.Context) -> None:
    """Check that no event was altered or removed. Exits with 1, and names the first that does not fit, if one was."""
    session = session_of(context)
    verdict = session.client.get("audit", "verify")
    show(session, verdict, _print_verdict)
    if not verdict["intact"]:
        raise typer.Exit(1)


def _print_verdict(verdict: dict[str, Any]) -> None:
    if verdict["intact"]:
        print("The audit trail is intact.")
    else:
        print(f"The audit trail is broken at event {verdict['first_bad_event']}: {verdict['reason']}.")


def change(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What became different, on one line; `--json` has both states whole."""
    parts = []
    for key in sorted(before.keys() | after.keys()):
        old, new = (cell(state.get(key) or None) for state in (before, after))
        if old != new:
            parts.append(f"{key}: {old} → {new}" if old and new else f"{key}: {new}" if new else f"no {key} ({old})")
    return "; ".join(parts)


def _print_events(events: list[dict[str, Any]]) -> None:
    rows = [
        (
            event["seq"],
            ago(event["at"]),
            event["actor"],
            f"{event['entity']}:{event['action']}",
            event["entity_name"],
            change(event["before"] or {}, event["after"] or {}),
        )
        for event in events
    ]
    table(("Event", "When", "Who", "What", "Name", "Change"), rows, empty="No events.")
