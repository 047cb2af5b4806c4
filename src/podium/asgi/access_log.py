"""One log line a request: its id, method, path, status, duration, bytes, and the client's version. Counts it too."""

import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podium.asgi.limits import ENDLESS, UNLOGGED
from podium.asgi.metrics import RequestMetrics
from podium.asgi.request_log import RequestLog
from podium.domain.ids import new_request_id

_TOKEN = re.compile(r"/gAAAA[\w=-]+")  # how all that a SecretBox seals begins
_GRANT = re.compile(r"^(/artifacts/(?:upload|content/[^/]+)/)[^/]+")


class AccessLog:
    """Wraps the application. The request's id comes from `X-Request-Id`, else it is made here, and is answered."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics, log: RequestLog | None) -> None:
        """Without a `log`, requests are only counted."""
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        given, client = b"", b""
        for name, value in scope["headers"]:
            if name == b"user-agent":
                client = value
            elif name == b"x-request-id":
                given = value
        request_id = _printable(given[:64]) or new_request_id()
        scope["request_id"] = request_id
        answered = (b"x-request-id", request_id.encode())
        status, sent = 500, 0

        async def counting_send(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            elif message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), answered]
            await send(message)

        try:
            await self._app(scope, receive, counting_send)
        finally:
            took = time.perf_counter() - started
            # What goes on for as long as somebody looks was answered when it began.
            self._metrics.observe(scope["method"], status, scope[ENDLESS] - started if ENDLESS in scope else took)
            if self._log is not None and UNLOGGED not in scope:
                # The path as it was sent: decoded, it could hold line breaks and forge lines.
                path = _without_token(scope.get("raw_path", b"").decode("latin-1") or scope["path"])
                self._log.add(request_id, scope["method"], path, status, sent, took, _printable(client[:200]))


def _without_token(path: str) -> str:
    """The path; who reads the log of one of the server's own links is not to read or write its file too."""
    if path.startswith("/artifacts/"):
        return _GRANT.sub(r"\1***", path)
    return _TOKEN.sub("/***", path) if "/gAAAA" in path else path


def _printable(value: bytes) -> str:
    """The text, without what is not printable ASCII: it is shown in a log and answered in a header."""
    text = value.decode("ascii", "ignore")
    return text if text.isprintable() else "".join(filter(str.isprintable, text))
