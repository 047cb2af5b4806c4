"""The lines of the log that tell of requests, in the forms of `podium.logs`, at a twentieth of its cost."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, TextIO

import msgspec


class _RequestLine(
    msgspec.Struct,
    rename={
        "request_id": "request.id",
        "method": "request.method",
        "path": "request.path",
        "status": "response.status",
        "sent": "response.bytes",
    },
):
    at: str
    level: str
    logger: str
    message: str
    request_id: str
    method: str
    path: str
    status: int
    sent: int
    duration_ms: float
    client: str


class RequestLog:
    """The lines about requests. They are written together a moment later: one write each would cost more than
    answering. What goes wrong is logged at once, under the request's id.
    """

    FLUSH_S = 0.2

    def __init__(self, form: Literal["json", "text"], stream: TextIO) -> None:
        self._format = _json_line if form == "json" else _text_line
        self._stream = stream
        self._waiting: list[tuple[float, str, str, str, int, int, float, str]] = []

    def add(self, request_id: str, method: str, path: str, status: int, sent: int, took_s: float, client: str) -> None:
        """Note an answered request, within the running loop; texts hold no line breaks."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(self.FLUSH_S, self.flush)
        self._waiting.append((time.time(), request_id, method, path, status, sent, round(took_s * 1000, 2), client))

    def flush(self) -> None:
        """Write what waits."""
        waiting, self._waiting = self._waiting, []
        with suppress(OSError, ValueError):  # standard error is closed: nobody is there to be told
            self._stream.write("".join([self._format(*line) for line in waiting]))
            self._stream.flush()


def _text_line(
    at: float, request_id: str, method: str, path: str, status: int, sent: int, took_ms: float, client: str
) -> str:
    return (
        f"{_clock(int(at))} info    request request.id={request_id} request.method={method} request.path={path}"
        f" response.status={status} response.bytes={sent} duration_ms={took_ms} client={client}\n"
    )


def _json_line(
    at: float, request_id: str, method: str, path: str, status: int, sent: int, took_ms: float, client: str
) -> str:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    line = _RequestLine(
        when, "info", "podium.request", "request", request_id, method, path, status, sent, took_ms, client
    )
    return msgspec.json.encode(line).decode() + "\n"


@lru_cache(maxsize=4)
def _clock(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%H:%M:%S")
