"""Large bodies, received past uvicorn's parser.

Parsed bodies are copied four times on their way to the application, in pieces of 64 KiB. Of a large body with an
announced length the parser needs to see nothing: once the application asks for it, the socket's bytes go straight
into the application's buffers, and never one byte more than belongs to the body.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import httptools
from starlette.requests import ClientDisconnect

from podium.asgi.bodies import DIRECT_BODY
from podium.asgi.limits import MIN_BODY_BYTES_PER_S
from podium.asgi.transport import JoiningProtocol
from podium.errors import TooSlow

LARGE_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_WASTE_BYTES = 64 << 10


class LargeBodyProtocol(JoiningProtocol):
    """Gives the application each large body as `scope["extensions"][DIRECT_BODY]` too."""

    timeout_s = 60.0  # how long an application waits for its body without much of it coming
    _large: "LargeBody | None" = None  # the body that the parser is within

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._large = None
        if self.scope["method"] != "PUT":  # files are put
            return
        announced = next((value for name, value in self.headers if name == b"content-length"), b"")
        if len(announced) > 6 and int(announced) >= LARGE_BYTES and self.cycle and self.cycle.scope is self.scope:
            self._large = LargeBody(self, int(announced))
            cast("dict[str, Any]", self.scope)["extensions"] = {DIRECT_BODY: self._large}

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._large is not None:
            self._large.drop_rest()

    def take_back(self) -> None:
        """Parse again, from where the next request begins."""
        self.flow.pause_reading()  # a protocol of another kind is not to be set while reading
        self.transport.set_protocol(self)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self.flow.resume_reading()

    def note_activity(self) -> None:
        """A connection on which bytes arrive is not idle."""
        self._unset_keepalive_if_required()


class LargeBody(asyncio.BufferedProtocol):
    """The body of one request. It is the connection's protocol from the first `read_into` to the body's end."""

    def __init__(self, connection: LargeBodyProtocol, size_bytes: int) -> None:
        self._connection, self._cycle = connection, connection.cycle
        self._left = size_bytes  # not yet read by the application
        self._target: memoryview | None = None
        self._filled: asyncio.Future[None] | None = None
        self._took_over = False

    async def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer and says with how many bytes; fewer than it holds only where the body ends.

        Raises ClientDisconnect when the client goes away before, and TooSlow when next to nothing comes.
        """
        count = self._take_parsed(buffer)
        rest = buffer[count : count + self._left]
        if rest:
            await self._receive(rest)
        return count + len(rest)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        buffer = memoryview(bytearray(_CHUNK_BYTES))
        while count := await self.read_into(buffer):
            yield bytes(buffer[:count])

    def _take_parsed(self, buffer: memoryview) -> int:
        """Moves what the parser had received already."""
        parsed = self._cycle.body
        count = min(len(parsed), len(buffer))
        buffer[:count] = parsed[:count]
        del parsed[:count]
        self._left -= count
        return count

    async def _receive(self, target: memoryview) -> None:
        if self._cycle.disconnected:
            raise ClientDisconnect
        self._take_over()
        self._target = target
        self._filled = asyncio.get_running_loop().create_future()
        self._connection.flow.resume_reading()
        watch = asyncio.ensure_future(self._give_up_when_slow(self._filled))
        try:
            await self._filled
        finally:
            watch.cancel()
            self._target = self._filled = None
            if self._left:
                self._connection.flow.pause_reading()

    async def _give_up_when_slow(self, filled: asyncio.Future[None]) -> None:
        limit_s = self._connection.timeout_s
        least = int(limit_s * MIN_BODY_BYTES_PER_S)
        while not filled.done():
            left = self._left
            await asyncio.sleep(limit_s)
            if left - self._left < least and not filled.done():
                filled.set_exception(
                    TooSlow(
                        f"The request's body stopped, {self._left} bytes before its end: {MIN_BODY_BYTES_PER_S} bytes "
                        f"a second have to come, on average over {limit_s:g} seconds."
                    )
                )

    def _take_over(self) -> None:
        if self._took_over:
            return
        self._took_over = True
        transport = self._connection.transport
        if self._cycle.waiting_for_100_continue:
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._cycle.waiting_for_100_continue = False
        self._connection.flow.pause_reading()
        transport.set_protocol(self)

    def drop_rest(self) -> None:
        """Receive what is left of the body for nobody: the answer was given before its end."""
        if self._took_over and self._left:
            self._target = memoryview(bytearray(_WASTE_BYTES))
            self._connection.flow.resume_reading()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  the name is asyncio's
        assert self._target is not None, "reading is paused while nobody waits"
        return self._target[: self._left]

    def buffer_updated(self, nbytes: int) -> None:
        assert self._target is not None, "reading is paused while nobody waits"
        self._left -= nbytes
        self._connection.note_activity()
        if self._filled is not None:
            self._target = self._target[nbytes:]
        if not self._left:
            self._end()
        elif not self._target:
            self._connection.flow.pause_reading()
        if self._filled is not None and not self._target and not self._filled.done():
            self._filled.set_result(None)

    def _end(self) -> None:
        self._cycle.more_body = False
        self._cycle.message_event.set()
        self._connection.take_back()

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)
        if self._filled is not None and not self._filled.done():
            self._filled.set_exception(ClientDisconnect())
