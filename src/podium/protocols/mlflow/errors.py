"""Domain errors in MLflow's form: `{"error_code": …, "message": …}`, statuses as in `mlflow.exceptions`."""

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

_log = logging.getLogger("podium.mlflow")

ERRORS: dict[type[PodiumError], tuple[str, int]] = {
    InvalidArgument: ("INVALID_PARAMETER_VALUE", 400),
    TooLarge: ("INVALID_PARAMETER_VALUE", 413),
    TooSlow: ("DEADLINE_EXCEEDED", 408),
    NotFound: ("RESOURCE_DOES_NOT_EXIST", 404),
    AlreadyExists: ("RESOURCE_ALREADY_EXISTS", 400),
    Conflict: ("RESOURCE_CONFLICT", 409),
    # MLflow answers 500, which its own client tries again, to no use.
    InvalidState: ("INVALID_STATE", 400),
    NotSignedIn: ("UNAUTHENTICATED", 401),
    PermissionDenied: ("PERMISSION_DENIED", 403),
    NotSupported: ("NOT_IMPLEMENTED", 501),
    DigestMismatch: ("INVALID_PARAMETER_VALUE", 400),
    StorageError: ("INTERNAL_ERROR", 500),
    StorageFull: ("RESOURCE_EXHAUSTED", 507),
    StorageUnavailable: ("TEMPORARILY_UNAVAILABLE", 503),
}


def error_response(code: str, message: str, status: int) -> Response:
    """An error as MLflow's client reads it."""
    body = msgspec.json.encode({"error_code": code, "message": message})
    headers = {"www-authenticate": 'Basic realm="mlflow"'} if status == 401 else None
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def shape_error(request: Request, error: Exception) -> Response:
    """The answer for what an endpoint raised. What is not a domain error is logged, and told without its insides."""
    if isinstance(error, PodiumError):
        code, status = next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
        if status >= 500:
            _log.error("request failed: %s", error.message, extra={"fields": {"request.path": request.url.path}})
        return error_response(code, error.message, status)
    if isinstance(error, ClientDisconnect):
        return error_response("CANCELLED", "The client went away before its request was complete.", 499)
    _log.error(
        "unexpected error",
        exc_info=error,
        extra={"fields": {"request.id": request.scope.get("request_id"), "request.path": request.url.path}},
    )
    request_id = request.scope.get("request_id")
    return error_response("INTERNAL_ERROR", f"Internal error; the server's log names it under {request_id}.", 500)


async def endpoint_not_found(request: Request) -> Response:
    """What MLflow's client expects from a server that lacks an endpoint, or the method at one."""
    message = f"No endpoint answers {request.method} {request.url.path}."
    allowed = request.scope["allowed_methods"]
    response = error_response("ENDPOINT_NOT_FOUND", message, 405 if allowed else 404)
    if allowed:
        response.headers["Allow"] = ", ".join(allowed)
    return response
