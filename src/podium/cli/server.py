"""`podium server`."""

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from podium.errors import InvalidArgument, PodiumError, StorageUnavailable
from podium.settings import DEFAULT_FILE, Settings, is_loopback, load_settings

if TYPE_CHECKING:  # `podium --help` does not wait for what only the server needs
    import uvicorn

STARTUP_FAILURE = 3  # uvicorn's exit code

_BANNER = """
Podium is at {url}

  with the mlflow client   export MLFLOW_TRACKING_URI={url}
  with the wandb client    export WANDB_BASE_URL={url}
  with the command line    export PODIUM_URL={url}
  data                     {data}
"""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. \\[default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. \\[default: 5000]")] = None,
    data: Annotated[str | None, typer.Option(help="Folder of the database and the blobs. \\[default: data]")] = None,
    database_url: Annotated[
        str | None, typer.Option(help="postgresql://… \\[default: SQLite in the data folder]")
    ] = None,
    artifact_store: Annotated[
        str | None, typer.Option(help="Folder of the blobs, or s3://…, gs://…, az://… \\[default: DATA/blobs]")
    ] = None,
    presigned_urls: Annotated[
        bool | None,
        typer.Option(help="Clients read and write large files at the object store itself. \\[default: yes]"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; more than one needs PostgreSQL. \\[default: 1]")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json. \\[default: text]")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error. \\[default: info]")] = None,
    allow_unauthenticated: Annotated[
        bool | None, typer.Option("--allow-unauthenticated", help="Listen beyond this machine without accounts.")
    ] = None,
    client_timeout: Annotated[
        int | None, typer.Option(help="Seconds that a client may send or read nothing in a request. \\[default: 60]")
    ] = None,
    max_connections: Annotated[
        int | None, typer.Option(help="Connections at once of a process. \\[default: 1000]")
    ] = None,
    version_source_pattern: Annotated[
        str | None, typer.Option(help="Regular expression that sources of registered versions match. \\[default: any]")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file. \\[default: podium.toml, if it is there]")] = None,
) -> None:
    """Run the server. Each option can also come from PODIUM_… in the environment, or from a TOML file."""
    given = {
        "host": host,
        "port": port,
        "data": data,
        "database_url": database_url,
        "artifact_store": artifact_store,
        "presigned_urls": presigned_urls,
        "workers": workers,
        "log_format": log_format,
        "log_level": log_level,
        "allow_unauthenticated": allow_unauthenticated,
        "client_timeout": client_timeout,
        "max_connections": max_connections,
        "version_source_pattern": version_source_pattern,
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
    from podium.app import claimed_data
    from podium.logs import configure_logs

    configure_logs(settings.log_format, settings.log_level)
    with claimed_data(settings):
        if not is_loopback(settings.host) and not settings.allow_unauthenticated:
            _require_accounts(settings)
        _serve(settings)


def _require_accounts(settings: Settings) -> None:
    import asyncio

    from podium.app import ADMIN_KEY_VARIABLE, Podium

    podium = Podium(settings)
    try:
        is_open = asyncio.run(podium.services.sign_in.is_open())
    finally:
        podium.close()
    if is_open:
        raise InvalidArgument(
            f"Setting 'host' has to be 127.0.0.1, ::1 or localhost: {settings.host} can be reached from other machines,"
            f" and this server has no accounts. Put an administrator's API key into {ADMIN_KEY_VARIABLE} and make "
            "users with it, or say --allow-unauthenticated to let everyone in who reaches it."
        )


def _serve(settings: Settings) -> None:
    from podium.app import SETTINGS_VARIABLE, uvicorn_config

    listener = _listen(settings)
    # Worker processes are started afresh and build the application themselves, from these settings.
    os.environ[SETTINGS_VARIABLE] = msgspec.json.encode(settings).decode()
    config = uvicorn_config("podium.app:app_from_environment", settings, factory=True, workers=settings.workers)
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104  shown, not bound
    url = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    banner = _BANNER.format(url=url, data=settings.data_folder)
    if settings.workers > 1:
        _serve_with_workers(config, listener, settings, banner)
    else:
        _serve_alone(config, listener, banner)


def _serve_with_workers(config: "uvicorn.Config", listener: socket.socket, settings: Settings, banner: str) -> None:
    from uvicorn.supervisors import Multiprocess

    from podium.app import Podium

    Podium(settings).close()  # what would stop each of them is said once, and the database is migrated
    print(banner, flush=True)  # the workers start behind it, each on its own
    workers = Multiprocess(config, sockets=[listener])
    workers.run()
    if any(process.exitcode == STARTUP_FAILURE for process in workers.processes):
        raise _not_started()


def _serve_alone(config: "uvicorn.Config", listener: socket.socket, banner: str) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """Says where it is once it answers there."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(banner, flush=True)

    try:
        Server(config).run(sockets=[listener])
    except SystemExit as error:
        raise _not_started() from error
    except KeyboardInterrupt:
        pass  # raised again by uvicorn when it has stopped in good order


def _not_started() -> StorageUnavailable:
    return StorageUnavailable("The server could not start; the lines above say why.")


def _listen(settings: Settings) -> socket.socket:
    """The socket that the server answers on, taken before anything is said to be there."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise InvalidArgument(
            f"Cannot listen on {settings.host}:{settings.port}: {str(error.strerror).partition(' (while ')[0]}. "
            "Another server may have the port: choose one with --port."
        ) from error
