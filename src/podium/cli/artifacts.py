"""`podium artifacts`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from podium.cli.output import done, show, size, table
from podium.cli.session import session_of

app = typer.Typer(help="Files of runs, and others.", no_args_is_help=True)

PathArgument = Annotated[str, typer.Argument(help="Path on the server, such as 0/RUN/artifacts/model.")]


@app.command("list")
def list_artifacts(
    context: typer.Context, path: Annotated[str, typer.Argument(help="Folder; the root, if none is named.")] = ""
) -> None:
    """List a folder."""
    session = session_of(context)
    show(session, session.client.get("artifacts", path=path)["items"], print_files)


@app.command("download")
def download(
    context: typer.Context,
    path: PathArgument,
    target: Annotated[Path | None, typer.Argument(help="File to write. \\[default: its name, here]")] = None,
) -> None:
    """Download a file, checked by its SHA-256."""
    from podium.cli.transfers import download_file, progress_bar

    session = session_of(context)
    segments = path.strip("/").split("/")
    place = target or Path(segments[-1])
    if place.is_dir():
        place /= segments[-1]
    with session.client.stream("artifacts", *segments) as opened:  # for its headers; an earlier part may save the body
        digest, total = opened.headers["etag"].strip('"'), int(opened.headers["content-length"])
    with progress_bar(place.name, total) as progress:
        download_file(session.client, ("artifacts", *segments), place, progress, digest=digest)
    done(session, {"path": str(place), "digest": digest, "size_bytes": total}, f"Downloaded {place}, {size(total)}.")


@app.command("upload")
def upload(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(exists=True, help="File or folder.")],
    path: PathArgument,
) -> None:
    """Upload a file, or a folder with everything in it, to PATH."""
    from podium.cli.transfers import upload_file

    session = session_of(context)
    folder = path.strip("/").split("/")
    if source.is_dir():
        files = [file for file in sorted(source.rglob("*")) if file.is_file()]
        places = [(file, (*folder, *file.relative_to(source).parts)) for file in files]
    else:
        places = [(source, tuple(folder))]
    stored = [upload_file(session.client, file, ("artifacts", *place)) for file, place in places]
    total = sum(file["size_bytes"] for file in stored)
    done(session, stored, f"Uploaded {len(stored)} files, {size(total)}, to {path}.")


@app.command("delete")
def delete(context: typer.Context, path: PathArgument) -> None:
    """Delete a file, or a folder with everything in it. `restore` brings them back, until garbage collection."""
    session = session_of(context)
    answer = session.client.send("DELETE", "artifacts", *path.strip("/").split("/"))
    done(session, answer, f"Deleted {path}.")


@app.command("restore")
def restore(context: typer.Context, path: PathArgument) -> None:
    """Bring back what was deleted last at PATH and below it."""
    session = session_of(context)
    answer = session.client.send("POST", "artifacts", "restore", body={"path": path.strip("/")})
    done(session, answer, f"Restored {answer['files']} files.")


def print_files(files: list[dict[str, Any]]) -> None:
    """A table of the files and folders in a folder."""
    rows = [(file["path"] + ("/" if file["is_folder"] else ""), size(file["size_bytes"])) for file in files]
    table(("Path", "Size"), rows, empty="No files.")
