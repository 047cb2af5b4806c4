"""The composition root: settings become a store, blobs, services, and the ASGI application over them."""

import os
import sys
from functools import partial

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from podium.asgi.access_log import AccessLog
from podium.asgi.health import health_routes
from podium.asgi.landing import LANDING
from podium.asgi.metrics import RequestMetrics
from podium.asgi.request_log import RequestLog
from podium.asgi.router import Mount, Router
from podium.blobs.base import Blobs
from podium.blobs.packed import open_folder
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
from podium.store.engine import open_store
from podium.worker.loop import Worker

SETTINGS_VARIABLE = "PODIUM_SERVER_SETTINGS"


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
        try:
            settings.data_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"The data folder {settings.data_folder} cannot be made: {error}") from error
        self._blobs = _open_blobs(settings)
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
        self._log = RequestLog(settings.log_format, sys.stderr) if settings.log_level in ("debug", "info") else None
        self.asgi: ASGIApp = AccessLog(Router((operators, native, mlflow_mount(self.services))), metrics, self._log)

    def close(self) -> None:
        """Finish what is under way and let go of the data folder."""
        self._blobs.close()
        self._store.close()
        if self._log is not None:
            self._log.flush()


def _open_blobs(settings: Settings) -> Blobs:
    url = settings.object_store
    if url is None:
        try:
            # PostgreSQL may have servers on several hosts, which must not share an SQLite file.
            return open_folder(settings.blob_folder, packed=settings.database_url is None)
        except OSError as error:
            raise StorageUnavailable(f"The blob folder {settings.blob_folder} cannot be used: {error}") from error
    from podium.blobs.cloud import CloudBlobs  # noqa: PLC0415  loaded only when it is used

    try:
        return CloudBlobs(url, direct=settings.presigned_urls)
    except PodiumError as error:
        raise StorageUnavailable(
            f"The object store {url} (setting 'artifact_store') cannot be used: {error.message} "
            "docs/object-stores.md says where its credentials are taken from."
        ) from error


def app_from_environment() -> ASGIApp:
    """The application with the settings that `podium server` left for its worker processes."""
    settings = msgspec.json.decode(os.environ[SETTINGS_VARIABLE], type=Settings)
    configure_logs(settings.log_format, settings.log_level)
    return create_app(settings)


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
