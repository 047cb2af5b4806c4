"""The composition root: settings become a store, blobs, services, and the ASGI application over them."""

import asyncio
import logging
import os
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import NoReturn

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from podium.asgi.access_log import AccessLog
from podium.asgi.health import health_routes
from podium.asgi.landing import LANDING
from podium.asgi.metrics import RequestMetrics
from podium.asgi.router import Mount, Router
from podium.blobs.files import make_folder
from podium.blobs.local import LocalBlobs
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
from podium.services import Services
from podium.services.context import Context
from podium.services.secret_box import SecretBox
from podium.settings import Settings
from podium.store.claim import claimed
from podium.store.engine import open_store
from podium.worker.loop import Worker

SETTINGS_VARIABLE = "PODIUM_SERVER_SETTINGS"
WORKER_RETRY_S = 1.0

_log = logging.getLogger("podium")


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
        try:
            self._blobs = LocalBlobs.open(settings.blob_folder)
        except OSError as error:
            raise StorageUnavailable(f"The blob folder {settings.blob_folder} cannot be used: {error}") from error
        self._store = open_store(settings.database_url, settings.data_folder)
        self.context = Context(
            store=self._store,
            blobs=self._blobs,
            secrets=SecretBox(settings.data_folder / "secret.key"),
            version_source_pattern=settings.version_source_pattern,
        )
        self.services = Services(self.context)
        self.worker = Worker(self.services.deliveries)
        metrics = RequestMetrics()
        operators = Mount((), (LANDING, *health_routes(self.services.health, metrics)), endpoint_not_found, shape_error)
        native = native_mount(Api(self.services, _GRAMMARS))
        self.asgi: ASGIApp = AccessLog(Router((operators, native, mlflow_mount(self.services))), metrics)

    def close(self) -> None:
        """Finish what is under way and let go of the data folder."""
        self._blobs.close()
        self._store.close()


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
    return create_app(settings)


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
                await send({"type": "lifespan.startup.complete"})
            else:
                if podium is not None:
                    await podium.worker.stop()
                    podium.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    return app
