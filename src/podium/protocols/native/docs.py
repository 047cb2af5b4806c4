"""The API's description: `/api/v1/openapi.json`, and `/api/v1/docs` to read and try it in a browser.

Every file of the page comes from this server, and its policy lets the browser load nothing from elsewhere.
"""

from importlib.metadata import version
from importlib.resources import files

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.router import Endpoint, Route
from podium.protocols.native.endpoint import PREFIX, Topic
from podium.protocols.native.openapi import openapi

_STATIC = files("podium.protocols.native") / "static"
_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "docs.js": "text/javascript",
}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def docs_routes(topics: tuple[Topic, ...]) -> tuple[Route, ...]:
    """Routes of the document and the page. Both are made when first asked for, to keep the start short."""
    document: bytes | None = None

    async def describe(_: Request) -> Response:
        nonlocal document
        if document is None:
            document = msgspec.json.encode(openapi(topics, version("podium")))
        return Response(document, media_type="application/json")

    page = _asset("docs.html", "text/html")
    assets = [Route("GET", f"{PREFIX}/docs/{name}", _asset(name, kind)) for name, kind in _ASSETS.items()]
    return (Route("GET", f"{PREFIX}/openapi.json", describe), Route("GET", f"{PREFIX}/docs", page), *assets)


def _asset(name: str, media_type: str) -> Endpoint:
    async def answer(_: Request) -> Response:
        return Response((_STATIC / name).read_bytes(), media_type=media_type, headers=_HEADERS)

    return answer
