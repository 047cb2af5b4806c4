"""Dispatch: exact paths, parameters, prefixes, and who words what goes wrong."""

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from podium.asgi.router import Mount, Route, Router


async def show(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.scope.get('path_params', {})}")


async def broken(_: Request) -> Response:
    raise KeyError("inside")


def mount(name: str, prefix: str, *routes: Route) -> Mount:
    async def not_found(_: Request) -> Response:
        return PlainTextResponse(f"{name} lacks it", 404)

    def on_error(_: Request, error: Exception) -> Response:
        return PlainTextResponse(f"{name} words {type(error).__name__}", 500)

    return Mount((prefix,), routes, not_found, on_error)


ROUTER = Router(
    (
        mount(
            "a",
            "/a/",
            Route("GET", "/a/list", show),
            Route("GET", "/a/things/{name}", show),
            Route("PUT", "/a/files/{path:path}", show),
            Route("POST", "/a/broken", broken),
        ),
        mount("rest", "/"),
    )
)


def call(method: str, path: str) -> str:
    sent = []

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": []}
    asyncio.run(ROUTER(scope, None, send))
    return f"{sent[0]['status']} {sent[1]['body'].decode()}"


def test_exact_paths_and_head():
    assert call("GET", "/a/list") == "200 GET {}"
    assert call("HEAD", "/a/list").startswith("200")


def test_parameters_keep_an_encoded_slash_within_its_segment():
    assert call("GET", "/a/things/x%2Fy") == "200 GET {'name': 'x/y'}"
    assert call("GET", "/a/things/x/y") == "404 a lacks it"
    assert call("PUT", "/a/files/x/y%20z") == "200 PUT {'path': 'x/y z'}"


def test_a_parameter_that_is_not_utf8_is_refused():
    assert call("PUT", "/a/files/x/%ff") == "500 a words InvalidPath"


def test_what_no_route_matches_is_answered_by_the_prefix():
    assert call("POST", "/a/list") == "404 a lacks it"
    assert call("GET", "/b") == "404 rest lacks it"


def test_a_mount_words_its_own_errors():
    assert call("POST", "/a/broken") == "500 a words KeyError"
