"""`podium versions`: what versions there are, and their files. Changes of them are in promotion.py."""

from pathlib import Path
from typing import Annotated, Any

import typer

from podium.cli import promotion
from podium.cli.options import (
    DescriptionOption,
    FilterOption,
    LimitOption,
    ModelArgument,
    OrderOption,
    TagsOption,
    VersionArgument,
    parse_tags,
    version_number,
)
from podium.cli.output import ago, details, done, exact, show, size, table
from podium.cli.session import session_of

app = typer.Typer(help="Versions of models.", no_args_is_help=True)
promotion.add_to(app)


@app.command("list")
def list_versions(
    context: typer.Context,
    model: ModelArgument,
    stage: Annotated[str | None, typer.Option(help="Only versions in this stage.")] = None,
    filter_: FilterOption = None,
    order_by: OrderOption = None,
    limit: LimitOption = 100,
) -> None:
    """List the versions of a model, the last updated first."""
    session = session_of(context)
    found = session.client.items(
        "models", model, "versions", limit=limit, stage=stage, filter=filter_, order_by=order_by
    )
    show(session, found, _print_versions)


@app.command("show")
def show_version(context: typer.Context, model: ModelArgument, version: VersionArgument) -> None:
    """Show a version."""
    session = session_of(context)
    number = version_number(session.client, model, version)
    show(session, session.client.get("models", model, "versions", number), _print_version)


@app.command("create")
def create_version(
    context: typer.Context,
    model: ModelArgument,
    source: Annotated[str, typer.Option(help="Where the files are: runs:/RUN/model, models:/m-…, …")],
    run: Annotated[str | None, typer.Option(help="Id of the run that made it.")] = None,
    description: DescriptionOption = None,
    tag: TagsOption = None,
) -> None:
    """Register a version: it keeps the files that are at SOURCE now."""
    session = session_of(context)
    body = {"source": source, "run_id": run, "description": description, "tags": parse_tags(tag)}
    answer = session.client.send("POST", "models", model, "versions", body=body)
    done(session, answer, f"Registered version {answer['version']} of '{model}' ({_files(answer)}).")


@app.command("files")
def list_files(context: typer.Context, model: ModelArgument, version: VersionArgument) -> None:
    """List the files of a version."""
    session = session_of(context)
    number = version_number(session.client, model, version)
    show(session, session.client.get("models", model, "versions", number, "manifest"), _print_manifest)


@app.command("download")
def download(
    context: typer.Context,
    model: ModelArgument,
    version: VersionArgument,
    target: Annotated[Path, typer.Argument(help="Folder to write to.")] = Path(),
) -> None:
    """Download the files of a version. Broken off, it goes on where it was; each file is checked by its SHA-256."""
    from podium.cli.transfers import download_tree

    session = session_of(context)
    one = ("models", model, "versions", version_number(session.client, model, version))
    manifest = session.client.get(*one, "manifest")
    download_tree(session.client, manifest["files"], (*one, "files"), target)
    message = f"Downloaded {manifest['file_count']} files, {size(manifest['size_bytes'])}, to {target}."
    done(session, manifest, message)


@app.command("diff")
def diff(context: typer.Context, model: ModelArgument, old: VersionArgument, new: VersionArgument) -> None:
    """Show which files differ between two versions."""
    session = session_of(context)
    first, second = (version_number(session.client, model, version) for version in (old, new))
    show(session, session.client.get("models", model, "versions", first, "diff", to=second), _print_diff)


def _files(version: dict[str, Any]) -> str:
    return "its files are kept" if version["files"] == "snapshot" else "its files are outside this server"


def _print_versions(versions: list[dict[str, Any]]) -> None:
    rows = [
        (
            item["version"],
            item["stage"],
            [f"@{alias}" for alias in item["aliases"]],
            ago(item["created_at"]),
            item["created_by"],
            item["files"],
            item["tags"],
        )
        for item in versions
    ]
    table(("Version", "Stage", "Aliases", "Created", "By", "Files", "Tags"), rows, empty="No versions.")


def _print_version(version: dict[str, Any]) -> None:
    details(
        (
            ("Model", version["name"]),
            ("Version", version["version"]),
            ("Description", version["description"]),
            ("Stage", version["stage"]),
            ("Aliases", [f"@{alias}" for alias in version["aliases"]]),
            ("Tags", version["tags"]),
            ("Files", version["files"]),
            ("Source", version["source"]),
            ("Run", version["run_id"]),
            ("Logged model", version["logged_model_id"]),
            ("Created", exact(version["created_at"])),
            ("By", version["created_by"]),
            ("Updated", exact(version["updated_at"])),
        )
    )


def _print_manifest(manifest: dict[str, Any]) -> None:
    rows = [(file["path"], size(file["size_bytes"]), file["digest"]) for file in manifest["files"]]
    table(("Path", "Size", "SHA-256"), rows, empty="No files.")


def _print_diff(difference: dict[str, Any]) -> None:
    rows = [("+", file["path"], "", size(file["size_bytes"])) for file in difference["added"]]
    rows += [("-", file["path"], size(file["size_bytes"]), "") for file in difference["removed"]]
    rows += [
        ("~", change["path"], size(change["old"]["size_bytes"]), size(change["new"]["size_bytes"]))
        for change in difference["changed"]
    ]
    table(("", "Path", "Old", "New"), rows, empty=f"The same {difference['unchanged_count']} files.")
