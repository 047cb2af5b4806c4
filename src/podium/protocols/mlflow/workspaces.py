"""Workspaces: Podium's teams in MLflow's words."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import read_body
from podium.domain.access import Actor
from podium.domain.teams import DeletionMode, Team
from podium.errors import AlreadyExists, NotSupported
from podium.protocols.mlflow import wire
from podium.protocols.mlflow.endpoint import Call, Stream
from podium.protocols.mlflow.wire import Name
from podium.services import Services


class ListWorkspaces(msgspec.Struct):
    pass


class CreateWorkspace(msgspec.Struct):
    name: Name
    description: str | None = None
    default_artifact_root: str | None = None
    trace_archival_config: dict[str, Any] = {}


class WorkspaceName(msgspec.Struct):
    workspace_name: Name


class UpdateWorkspace(msgspec.Struct):
    workspace_name: Name
    description: str | None = None
    default_artifact_root: str | None = None
    trace_archival_config: dict[str, Any] = {}


class DeleteWorkspace(msgspec.Struct):
    workspace_name: Name
    mode: DeletionMode = "RESTRICT"


class Workspace(msgspec.Struct, omit_defaults=True):
    """MLflow's `Workspace` message."""

    name: str
    description: str | None = None
    default_artifact_root: str | None = None


class OneWorkspace(msgspec.Struct):
    workspace: Workspace


class Workspaces(msgspec.Struct):
    workspaces: list[Workspace]


def workspace_of(team: Team) -> Workspace:
    """A team as MLflow shows it."""
    return Workspace(team.name, team.description, team.default_artifact_root)


async def list_all(services: Services, actor: Actor, _request: ListWorkspaces) -> Workspaces:
    return Workspaces([workspace_of(team) for team in await services.teams.list_all(actor)])


async def get(services: Services, actor: Actor, request: WorkspaceName) -> OneWorkspace:
    return OneWorkspace(workspace_of(await services.teams.get(actor, request.workspace_name)))


async def create(services: Services, actor: Actor, request: Request) -> Response:
    """The client wants 201."""
    message = wire.decode_body(await read_body(request), CreateWorkspace, {})
    _refuse_archival(message.trace_archival_config)
    try:
        team = await services.teams.create(actor, message.name, message.description, message.default_artifact_root)
    except AlreadyExists:
        raise AlreadyExists(f"Workspace '{message.name}' already exists.") from None
    body = wire.encode(OneWorkspace(workspace_of(team)))
    return Response(body, status_code=201, media_type="application/json")


async def update(services: Services, actor: Actor, request: UpdateWorkspace) -> OneWorkspace:
    _refuse_archival(request.trace_archival_config)
    team = await services.teams.update(
        actor, request.workspace_name, request.description, request.default_artifact_root
    )
    return OneWorkspace(workspace_of(team))


async def delete(services: Services, actor: Actor, request: Request) -> Response:
    """The client wants 204."""
    message = wire.decode_query(request.query_params.multi_items(), DeleteWorkspace, request.path_params)
    await services.teams.delete(actor, message.workspace_name, message.mode)
    return Response(status_code=204)


def _refuse_archival(config: dict[str, Any]) -> None:
    if any(config.values()):
        raise NotSupported("Traces are not archived here: leave 'trace_archival_config' out.")


_PATH = "workspaces/{workspace_name}"

# 3.0 is where the client asks since workspaces were released; 2.0 is where the builds before asked.
ENDPOINTS = tuple(
    endpoint
    for version in ("3.0", "2.0")
    for endpoint in (
        Call("GET", "workspaces", ListWorkspaces, list_all, version=version),
        Stream("POST", "mlflow/workspaces", create, version=version),
        Call("GET", _PATH, WorkspaceName, get, version=version),
        Call("PATCH", _PATH, UpdateWorkspace, update, version=version),
        Stream("DELETE", f"mlflow/{_PATH}", delete, version=version),
    )
)
