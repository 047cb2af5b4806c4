"""Signing in and out with a browser."""

from datetime import UTC, datetime

from starlette.responses import RedirectResponse, Response

from podium.asgi.actor import actor_of_account
from podium.domain.access import Account
from podium.errors import NotSignedIn
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.sessions import SESSION_COOKIE, keep_cookie, session_credentials
from podium.protocols.pages.visit import Page, Redirect, Visit
from podium.services.sign_in import BROWSER_KEY, Credentials


async def show(visit: Visit) -> Answer:
    """The form; nobody has to fill it in where the server is open."""
    if await visit.services.sign_in.is_open():
        return Redirect(_next(visit.query("next")))
    return _form(visit.query("next"))


async def sign_in(visit: Visit) -> Answer:
    """Take a user's name and password, or an API key alone, and have the browser keep a key of its own."""
    given = Credentials(visit.field("user").strip() or None, visit.field("secret").strip())
    try:
        account = await visit.services.sign_in.account(given)
    except NotSignedIn as error:
        return _form(visit.field("next"), error.message, visit.field("user"))
    response = RedirectResponse(_next(visit.field("next")), 303)
    if account is not None:
        keep_cookie(visit.request, response, SESSION_COOKIE, await _browser_key(visit, account, given))
    return response


async def sign_out(visit: Visit) -> Answer:
    """Revoke the browser's key and let go of it."""
    credentials = session_credentials(visit.request)
    if credentials is not None:
        await visit.services.sign_in.end(credentials)
    response: Response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


async def _browser_key(visit: Visit, account: Account, given: Credentials) -> str:
    if account.id is None:  # the administrator of the settings has no user that keys belong to
        return given.secret
    today = datetime.now(UTC).date().isoformat()
    actor = actor_of_account(account, "")
    key, _ = await visit.services.api_keys.create(actor, account.name, f"{BROWSER_KEY}, {today}")
    return key


def _form(next_page: str, problem: str = "", user: str = "") -> Page:
    values = {"next_page": _next(next_page), "problem": problem, "user": user}
    return Page("sign_in.html", values, 401 if problem else 200)


def _next(address: str) -> str:
    """A page of this server: nothing leads elsewhere."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and address.isprintable() else "/"


ENDPOINTS = (
    Endpoint("GET", "/sign-in", show, public=True),
    Endpoint("POST", "/sign-in", sign_in, public=True),
    Endpoint("POST", "/sign-out", sign_out, public=True),
)
