"""`podium runs`."""

from typing import Annotated, Any

import typer

from podium.cli.artifacts import print_files
from podium.cli.options import FilterOption, LimitOption, OrderOption
from podium.cli.output import ago, details, done, exact, show, table
from podium.cli.session import session_of

app = typer.Typer(help="Runs.", no_args_is_help=True)

RunArgument = Annotated[str, typer.Argument(help="Id of the run.")]


@app.command("list")
def list_runs(
    context: typer.Context,
    project: Annotated[
        list[str] | None,
        typer.Argument(help="Ids or names of projects; all, if none is given."),
    ] = None,
    filter_: FilterOption = None,
    order_by: OrderOption = None,
    view: Annotated[str, typer.Option(help="active, deleted or all.")] = "active",
    limit: LimitOption = 50,
) -> None:
    """List runs, the newest first: `podium runs list --filter "metrics.accuracy > 0.9"`."""
    session = session_of(context)
    projects = ",".join(project) if project else None
    found = session.client.items("runs", limit=limit, projects=projects, filter=filter_, order_by=order_by, view=view)
    show(session, found, _print_runs)


@app.command("show")
def show_run(context: typer.Context, run: RunArgument) -> None:
    """Show a run with its params, last metrics and tags."""
    session = session_of(context)
    show(session, session.client.get("runs", run), _print_run)


@app.command("metrics")
def metrics(
    context: typer.Context,
    run: RunArgument,
    key: Annotated[str | None, typer.Argument(help="A metric, for its history. \\[default: the last of each]")] = None,
    limit: LimitOption = 1000,
) -> None:
    """Show a run's metrics."""
    session = session_of(context)
    if key is None:
        show(session, session.client.get("runs", run)["metrics"], _print_metrics)
    else:
        show(session, session.client.items("runs", run, "metrics", key, limit=limit), _print_metrics)


@app.command("files")
def files(
    context: typer.Context, run: RunArgument, path: Annotated[str, typer.Argument(help="Folder within it.")] = ""
) -> None:
    """List a run's files."""
    session = session_of(context)
    show(session, session.client.get("runs", run, "files", path=path)["items"], print_files)


@app.command("delete")
def delete_run(context: typer.Context, run: RunArgument) -> None:
    """Delete a run. `restore` brings it back, until garbage collection."""
    session = session_of(context)
    done(session, session.client.send("DELETE", "runs", run), f"Deleted run {run}.")


@app.command("restore")
def restore_run(context: typer.Context, run: RunArgument) -> None:
    """Bring a deleted run back."""
    session = session_of(context)
    done(session, session.client.send("POST", "runs", run, "restore"), f"Restored run {run}.")


def _print_runs(runs: list[dict[str, Any]]) -> None:
    rows = [
        (
            run["run_id"],
            run["name"],
            run["project_id"],
            run["status"],
            ago(run["started_at"]),
            run["user"],
            {metric["key"]: metric["value"] for metric in run["metrics"]},
        )
        for run in runs
    ]
    table(("Run", "Name", "Project", "Status", "Started", "By", "Metrics"), rows, empty="No runs.")


def _print_run(run: dict[str, Any]) -> None:
    details(
        (
            ("Run", run["run_id"]),
            ("Name", run["name"]),
            ("Project", run["project_id"]),
            ("Status", run["status"]),
            ("By", run["user"]),
            ("Started", exact(run["started_at"])),
            ("Ended", exact(run["ended_at"])),
            ("Deleted", exact(run["deleted_at"])),
            ("Files", run["artifact_uri"]),
            ("Params", run["params"]),
            ("Metrics", {metric["key"]: metric["value"] for metric in run["metrics"]}),
            ("Tags", run["tags"]),
            ("Models read", run["model_inputs"]),
            ("Models made", run["model_outputs"]),
        )
    )


def _print_metrics(points: list[dict[str, Any]]) -> None:
    rows = [(point["key"], point["step"], point["value"], point["at"]) for point in points]
    table(("Metric", "Step", "Value", "At"), rows, empty="No metrics.")
