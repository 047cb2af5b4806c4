"""The actor of an MLflow request: who by its credentials, where by the workspace header."""

from starlette.requests import Request

from podium.asgi.actor import actor_of_scope
from podium.asgi.headers import header
from podium.domain.access import Actor
from podium.services import Services

HEADER = b"x-mlflow-workspace"


async def actor_of(services: Services, request: Request) -> Actor:
    """The caller, addressing the workspace it names, else its own one. Raises NotSignedIn."""
    return await actor_of_scope(services, request.scope, header(request.scope, HEADER).strip())
