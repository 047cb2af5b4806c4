"""The composition root: settings become a store, blobs, services, and the ASGI application over them."""

import asyncio
import ctypes
import gc
import logging
import os
import resource
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from typing import Any, NoReturn

import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from podium.asgi.access_log import AccessLog
from podium.asgi.connections import Limits, PatientProtocol
from podium.asgi.health import health_routes
from podium.asgi.metrics import RequestMetrics
from podium.asgi.patience import Patience
from podium.asgi.request_log import RequestLog
from podium.asgi.router import Mount, Router
from podium.blobs.base import Blobs
from podium.blobs.files import make_folder
from podium.blobs.packed import open_folder
from podium.domain.backups import UNFINISHED_RESTORE
from podium.errors import PodiumError, StorageUnavailable
from podium.logs import configure_logs
from podium.protocols.mlflow.errors import endpoint_not_found, shape_error
from podium.protocols.mlflow.grammar import (
    EXPERIMENTS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Entity,
    parse_filter,
    parse_order,
)
from podium.protocols.mlflow.routes import mlflow_mount
from podium.protocols.native.api import Api, Grammar, Searched
from podium.protocols.native.routes import native_mount
from podium.protocols.pages.routes import pages_mount
from podium.protocols.wandb.routes import wandb_mount
from podium.services import Services
from podium.services.context import Context
from podium.services.secret_box import SecretBox
from podium.settings import Settings
from podium.store.claim import claimed
from podium.store.engine import open_store
from podium.worker.loop import Worker
from podium.worker.periodic import Periodic

SETTINGS_VARIABLE = "PODIUM_SERVER_SETTINGS"
ADMIN_KEY_VARIABLE = "PODIUM_ADMIN_API_KEY"  # no setting: secrets are kept out of files and command lines
WORKER_RETRY_S = 1.0
_M_ARENA_MAX = -8  # of malloc.h

_log = logging.getLogger("podium")

# Files and connections of databases that are open at once beside those of clients.
_OTHER_DESCRIPTORS = 256


def _grammar(entity: Entity) -> Grammar:
    return Grammar(partial(parse_filter, entity=entity), partial(parse_order, entity=entity))


# The native API searches in the language that people know from the mlflow client.
_GRAMMARS: dict[Searched, Grammar] = {
    "projects": _grammar(EXPERIMENTS),
    "runs": _grammar(RUNS),
    "models": _grammar(REGISTERED_MODELS),
    "versions": _grammar(MODEL_VERSIONS),
}


class Podium:
    """A running Podium: the services, and the ASGI application that offers them. `close` ends it."""

    def __init__(self, settings: Settings) -> None:
        _make_data_folder(settings)
        if (settings.data_folder / UNFINISHED_RESTORE).exists():
            raise StorageUnavailable(
                f"A restore into {settings.data_folder} was not finished: run the same `podium restore` again, or "
                "remove the folder."
            )
        self._blobs = open_blobs(settings)
        self._store = open_store(settings.database_url, settings.data_folder)
        self.context = Context(
            store=self._store,
            blobs=self._blobs,
            secrets=SecretBox(settings.data_folder / "secret.key"),
            version_source_pattern=settings.version_source_pattern,
            admin_key=os.environ.get(ADMIN_KEY_VARIABLE) or None,
        )
        self.services = Services(self.context)
        self.worker = Worker(self.services.deliveries)
        self.periodic = (
            Periodic("ending of silent runs", self.services.run_control.give_up_silent),
            Periodic("expiry of artifacts", self.services.retention.expire),
        )
        metrics = RequestMetrics()
        operators = Mount((), health_routes(self.services.health, metrics), endpoint_not_found, shape_error)
        native = native_mount(Api(self.services, _GRAMMARS))
        self._log = RequestLog(settings.log_format, sys.stderr) if settings.log_level in ("debug", "info") else None
        clients = (native, wandb_mount(self.services), mlflow_mount(self.services))
        # Whoever asks for a path that nobody has is a client of MLflow's, unless it is a browser.
        pages = pages_mount(self.services, _GRAMMARS["runs"].parse_filter, endpoint_not_found)
        router = Router((operators, *clients, pages))
        self.asgi: ASGIApp = AccessLog(Patience(router, settings.client_timeout), metrics, self._log)

    def close(self) -> None:
        """Finish what is under way and let go of the data folder."""
        self._blobs.close()
        self._store.close()
        if self._log is not None:
            self._log.flush()


def open_blobs(settings: Settings) -> Blobs:
    """The blob store. Raises StorageUnavailable."""
    url = settings.object_store
    if url is None:
        try:
            # PostgreSQL may have servers on several hosts, which must not share an SQLite file.
            return open_folder(settings.blob_folder, packed=settings.database_url is None)
        except OSError as error:
            problem = error.strerror or error
            raise StorageUnavailable(f"The blob folder {settings.blob_folder} cannot be used: {problem}") from error
    from podium.blobs.cloud import CloudBlobs  # noqa: PLC0415  loaded only when it is used

    try:
        return CloudBlobs(url, direct=settings.presigned_urls)
    except PodiumError as error:
        raise StorageUnavailable(
            f"The object store {url} (setting 'artifact_store') cannot be used: {error.message} "
            "docs/object-stores.md says where its credentials are taken from."
        ) from error


def uvicorn_config(app: ASGIApp | str, settings: Settings, **more: Any) -> uvicorn.Config:
    """How uvicorn is to serve the application."""
    limits = Limits(settings.client_timeout, min(settings.max_connections, _spare_descriptors()))
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=partial(PatientProtocol, limits=limits),  # type: ignore[arg-type]  # all that uvicorn does is call it
        ws="none",
        lifespan="on",
        access_log=False,  # ours has the fields
        log_config=None,
        server_header=False,
        timeout_keep_alive=settings.client_timeout,
        timeout_graceful_shutdown=10,
        **more,
    )


def _spare_descriptors() -> int:
    """How many connections the system lets this process have, when it is asked for as many as it gives."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return max(most - _OTHER_DESCRIPTORS, _OTHER_DESCRIPTORS)


def _make_data_folder(settings: Settings) -> None:
    try:
        make_folder(settings.data_folder)
    except OSError as error:
        raise StorageUnavailable(f"The data folder {settings.data_folder} cannot be made: {error}") from error


def claimed_data(settings: Settings) -> AbstractContextManager[None]:
    """Keeps other servers off the data folder for as long as it is entered; any number may share one PostgreSQL.

    Raises StorageUnavailable when another server has the folder.
    """
    if settings.database_url:
        return nullcontext()
    _make_data_folder(settings)
    return claimed(settings.data_folder)


def app_from_environment() -> ASGIApp:
    """The application with the settings that `podium server` left for its worker processes."""
    settings = msgspec.json.decode(os.environ[SETTINGS_VARIABLE], type=Settings)
    configure_logs(settings.log_format, settings.log_level)
    app = create_app(settings)
    _bound_memory()
    # What is loaded by now stays: it need not be looked through again, and pages of thousands of rows, which hold no
    # cycles, are no reason to look.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    return app


def _bound_memory() -> None:
    """Let the C library keep two pools of freed memory instead of one a thread: pieces of files pass through them all.

    Fifty downloads at once then cost 66 MiB, not 198.
    """
    with suppress(AttributeError, OSError):  # another C library than GNU's
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


async def _end_worker(error: StorageUnavailable) -> NoReturn:
    """Another process takes this one's place and tries again; told of a failed start, uvicorn would end all of them."""
    _log.error("a worker process cannot start, the next one tries again: %s", error.message)
    await asyncio.sleep(WORKER_RETRY_S)
    os._exit(1)


def create_app(settings: Settings) -> ASGIApp:
    """The application with its lifespan, as uvicorn runs it: parts are opened at start and closed at the end."""
    podium: Podium | None = None

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal podium
        if scope["type"] != "lifespan":
            assert podium is not None, "uvicorn starts the lifespan first"
            await podium.asgi(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    podium = Podium(settings)
                except PodiumError as error:
                    if settings.workers > 1 and isinstance(error, StorageUnavailable):
                        await _end_worker(error)
                    await send({"type": "lifespan.startup.failed", "message": error.message})
                    return
                podium.worker.start()
                for periodic in podium.periodic:
                    periodic.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                if podium is not None:
                    for periodic in podium.periodic:
                        await periodic.stop()
                    await podium.worker.stop()
                    podium.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    return app
