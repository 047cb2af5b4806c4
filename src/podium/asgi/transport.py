"""Answers in one write, and small requests begun when they are whole.

uvicorn writes the head of an answer and its body one after the other, each a system call that wakes the client: for
small answers the second costs as much as making the answer did. And it begins a request with its head, though Python's
clients send the body as a packet of its own: the request would be begun, wait, and be woken.
"""

import asyncio
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# What is larger goes out at once: it fills packets of its own.
_MAX_HELD_BYTES = 16 << 10
# A body that is longer, or later, is the application's to wait for.
_MAX_AWAITED_BYTES = 64 << 10
_MAX_WAIT_S = 1.0


class JoiningTransport:
    """A transport that holds back a small write until the next one, or until the loop has nothing else to do."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends the data soon, in order."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.writelines((held, data))
        elif len(data) > _MAX_HELD_BYTES:
            self._transport.write(data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait, those held back among them."""
        return self._transport.get_write_buffer_size() + len(self._held)

    def close(self) -> None:
        """Closes the connection once all is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)


class JoiningProtocol(HttpToolsProtocol):
    """uvicorn's connection over a `JoiningTransport`; a request with a small body is begun once that has come."""

    _held: tuple[RequestResponseCycle, ASGI3Application] | None = None
    _wait: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Takes the connection in."""
        super().connection_made(JoiningTransport(transport, self.loop))  # type: ignore[arg-type]  # quacks like one

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection, and the request that was not begun."""
        self._held = None
        self._end_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes in what came; what is still missing of a small body is waited for a moment."""
        super().data_received(data)
        if self._held is not None and self._wait is None:
            self._wait = self.loop.call_later(_MAX_WAIT_S, self._begin_held)

    def on_message_complete(self) -> None:
        """The request has come whole."""
        super().on_message_complete()
        if self._held is not None:
            self._begin_held()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if cycle.more_body and not cycle.waiting_for_100_continue and _is_small(cycle):
            self._held = (cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _begin_held(self) -> None:
        self._end_wait()
        if self._held is not None:
            (cycle, app), self._held = self._held, None
            super()._start_asgi_task(cycle, app)

    def _end_wait(self) -> None:
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None


def _is_small(cycle: RequestResponseCycle) -> bool:
    for name, value in cycle.scope["headers"]:
        if name == b"content-length":
            return len(value) <= 5 and int(value) <= _MAX_AWAITED_BYTES
        if name == b"transfer-encoding":
            return False
    return True
