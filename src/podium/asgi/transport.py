"""Answers in one write. uvicorn writes the head of an answer and its body one after the other, each a system call that
wakes the client: for small answers the second costs as much as making the answer did.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# What is larger goes out at once: it fills packets of its own.
_MAX_HELD_BYTES = 16 << 10


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
    """uvicorn's connection over a `JoiningTransport`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Takes the connection in."""
        super().connection_made(JoiningTransport(transport, self.loop))  # type: ignore[arg-type]  # quacks like one
