"""`podium projects`."""

from typing import Annotated, Any

import typer

from podium.cli.options import FilterOption, LimitOption, OrderOption, TagsOption, parse_tags
from podium.cli.output import ago, details, done, exact, show, table
from podium.cli.session import session_of

app = typer.Typer(help="Projects, where runs belong; the mlflow client calls them experiments.", no_args_is_help=True)

ProjectArgument = Annotated[str, typer.Argument(help="Id of the project.")]


@app.command("list")
def list_projects(
    context: typer.Context,
    filter_: FilterOption = None,
    order_by: OrderOption = None,
    view: Annotated[str, typer.Option(help="active, deleted or all.")] = "active",
    limit: LimitOption = 100,
) -> None:
    """List projects."""
    session = session_of(context)
    found = session.client.items("projects", limit=limit, filter=filter_, order_by=order_by, view=view)
    show(session, found, _print_projects)


@app.command("show")
def show_project(
    context: typer.Context, project: Annotated[str, typer.Argument(help="Id or name of the project.")]
) -> None:
    """Show a project."""
    session = session_of(context)
    show(session, session.client.get("projects", project), _print_project)


@app.command("create")
def create_project(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Its name.")], tag: TagsOption = None
) -> None:
    """Create a project."""
    session = session_of(context)
    answer = session.client.send("POST", "projects", body={"name": name, "tags": parse_tags(tag)})
    done(session, answer, f"Created project '{name}' with id {answer['id']}.")


@app.command("rename")
def rename_project(
    context: typer.Context, project: ProjectArgument, new_name: Annotated[str, typer.Argument(help="The new name.")]
) -> None:
    """Rename a project."""
    session = session_of(context)
    answer = session.client.send("PATCH", "projects", project, body={"name": new_name})
    done(session, answer, f"Renamed project {project} to '{new_name}'.")


@app.command("delete")
def delete_project(context: typer.Context, project: ProjectArgument) -> None:
    """Delete a project with its runs. `restore` brings them back, until garbage collection."""
    session = session_of(context)
    done(session, session.client.send("DELETE", "projects", project), f"Deleted project {project}.")


@app.command("restore")
def restore_project(context: typer.Context, project: ProjectArgument) -> None:
    """Bring a deleted project back, with the runs that were deleted with it."""
    session = session_of(context)
    done(session, session.client.send("POST", "projects", project, "restore"), f"Restored project {project}.")


@app.command("tag")
def tag_project(context: typer.Context, project: ProjectArgument, key: str, value: str) -> None:
    """Set a tag of a project."""
    session = session_of(context)
    answer = session.client.send("PUT", "projects", project, "tags", key, body={"value": value})
    done(session, answer, f"Tagged project {project} with {key}={value}.")


@app.command("untag")
def untag_project(context: typer.Context, project: ProjectArgument, key: str) -> None:
    """Take a tag off a project."""
    session = session_of(context)
    answer = session.client.send("DELETE", "projects", project, "tags", key)
    done(session, answer, f"Took tag '{key}' off project {project}.")


def _print_projects(projects: list[dict[str, Any]]) -> None:
    rows = [(item["id"], item["name"], ago(item["updated_at"]), item["tags"]) for item in projects]
    table(("Id", "Name", "Updated", "Tags"), rows, empty="No projects.")


def _print_project(project: dict[str, Any]) -> None:
    details(
        (
            ("Id", project["id"]),
            ("Name", project["name"]),
            ("Files", project["artifact_location"]),
            ("Tags", project["tags"]),
            ("Created", exact(project["created_at"])),
            ("Updated", exact(project["updated_at"])),
            ("Deleted", exact(project["deleted_at"])),
        )
    )
