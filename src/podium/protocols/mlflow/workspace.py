"""The actor of an MLflow request: who by basic auth's name, where by the workspace header."""

from starlette.requests import Request

from podium.asgi.actor import user_name
from podium.domain.access import DEFAULT_TEAM, Actor

HEADER = "x-mlflow-workspace"


def actor_of(request: Request) -> Actor:
    """The caller, addressing the workspace it names, else the default one."""
    team = request.headers.get(HEADER, "").strip()
    return Actor(name=user_name(request), team=team or DEFAULT_TEAM)
