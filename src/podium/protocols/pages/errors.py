"""What went wrong, as a page, or as a note on the page that is shown."""

import logging
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from podium.errors import (
    AlreadyExists,
    Conflict,
    InvalidState,
    NotFound,
    NotSignedIn,
    PermissionDenied,
    PodiumError,
    StorageError,
    StorageFull,
)
from podium.protocols.pages.visit import Page
from podium.services.context import TeamNotFound

SIGN_IN = "/sign-in"

_log = logging.getLogger("podium.pages")

_STATUS: dict[type[PodiumError], tuple[int, str]] = {
    NotFound: (404, "Not here"),
    AlreadyExists: (409, "The name is taken"),
    Conflict: (409, "Somebody was faster"),
    InvalidState: (409, "Not possible now"),
    PermissionDenied: (403, "Not permitted"),
    StorageFull: (507, "No room is left"),
    StorageError: (503, "The storage does not answer"),
    PodiumError: (400, "That is not valid"),
}


def error_page(request: Request, error: Exception) -> Page | Response:
    """The page that tells what an endpoint raised. What is no domain error is logged, and told without its insides."""
    if isinstance(error, NotSignedIn):
        return _to_sign_in(request)
    if isinstance(error, ClientDisconnect):
        return Response(status_code=499)
    if isinstance(error, PodiumError):
        status, title = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
        if status >= 500:
            _log.error("page failed: %s", error.message, extra={"fields": {"request.path": request.url.path}})
        message = _told(error)
    else:
        request_id = request.scope.get("request_id")
        fields = {"request.id": request_id, "request.path": request.url.path}
        _log.error("unexpected error", exc_info=error, extra={"fields": fields})
        status, title = 500, "Something broke"
        message = f"Internal error; the server's log names it under {request_id}."
    partial = request.headers.get("hx-request") == "true"
    template = "notice.html" if partial else "error.html"
    # The page's script shows a notice wherever the request was made from.
    headers = {"hx-retarget": "#notices", "hx-reswap": "beforeend"} if partial else {}
    return Page(template, {"title": title, "message": message, "kind": "error"}, status, headers)


def _told(error: PodiumError) -> str:
    return f"You belong to no team '{error.team}'." if isinstance(error, TeamNotFound) else error.message


def _to_sign_in(request: Request) -> Response:
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.headers.get("hx-request") == "true":
        current = request.headers.get("hx-current-url", "/")
        return Response(status_code=204, headers={"hx-redirect": f"{SIGN_IN}?next={quote(_path(current), safe='')}"})
    return RedirectResponse(f"{SIGN_IN}?next={quote(back, safe='')}", 303)


def _path(url: str) -> str:
    return "/" + url.split("://", 1)[-1].partition("/")[2]
