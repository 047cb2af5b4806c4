"""`podium server`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from podium.errors import PodiumError
from podium.settings import DEFAULT_FILE, Settings, load_settings

_BANNER = """
Podium is at {url}

  with the mlflow client   export MLFLOW_TRACKING_URI={url}
  with the command line    export PODIUM_URL={url}
  data                     {data}
"""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. [default: 5000]")] = None,
    data: Annotated[str | None, typer.Option(help="Folder of the database and the blobs. [default: data]")] = None,
    database_url: Annotated[str | None, typer.Option(help="postgresql://… [default: SQLite in the data folder]")] = None,
    artifact_store: Annotated[str | None, typer.Option(help="Folder of the blobs. [default: DATA/blobs]")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; more than one needs PostgreSQL. [default: 1]")] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json. [default: text]")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error. [default: info]")] = None,
    allow_unauthenticated: Annotated[
        bool | None, typer.Option("--allow-unauthenticated", help="Listen beyond this machine without accounts.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file. [default: podium.toml, if it is there]")] = None,
) -> None:
    """Run the server. Each option can also come from PODIUM_… in the environment, or from a TOML file."""
    given = {
        "host": host,
        "port": port,
        "data": data,
        "database_url": database_url,
        "artifact_store": artifact_store,
        "workers": workers,
        "log_format": log_format,
        "log_level": log_level,
        "allow_unauthenticated": allow_unauthenticated,
    }
    if config is None and Path(DEFAULT_FILE).is_file():
        config = Path(DEFAULT_FILE)
    try:
        run(load_settings(given, config))
    except PodiumError as error:
        print(f"podium: {error.message}", file=sys.stderr)
        raise typer.Exit(2) from error


def run(settings: Settings) -> None:
    """Serve until interrupted. Raises PodiumError when the server cannot start."""
    import uvicorn

    from podium.app import create_app
    from podium.logs import configure_logs

    configure_logs(settings.log_format, settings.log_level)
    url = f"http://{'127.0.0.1' if settings.host in ('0.0.0.0', '::') else settings.host}:{settings.port}"  # noqa: S104
    print(_BANNER.format(url=url, data=settings.data_folder), flush=True)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,  # ours has the fields
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
