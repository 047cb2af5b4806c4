"""The actor of an MLflow request: who by basic auth's name, where by the workspace header."""

from starlette.requests import Request

from podium.asgi.actor import user_name
from podium.asgi.headers import header
from podium.domain.access import DEFAULT_TEAM, Actor

HEADER = b"x-mlflow-workspace"


def actor_of(request: Request) -> Actor:
    """The caller, addressing the workspace it names, else the default one."""
    team = header(request.scope, HEADER).strip()
    return Actor(name=user_name(request), team=team or DEFAULT_TEAM)
