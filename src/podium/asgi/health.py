"""The endpoints for operators: `/health`, `/ready`, `/version`, `/metrics`."""

from importlib.metadata import version

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from podium.asgi.metrics import RequestMetrics
from podium.asgi.router import Route
from podium.errors import PodiumError
from podium.services.health import Health

# The release of MLflow whose protocol is spoken here. Its client asks `/version`, and keeps parts of the protocol
# (spans of traces, for one) to itself when a server says less, or something else than a version.
PROTOCOL_RELEASE = "3.17.2"


def health_routes(health: Health, metrics: RequestMetrics) -> tuple[Route, ...]:
    """Routes for the given service."""
    release = f"{PROTOCOL_RELEASE}+podium.{version('podium')}"

    async def up(_: Request) -> Response:
        return PlainTextResponse("OK")

    async def ready(_: Request) -> Response:
        checks = await health.check()
        failed = {name: result for name, result in checks.items() if result is not None}
        body = msgspec.json.encode({"ready": not failed, "checks": {n: r or "ok" for n, r in checks.items()}})
        return Response(body, status_code=503 if failed else 200, media_type="application/json")

    async def podium_version(_: Request) -> Response:
        return PlainTextResponse(release)

    async def prometheus(_: Request) -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    return (
        Route("GET", "/health", up),
        Route("GET", "/ready", ready),
        Route("GET", "/version", podium_version),
        Route("GET", "/metrics", prometheus),
    )


def shape_error(_: Request, error: Exception) -> Response:
    """Plain text: these pages are for operators and probes."""
    message = error.message if isinstance(error, PodiumError) else "internal error"
    return PlainTextResponse(message, status_code=500)
