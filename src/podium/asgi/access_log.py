"""One log line a request: its id, method, path, status, duration, bytes, and the client's version. Counts it too."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podium.asgi.metrics import RequestMetrics
from podium.domain.ids import new_token

_log = logging.getLogger("podium.request")


class AccessLog:
    """Wraps the application. The request's id comes from `X-Request-Id`, else it is made here, and is answered."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _header(scope, b"x-request-id")[:64] or new_token()
        scope["request_id"] = request_id
        status, sent = 500, 0

        async def counting_send(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode("latin-1"))]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counting_send)
        finally:
            took = time.perf_counter() - started
            self._metrics.observe(scope["method"], status, took)
            if _log.isEnabledFor(logging.INFO):
                fields = {
                    "request.id": request_id,
                    "request.method": scope["method"],
                    "request.path": scope["path"],
                    "response.status": status,
                    "response.bytes": sent,
                    "duration_ms": round(took * 1000, 2),
                    "client": _header(scope, b"user-agent")[:200],
                }
                _log.info("request", extra={"fields": fields})


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""
