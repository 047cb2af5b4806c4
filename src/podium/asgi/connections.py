"""Connections of clients that send slowly, without end, or nothing at all, and of those that do not read.

uvicorn waits for them without end. Here each step of a request has to go on within the time-out, what comes before a
body is limited, and when there are too many connections, the one that has been idle longest makes room.
"""

import asyncio
import fcntl
import sys
import termios
from http import HTTPStatus
from typing import Any, cast

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from podium.asgi.large_bodies import LargeBodyProtocol
from podium.asgi.limits import CYCLE, ENDLESS, MAX_HEAD_BYTES, MAX_PIPELINED


class Limits(msgspec.Struct, frozen=True):
    """What a server process allows its clients."""

    timeout_s: float
    max_connections: int


class PatientProtocol(LargeBodyProtocol):
    """One connection. A body that the application waits for is not watched here, but by `Patience`."""

    def __init__(self, *, limits: Limits, **given: Any) -> None:
        """`given` is what uvicorn gives."""
        super().__init__(**given)
        self.limits = limits
        self.timeout_s = limits.timeout_s
        self._in_head = self._in_body = False
        self._head_bytes = 0
        self._unparsed_bytes = 0  # since the last end of a head, piece of a body or end of a request
        self._idle_since = self.loop.time()
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._refusal = (HTTPStatus.BAD_REQUEST, "This is no valid HTTP request.")

    # Calls of the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection in, if need be in the place of an idle one, and expects a request."""
        super().connection_made(transport)  # type: ignore[arg-type]  # a narrower type than asyncio's
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        if len(self.connections) > self.limits.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        self._unset_keepalive_if_required()
        self._cancel_deadline()
        self._cancel_stall()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes in what came, and watches how long the next step takes."""
        if self.transport.is_closing():
            return
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            self._cancel_deadline()
        elif self._unparsed_bytes > MAX_HEAD_BYTES:
            self._refuse(*_HEAD_TOO_LARGE)
        elif not (self._in_head or self._unparsed_bytes or self._drains):
            self._cancel_deadline()
        elif self._deadline is None:
            self._set_deadline()

    def pause_writing(self) -> None:
        """Called when the client reads slower than the answer is made."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """Called when most of what was waiting is with the client."""
        super().resume_writing()
        self._cancel_stall()

    def timeout_keep_alive_handler(self) -> None:
        """Closes an idle connection, for good even if the client never reads what it was answered."""
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def shutdown(self) -> None:
        """Called when the server ends: an answer that has no end of its own is over, others are waited for."""
        super().shutdown()
        if self._answers and ENDLESS in self.cycle.scope:
            self.transport.close()

    # Calls of the parser

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_url(self, url: bytes) -> None:
        """A part of the URL."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer of the body."""
        self._count_head(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request is handed to the application."""
        self._in_head, self._in_body, self._unparsed_bytes = False, True, 0
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refuse_as(HTTPStatus.TOO_MANY_REQUESTS, f"At most {MAX_PIPELINED} requests may be sent ahead.")
        super().on_headers_complete()
        if self.cycle is not None and self.cycle.scope is self.scope:
            cast("dict[str, Any]", self.scope)[CYCLE] = self.cycle

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come whole."""
        self._in_body, self._unparsed_bytes, self._idle_since = False, 0, self.loop.time()
        super().on_message_complete()

    def take_back(self) -> None:
        """A large body has come whole, past the parser."""
        super().take_back()
        self._in_body, self._unparsed_bytes, self._idle_since = False, 0, self.loop.time()

    # Answers

    def on_response_complete(self) -> None:
        """What is left of the body of an answered request is read and dropped, so that the client sees the answer."""
        super().on_response_complete()
        self._idle_since = self.loop.time()
        if self._drains and self._deadline is None:
            self._set_deadline()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  what is wrong is known better here
        """Refuses what is no request, in plain text: no endpoint is known whose form the answer could take."""
        self._refuse(*self._refusal)

    @property
    def _answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _drains(self) -> bool:
        return self._in_body and not self._answers

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_as(*_HEAD_TOO_LARGE)

    def _refuse_as(self, status: HTTPStatus, message: str) -> None:
        """Makes the parser stop; `send_400_response` is called then."""
        self._refusal = (status, message)
        raise ValueError(message)

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._cancel_deadline()
        if not self._answers or self._answer_is_open:
            body = f"{message}\n".encode()
            headers = f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\nconnection: close"
            self.transport.write(STATUS_LINE[status] + headers.encode() + b"\r\n\r\n" + body)
        if self._answers:  # the application is told now, so that nothing of its answer follows
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self._watch_reader()

    @property
    def _answer_is_open(self) -> bool:
        """Whether nothing was sent yet for the request under way, and there is none before it."""
        return not self.cycle.response_started and not self.pipeline

    # Time

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(self.limits.timeout_s, self._expire)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        if self._answers:
            self._set_deadline()
        elif self._drains:
            self.transport.abort()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"A request has to come within {self.limits.timeout_s:g} seconds.")

    def _watch_reader(self) -> None:
        if self.transport.get_write_buffer_size() and self._stall is None:
            self._stall = self.loop.call_later(self.limits.timeout_s, self._check_reader, self._unread_bytes())

    def _unread_bytes(self) -> int:
        """What waits for the client, here and in the system: that holds megabytes, which a slow client reads long."""
        connection = self.transport.get_extra_info("socket")
        in_system = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
        return self.transport.get_write_buffer_size() + int.from_bytes(in_system, sys.byteorder)

    def _check_reader(self, unread_bytes: int) -> None:
        """Ends the connection when the client has read nothing since."""
        self._stall = None
        if self._unread_bytes() >= unread_bytes:
            self.transport.abort()
        else:
            self._watch_reader()

    def _cancel_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    # Room

    def _make_room(self) -> None:
        """Closes the connection that has been without a request longest; if there is none, this one."""
        others = [one for one in self.connections if isinstance(one, PatientProtocol) and one is not self]
        idle = [one for one in others if not one._answers and not one.transport.is_closing()]  # noqa: SLF001
        if idle:
            min(idle, key=lambda one: one._idle_since).transport.abort()  # noqa: SLF001
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections are in use; try again later.")


_HEAD_TOO_LARGE = (
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    f"The URL and the headers have to be within {MAX_HEAD_BYTES} bytes together.",
)
