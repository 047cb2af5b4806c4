"""Reading request bodies within a limit."""

from starlette.requests import ClientDisconnect, Request

from podium.asgi.limits import MAX_JSON_BYTES
from podium.errors import TooLarge


async def read_body(request: Request, limit: int = MAX_JSON_BYTES) -> bytes:
    """The whole body. Raises TooLarge as soon as it is over `limit` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge(f"The request's body has {announced} bytes; at most {limit} are taken.")
    receive = request.receive  # not `Request.stream`: most bodies are one message, and the generator costs more
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The request's body is over {limit} bytes.")
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
