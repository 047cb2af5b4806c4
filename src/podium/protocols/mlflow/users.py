"""Users in MLflow's words, for `mlflow.server.auth`'s client; its permissions are roles in workspaces."""

from typing import Literal

import msgspec

from podium.domain import accounts
from podium.domain.access import DEFAULT_TEAM, Actor, Role
from podium.errors import NotFound, NotSupported
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.wire import Name
from podium.services import Services

Permission = Literal["READ", "USE", "EDIT", "MANAGE"]

_ROLES: dict[Permission, Role] = {"READ": "viewer", "USE": "viewer", "EDIT": "member", "MANAGE": "admin"}
_PERMISSIONS: dict[Role, Permission] = {"viewer": "READ", "member": "EDIT", "admin": "MANAGE"}
_NONE = "NO_PERMISSIONS"


class CreateUser(msgspec.Struct):
    username: Name
    password: Name


class OfUser(msgspec.Struct):
    username: Name


class UpdatePassword(msgspec.Struct):
    username: Name
    password: Name
    current_password: str | None = None


class UpdateAdmin(msgspec.Struct):
    username: Name
    is_admin: bool


class Myself(msgspec.Struct):
    pass


class User(msgspec.Struct):
    """MLflow's `User`."""

    id: int
    username: str
    is_admin: bool


class OneUser(msgspec.Struct):
    user: User


class CurrentUser(msgspec.Struct):
    user: User
    is_basic_auth: bool = True


class OfResource(msgspec.Struct):
    username: Name
    resource_type: Name
    resource_id: Name


class Grant(OfResource):
    permission: Permission = "READ"


class Granted(msgspec.Struct):
    """`allowed` is whether the user may do more than read."""

    allowed: bool
    permission: str


def user_of(user: accounts.User) -> User:
    """A user as MLflow shows it."""
    return User(user.id, user.name, user.admin)


async def create(services: Services, actor: Actor, request: CreateUser) -> OneUser:
    """The new user joins the default workspace, which is where MLflow's users expect to be."""
    new = accounts.NewUser(name=request.username, password=request.password, team=DEFAULT_TEAM)
    return OneUser(user_of((await services.users.create(actor, new)).user))


async def get(services: Services, actor: Actor, request: OfUser) -> OneUser:
    return OneUser(user_of(await services.users.get(actor, request.username)))


async def get_current(services: Services, actor: Actor, _: Myself) -> CurrentUser:
    if actor.account is None or actor.account.id is None:
        return CurrentUser(User(0, actor.name, is_admin=True))
    return CurrentUser(user_of(await services.users.get(actor, actor.name)))


async def update_password(services: Services, actor: Actor, request: UpdatePassword) -> None:
    change = accounts.UserChange(password=request.password, current_password=request.current_password)
    await services.users.update(actor, request.username, change)


async def update_admin(services: Services, actor: Actor, request: UpdateAdmin) -> None:
    await services.users.update(actor, request.username, accounts.UserChange(admin=request.is_admin))


async def delete(services: Services, actor: Actor, request: OfUser) -> None:
    await services.users.delete(actor, request.username)


async def grant(services: Services, actor: Actor, request: Grant) -> None:
    _require_workspace(request)
    role = _ROLES[request.permission]
    await services.members.set_in_team(actor, request.resource_id, request.username, role)


async def revoke(services: Services, actor: Actor, request: OfResource) -> None:
    _require_workspace(request)
    await services.members.remove_from_team(actor, request.resource_id, request.username)


async def get_permission(services: Services, actor: Actor, request: OfResource) -> Granted:
    """What the user may do in the workspace, or with any other thing of the workspace that is addressed."""
    workspace = request.resource_id if request.resource_type == "workspace" else actor.team
    try:
        members = await services.members.list_of_team(actor, workspace)
    except NotFound:
        return Granted(allowed=False, permission=_NONE)
    role = next((member.role for member in members if member.user == request.username), None)
    return Granted(role in ("member", "admin"), _NONE if role is None else _PERMISSIONS[role])


def _require_workspace(request: OfResource) -> None:
    if request.resource_type != "workspace":
        raise NotSupported(
            f"Permissions are given for a workspace, not for a single {request.resource_type}: say resource_type "
            "'workspace' and its name as resource_id."
        )


ENDPOINTS = (
    Call("POST", "users/create", CreateUser, create),
    Call("GET", "users/get", OfUser, get),
    Call("GET", "users/current", Myself, get_current),
    Call("PATCH", "users/update-password", UpdatePassword, update_password),
    Call("PATCH", "users/update-admin", UpdateAdmin, update_admin),
    Call("DELETE", "users/delete", OfUser, delete),
    Call("POST", "users/permissions/grant", Grant, grant, version="3.0"),
    Call("POST", "users/permissions/revoke", OfResource, revoke, version="3.0"),
    Call("GET", "users/permissions/get", OfResource, get_permission, version="3.0"),
)
