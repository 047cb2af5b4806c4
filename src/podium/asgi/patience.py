"""An end to waiting for bodies: the request of a client that stops sending is refused, and its connection closed."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podium.asgi.limits import MIN_BODY_BYTES_PER_S
from podium.errors import TooSlow


class Patience:
    """Wraps the application. Only the time that is spent in waiting for the client counts against it."""

    def __init__(self, app: ASGIApp, timeout_s: float) -> None:
        self._app, self._timeout_s = app, timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._timeout_s)
        await self._app(scope, body.receive, body.send)


class _Body:
    """The messages of one request, those of its body within their time."""

    def __init__(self, receive: Receive, send: Send, timeout_s: float) -> None:
        self._receive, self._send, self._timeout_s = receive, send, timeout_s
        self._complete = self._late = False
        self._waited_s, self._received_bytes = 0.0, 0

    async def receive(self) -> Message:
        """The next message. Raises TooSlow when it does not come."""
        if self._complete:  # what comes now is that the client went away, and may take as long as the answer
            return await self._receive()
        message = await self._within_time()
        self._received_bytes += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Passes the message on. Behind a body that did not come nothing else can be read from the connection."""
        if self._late and message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await self._send(message)

    async def _within_time(self) -> Message:
        earned_s = self._received_bytes / MIN_BODY_BYTES_PER_S
        left_s = min(self._timeout_s, self._timeout_s + earned_s - self._waited_s)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(left_s):
                return await self._receive()
        except TimeoutError:
            self._complete = self._late = True
            raise TooSlow(
                f"The request's body stopped after {self._received_bytes} bytes: more has to come within "
                f"{self._timeout_s:g} seconds, and {MIN_BODY_BYTES_PER_S} bytes a second on average."
            ) from None
        finally:
            self._waited_s += loop.time() - started
