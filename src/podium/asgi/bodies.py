"""Reading request bodies within a limit."""

from starlette.requests import Request

from podium.asgi.limits import MAX_JSON_BYTES
from podium.errors import TooLarge


async def read_body(request: Request, limit: int = MAX_JSON_BYTES) -> bytes:
    """The whole body. Raises TooLarge as soon as it is over `limit` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge(f"The request's body has {announced} bytes; at most {limit} are taken.")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"The request's body is over {limit} bytes.")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
