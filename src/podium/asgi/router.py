"""Dispatches requests to the endpoints of the protocols. Paths without parameters are one dictionary look-up, because
they are the hot ones; the few with parameters are tried in turn.
"""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote, unquote_to_bytes

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from podium.errors import InvalidPath

Endpoint = Callable[[Request], Awaitable[Response]]
ErrorShaper = Callable[[Request, Exception], Response]

_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


class Route(msgspec.Struct, frozen=True):
    """One method and path. `{name}` in the path matches one segment, `{name:path}` the rest."""

    method: str
    path: str
    endpoint: Endpoint
    when: Callable[[Scope], bool] | None = None  # which requests are meant, where two protocols have the same path


class Mount(msgspec.Struct, frozen=True):
    """A protocol's routes, the prefixes that belong to it, and how it words what goes wrong beneath them."""

    prefixes: tuple[str, ...]
    routes: tuple[Route, ...]
    not_found: Endpoint  # reads in the scope's `allowed_methods` which ones the path answers
    on_error: ErrorShaper


class Router:
    """The ASGI application made of mounts; the first mount whose prefix fits answers what no route matches."""

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        self._mounts = mounts
        self._exact: dict[tuple[str, str], tuple[Endpoint, Mount]] = {}
        self._chosen: dict[tuple[str, str], list[tuple[Callable[[Scope], bool], Endpoint, Mount]]] = {}
        self._methods: dict[str, list[str]] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Endpoint, Mount]] = []
        for mount in mounts:
            for route in mount.routes:
                if route.when is not None:
                    chosen = self._chosen.setdefault((route.method, route.path), [])
                    chosen.append((route.when, route.endpoint, mount))
                elif "{" in route.path:
                    self._patterns.append((route.method, _compile(route.path), route.endpoint, mount))
                else:
                    self._exact[route.method, route.path] = (route.endpoint, mount)
                    self._methods.setdefault(route.path, []).append(route.method)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, mount = self._match(scope)
        request = Request(scope, receive)
        try:
            _check_query(scope.get("query_string", b""))
            if "path_params" in scope:
                scope["path_params"] = {name: _decoded(value) for name, value in scope["path_params"].items()}
            response = await endpoint(request)
        except Exception as error:  # noqa: BLE001  each protocol words its errors; unknown ones are logged there
            response = mount.on_error(request, error)
        await response(scope, receive, send)

    def _match(self, scope: Scope) -> tuple[Endpoint, Mount]:
        # A base URL that ends in a slash makes two of them.
        method, path = scope["method"], "/" + scope["path"].lstrip("/")
        if method == "HEAD":
            method = "GET"
        for when, chosen, mount in self._chosen.get((method, path), ()):
            if when(scope):
                return chosen, mount
        found = self._exact.get((method, path))
        if found is not None:
            return found
        # Parameters are split off the path as it was sent, so that an encoded slash stays within its segment.
        raw = "/" + scope.get("raw_path", path.encode()).split(b"?")[0].decode("latin-1").lstrip("/")
        for wanted, pattern, endpoint, mount in self._patterns:
            if wanted == method and (match := pattern.fullmatch(raw)):
                scope["path_params"] = match.groupdict()
                return endpoint, mount
        scope["allowed_methods"] = self._methods.get(path, [])
        for mount in self._mounts:
            if path.startswith(mount.prefixes):
                return mount.not_found, mount
        last = self._mounts[-1]
        return last.not_found, last


def _decoded(value: str) -> str:
    """A parameter without percent signs. What is not UTF-8 is refused: two such names must not become the same one."""
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise InvalidPath(f"The path is not UTF-8 at '{value}'.") from None


def _check_query(query: bytes) -> None:
    if b"%" not in query:
        return
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise InvalidPath("The query is not UTF-8.") from None


def _compile(path: str) -> re.Pattern[str]:
    pattern, position = "", 0
    for match in _PARAMETER.finditer(path):
        pattern += re.escape(path[position : match.start()])
        pattern += f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})"
        position = match.end()
    return re.compile(pattern + re.escape(path[position:]))
