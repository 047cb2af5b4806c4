"""`podium models`."""

from typing import Annotated, Any

import typer

from podium.cli.options import (
    DescriptionOption,
    FilterOption,
    LimitOption,
    ModelArgument,
    OrderOption,
    TagsOption,
    parse_tags,
)
from podium.cli.output import ago, details, done, exact, show, table
from podium.cli.session import session_of

app = typer.Typer(help="Registered models.", no_args_is_help=True)


@app.command("list")
def list_models(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help="Part of the name.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", "-t", help="KEY=VALUE, or KEY for any value.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only models with a version in this stage.")] = None,
    alias: Annotated[str | None, typer.Option(help="Only models with this alias.")] = None,
    filter_: FilterOption = None,
    order_by: OrderOption = None,
    limit: LimitOption = 100,
) -> None:
    """List models."""
    session = session_of(context)
    found = session.client.items(
        "models", limit=limit, q=query, tag=tag, stage=stage, alias=alias, filter=filter_, order_by=order_by
    )
    show(session, found, _print_models)


@app.command("show")
def show_model(context: typer.Context, name: ModelArgument) -> None:
    """Show a model."""
    session = session_of(context)
    show(session, session.client.get("models", name), _print_model)


@app.command("create")
def create_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the new model.")],
    description: DescriptionOption = None,
    tag: TagsOption = None,
) -> None:
    """Create a model."""
    session = session_of(context)
    body = {"name": name, "description": description, "tags": parse_tags(tag)}
    done(session, session.client.send("POST", "models", body=body), f"Created model '{name}'.")


@app.command("update")
def update_model(
    context: typer.Context,
    name: ModelArgument,
    description: Annotated[str, typer.Option("--description", "-d", help="The new description.")],
) -> None:
    """Describe a model."""
    session = session_of(context)
    answer = session.client.send("PATCH", "models", name, body={"description": description})
    done(session, answer, f"Updated model '{name}'.")


@app.command("rename")
def rename_model(
    context: typer.Context, name: ModelArgument, new_name: Annotated[str, typer.Argument(help="The new name.")]
) -> None:
    """Rename a model; versions, tags, aliases and history stay with it."""
    session = session_of(context)
    answer = session.client.send("PATCH", "models", name, body={"new_name": new_name})
    done(session, answer, f"Renamed model '{name}' to '{new_name}'.")


@app.command("delete")
def delete_model(context: typer.Context, name: ModelArgument) -> None:
    """Delete a model with its versions. `restore` brings them back, until garbage collection."""
    session = session_of(context)
    answer = session.client.send("DELETE", "models", name)
    done(
        session, answer, f"Deleted model '{name}'. To get it back: podium models restore '{name}' --key {answer['key']}"
    )


@app.command("restore")
def restore_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name it had.")],
    key: Annotated[int | None, typer.Option(help="Which of several of this name. \\[default: the last]")] = None,
) -> None:
    """Bring a deleted model back."""
    session = session_of(context)
    done(session, session.client.send("POST", "models", name, "restore", body={"key": key}), f"Restored '{name}'.")


@app.command("tag")
def tag_model(context: typer.Context, name: ModelArgument, key: str, value: str) -> None:
    """Set a tag of a model."""
    session = session_of(context)
    answer = session.client.send("PUT", "models", name, "tags", key, body={"value": value})
    done(session, answer, f"Tagged '{name}' with {key}={value}.")


@app.command("untag")
def untag_model(context: typer.Context, name: ModelArgument, key: str) -> None:
    """Take a tag off a model."""
    session = session_of(context)
    done(session, session.client.send("DELETE", "models", name, "tags", key), f"Took tag '{key}' off '{name}'.")


def _print_models(models: list[dict[str, Any]]) -> None:
    rows = [
        (
            model["name"],
            model["latest_version"],
            {stage: version for stage, version in model["stages"].items() if stage != "None"},
            {f"@{alias}": version for alias, version in model["aliases"].items()},
            ago(model["updated_at"]),
            model["tags"],
        )
        for model in models
    ]
    table(("Name", "Latest", "Stages", "Aliases", "Updated", "Tags"), rows, empty="No models.")


def _print_model(model: dict[str, Any]) -> None:
    details(
        (
            ("Name", model["name"]),
            ("Description", model["description"]),
            ("Latest version", model["latest_version"]),
            ("Stages", model["stages"]),
            ("Aliases", model["aliases"]),
            ("Tags", model["tags"]),
            ("Created", exact(model["created_at"])),
            ("Updated", exact(model["updated_at"])),
        )
    )
