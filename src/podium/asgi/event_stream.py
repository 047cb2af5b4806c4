"""Server-sent events: an answer that goes on for as long as the client listens. It holds no thread."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from podium.asgi.limits import ENDLESS

RETRY_MS = 2000


def event(name: str) -> bytes:
    """An event without content; a browser that connects again says the `name` of the last one."""
    return f"id: {name}\ndata:\n\n".encode()


SIGN_OF_LIFE = b":\n\n"


class EventStream(Response):
    """Sends the `first` of the events, and others as they come; they are closed when the client has gone."""

    media_type = "text/event-stream"

    def __init__(self, first: bytes, events: AsyncGenerator[bytes], headers: Mapping[str, str]) -> None:
        # The last keeps nginx from holding events back.
        super().__init__(headers={**headers, "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._first, self._events = first, events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers the request."""
        sending = asyncio.create_task(self._send(scope, send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending

    async def _send(self, scope: Scope, send: Send) -> None:
        try:
            scope[ENDLESS] = time.perf_counter()
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            begin = f"retry: {RETRY_MS}\n\n".encode() + self._first
            await send({"type": "http.response.body", "body": begin, "more_body": True})
            async for content in self._events:
                await send({"type": "http.response.body", "body": content, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await self._events.aclose()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
