"""Domain errors as problem details (RFC 9457)."""

import logging
from http import HTTPStatus

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from podium.errors import (
    AlreadyExists,
    Conflict,
    DigestMismatch,
    InvalidArgument,
    InvalidPath,
    InvalidState,
    NotFound,
    NotSignedIn,
    NotSupported,
    PermissionDenied,
    PodiumError,
    StorageError,
    StorageFull,
    StorageUnavailable,
    TooLarge,
    TooSlow,
)
from podium.protocols.native.decode import InvalidField

_log = logging.getLogger("podium.native")

PROBLEM_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong. `type` and `status` are for programs, `title` and `detail` for people; `field` is the field of
    the request that is at fault, where one is known.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    field: str | None = None


# Type, title, status. The types are names, not addresses: they never change, and nothing needs to be fetched.
PROBLEMS: dict[type[PodiumError], tuple[str, str, int]] = {
    InvalidArgument: ("invalid-argument", "The request is not valid", 400),
    InvalidPath: ("invalid-path", "This is no path inside a tree of files", 400),
    TooLarge: ("too-large", "Over a limit", 413),
    TooSlow: ("too-slow", "The request did not come in time", 408),
    NotFound: ("not-found", "Not found", 404),
    AlreadyExists: ("already-exists", "The name is taken", 409),
    Conflict: ("conflict", "Something else stands there by now", 409),
    InvalidState: ("invalid-state", "Not possible in its present state", 409),
    NotSignedIn: ("not-signed-in", "Sign in", 401),
    PermissionDenied: ("permission-denied", "Not permitted", 403),
    NotSupported: ("not-supported", "Not supported", 501),
    DigestMismatch: ("digest-mismatch", "The bytes are not those that were announced", 422),
    StorageError: ("storage-error", "The storage failed", 500),
    StorageFull: ("storage-full", "No room is left", 507),
    StorageUnavailable: ("storage-unavailable", "The storage does not answer; try again", 503),
}


def problem_type(kind: type[PodiumError]) -> tuple[str, str, int]:
    """Type, title and status of an error, or of the nearest one above it in the tree."""
    return next(PROBLEMS[base] for base in kind.__mro__ if base in PROBLEMS)


def shape_error(request: Request, error: Exception) -> Response:
    """The answer for what an endpoint raised. What is not a domain error is logged, and told without its insides."""
    if isinstance(error, PodiumError):
        name, title, status = problem_type(type(error))
        if status >= 500:
            _log.error("request failed: %s", error.message, extra={"fields": {"request.path": request.url.path}})
        field = error.field if isinstance(error, InvalidField) else None
        return _problem(request, name, title, status, error.message, field)
    if isinstance(error, ClientDisconnect):
        return _problem(request, "cancelled", "Cancelled", 499, "The client went away before its request was complete.")
    request_id = request.scope.get("request_id")
    fields = {"request.id": request_id, "request.path": request.url.path}
    _log.error("unexpected error", exc_info=error, extra={"fields": fields})
    detail = f"Internal error; the server's log names it under {request_id}."
    return _problem(request, "internal-error", "Internal error", 500, detail)


async def endpoint_not_found(request: Request) -> Response:
    """What answers a path or method that the API does not have."""
    detail = f"No endpoint answers {request.method} {request.url.path}; /api/v1/docs lists them."
    return _problem(request, "endpoint-not-found", HTTPStatus.NOT_FOUND.phrase, 404, detail)


def _problem(request: Request, name: str, title: str, status: int, detail: str, field: str | None = None) -> Response:
    problem = Problem(f"urn:podium:problem:{name}", title, status, detail, request.url.path, field)
    headers = {"www-authenticate": 'Basic realm="Podium"'} if status == 401 else None
    return Response(msgspec.json.encode(problem), status_code=status, headers=headers, media_type=PROBLEM_TYPE)
