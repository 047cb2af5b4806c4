"""Answers that are files: ranges, conditions, and headers that keep a browser from running what it downloads."""

import mimetypes
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from podium.domain.manifests import ManifestEntry

Open = Callable[[int, int], AsyncIterator[bytes]]

_SENT_BYTES = 256 << 10

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_TOKEN = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_TYPES = mimetypes.MimeTypes()  # Python's own table: the host's would differ from machine to machine
# Extensions, and names without one, that MLflow's clients and pages expect as plain text.
_TEXT = re.compile(
    r"txt|log|err|cfg|conf|cnf|cf|ini|properties|prop|hocon|toml|ya?ml|xml|json|js|py3?|csv|tsv|md|rst|ipynb"
    r"|MLmodel|mlproject"
)


class _Unsatisfiable(Exception):
    """The range lies outside of the file."""


async def download(request: Request, file: ManifestEntry, read: Open) -> Response:
    """The answer to a GET or HEAD of `file`; `read` opens its bytes from and up to a position.

    What goes wrong with the first bytes is raised here, where it can still become an error answer.
    """
    headers = file_headers(file)
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        asked = _asked_range(request, file)
    except _Unsatisfiable:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{file.size_bytes}"})
    start, end = asked or (0, file.size_bytes)
    headers["content-length"] = str(end - start)
    if asked:
        headers["content-range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    status = 206 if asked else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    chunks = read(start, end)
    first = await anext(chunks, b"")
    if len(first) == end - start:
        return Response(first, status, headers)
    return _Streamed(first, chunks, status, headers)


def file_headers(file: ManifestEntry) -> dict[str, str]:
    """The headers of every answer about a file."""
    name = file.path.rpartition("/")[2]
    return {
        "content-type": content_type(name),
        "content-disposition": _disposition(name),
        "x-content-type-options": "nosniff",
        "accept-ranges": "bytes",
        "cache-control": "no-cache",
        "etag": f'"{file.digest}"',
    }


def content_type(name: str) -> str:
    """The type of a file of this name, as MLflow tells it."""
    if _TEXT.fullmatch(name.rpartition(".")[2]):
        return "text/plain"
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def _disposition(name: str) -> str:
    if _TOKEN.fullmatch(name):
        return f"attachment; filename={name}"
    plain = re.sub(r'[^ -~]|["\\]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _asked_range(request: Request, file: ManifestEntry) -> tuple[int, int] | None:
    """The one range asked for; None for the whole file, which is also the answer to forms that are not served."""
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or match[0] == "bytes=-":
        return None
    if request.headers.get("if-range", f'"{file.digest}"') != f'"{file.digest}"':
        return None
    size = file.size_bytes
    if not match[1]:
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
        if match[2] and int(match[2]) < int(match[1]):
            return None
    if start >= end:
        raise _Unsatisfiable
    return start, end


class _Streamed(Response):
    """A body sent piece by piece; it ends as soon as the client is gone, and waits in little memory when it is slow."""

    def __init__(self, first: bytes, rest: AsyncIterator[bytes], status: int, headers: dict[str, str]) -> None:
        self.status_code, self.background = status, None
        self._first, self._rest = [first], rest
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                # The server keeps a copy of what the client has not read of each message.
                for start in range(0, len(piece), _SENT_BYTES):
                    part = memoryview(piece)[start : start + _SENT_BYTES]
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                if await request.is_disconnected():
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        yield self._first.pop()  # not held for as long as the rest takes
        async for piece in self._rest:
            yield piece
