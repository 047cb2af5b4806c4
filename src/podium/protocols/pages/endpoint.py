"""How a page is declared, and bound to the services: sign-in, the token against forged requests, HTML, packing."""

import gzip
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from podium.asgi.actor import credentials_of
from podium.asgi.router import Route
from podium.domain.access import Account
from podium.protocols.pages.assets import accepts_gzip
from podium.protocols.pages.errors import error_page
from podium.protocols.pages.sessions import VISITOR_COOKIE, keep_cookie, page_token, session_credentials, visitor_of
from podium.protocols.pages.templating import render
from podium.protocols.pages.visit import Page, Redirect, Visit, read_form
from podium.services import Services

Answer = Page | Redirect | Response
Handler = Callable[[Visit], Awaitable[Answer]]

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
_MIN_GZIP = 1000  # bytes
_THEMES = ("light", "dark")


class Endpoint(msgspec.Struct, frozen=True):
    """A page, or a change that a page asks for. Those that are `public` ask nobody to sign in."""

    method: str
    path: str
    handler: Handler
    public: bool = False


def page_route(endpoint: Endpoint, services: Services) -> Route:
    """The route of a page."""

    async def answer(request: Request) -> Response:
        visit = Visit(request, services, None, visitor_of(request))
        try:
            if not endpoint.public:
                visit.account = await _account(services, request)
            if request.method not in ("GET", "HEAD"):
                visit.form = await read_form(request, services)
            return respond(visit, await endpoint.handler(visit))
        except Exception as error:  # noqa: BLE001  shown as a page, or logged
            return respond(visit, error_page(request, error))

    return Route(endpoint.method, endpoint.path, answer)


def respond(visit: Visit, answer: Answer) -> Response:
    """The HTTP response of what a page's handler gave."""
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Redirect):
        return _redirect(visit, answer.address)
    theme = visit.request.cookies.get("theme", "")
    common = {
        "visit": visit,
        "csrf": page_token(visit.services, visit.visitor),
        "theme": theme if theme in _THEMES else "",
        "is_open": visit.account is None,
    }
    body = render(answer.template, {**common, **answer.values})
    headers = {**SECURITY_HEADERS, **answer.headers, "vary": "accept-encoding, hx-request"}
    if len(body) >= _MIN_GZIP and accepts_gzip(visit.request):
        body = gzip.compress(body, 5, mtime=0)
        headers["content-encoding"] = "gzip"
    response = Response(body, answer.status, headers, media_type="text/html")
    if VISITOR_COOKIE not in visit.request.cookies:
        keep_cookie(visit.request, response, VISITOR_COOKIE, visit.visitor)
    return response


def _redirect(visit: Visit, address: str) -> Response:
    if visit.is_partial:  # the script takes the whole page there
        return Response(status_code=204, headers={"hx-redirect": address})
    return RedirectResponse(address, 303)


async def _account(services: Services, request: Request) -> Account | None:
    return await services.sign_in.account(session_credentials(request) or credentials_of(request.scope))
