"""Domain errors in W&B's form: `{"errors": [{"message": …}]}`.

The client tries again for minutes or days whatever is not 2xx, 400, 401, 403, 404, 409, 410, 413, 422 or 501
(core/internal/clients/retry_policy.go): only what may go better later gets another status.
"""

import logging

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from podium.errors import (
    AlreadyExists,
    Conflict,
    DigestMismatch,
    InvalidArgument,
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

_log = logging.getLogger("podium.wandb")

STATUSES: dict[type[PodiumError], int] = {
    InvalidArgument: 400,
    TooLarge: 413,
    TooSlow: 408,  # the body may come faster the next time
    NotFound: 404,
    AlreadyExists: 409,
    Conflict: 409,
    InvalidState: 409,
    NotSignedIn: 401,
    PermissionDenied: 403,
    NotSupported: 501,
    DigestMismatch: 422,
    StorageError: 500,
    StorageFull: 507,
    StorageUnavailable: 503,
}


def error_response(message: str, status: int) -> Response:
    """An error as W&B's client reads it."""
    body = msgspec.json.encode({"errors": [{"message": message}]})
    return Response(body, status_code=status, media_type="application/json")


def shape_error(request: Request, error: Exception) -> Response:
    """The answer for what an endpoint raised. What is not a domain error is logged, and told without its insides."""
    if isinstance(error, PodiumError):
        status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
        if status >= 500:
            _log.error("request failed: %s", error.message, extra={"fields": {"request.path": request.url.path}})
        return error_response(error.message, status)
    if isinstance(error, ClientDisconnect):
        return error_response("The client went away before its request was complete.", 400)
    return error_response(unexpected(error, request.scope.get("request_id")), 501)


def unexpected(error: BaseException, request_id: str | None) -> str:
    """Logs what is a mistake of this server, and returns what the client is told of it."""
    _log.error("unexpected error", exc_info=error, extra={"fields": {"request.id": request_id}})
    return f"Internal error; the server's log names it under {request_id}."


async def endpoint_not_found(request: Request) -> Response:
    """For paths that W&B's protocol does not have."""
    return error_response(f"No endpoint answers {request.method} {request.url.path}.", 404)
