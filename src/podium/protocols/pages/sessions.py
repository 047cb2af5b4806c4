"""Who looks at the pages: a cookie that stands for an API key, and the token that only our own pages know.

Signing in makes an API key for this browser, signing out revokes it: each is listed among the user's keys, with its
last use. A change is made only for a request that brings the page's token back, so no other site can make one.
"""

import hmac
import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.errors import PermissionDenied
from podium.services import Services
from podium.services.sign_in import Credentials

SESSION_COOKIE = "podium_session"
VISITOR_COOKIE = "podium_visitor"
TOKEN_HEADER = "x-csrf-token"  # noqa: S105
TOKEN_FIELD = "csrf"  # noqa: S105
KEPT_S = 30 * 24 * 3600

_RELOAD = "This page has been open for too long, or the request came from elsewhere: reload the page and try again."


class PageToken(msgspec.Struct, frozen=True):
    """Grants that requests of this browser change something."""

    visitor: str


def session_credentials(request: Request) -> Credentials | None:
    """The key that the browser has."""
    key = request.cookies.get(SESSION_COOKIE)
    return Credentials(None, key) if key else None


def visitor_of(request: Request) -> str:
    """What tells this browser from others; a new value where it has none yet."""
    return request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(24)


def page_token(services: Services, visitor: str) -> str:
    """What a page of this browser brings back with every change; it is good for a day."""
    return services.signed_urls.sign(PageToken(visitor))


def check_token(services: Services, request: Request, given: str) -> None:
    """Raise PermissionDenied unless the request comes from a page of ours."""
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    try:
        token = services.signed_urls.read(given, PageToken)
    except PermissionDenied as error:
        raise PermissionDenied(_RELOAD) from error
    if not hmac.compare_digest(visitor.encode(), token.visitor.encode()):
        raise PermissionDenied(_RELOAD)


def keep_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Have the browser keep a value that no script reads and no other site sends."""
    secure = request.url.scheme == "https"
    response.set_cookie(name, value, max_age=KEPT_S, httponly=True, samesite="lax", secure=secure)
