"""Users: people and service accounts."""

from datetime import datetime

import msgspec

from podium.domain.access import Actor
from podium.domain.accounts import NewUser, User, UserChange, UserKind
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound, PermissionDenied
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.shapes import Name, PageInput, shown


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A user. `home_team` is what it addresses when it names no team."""

    name: str
    email: str | None
    kind: UserKind
    admin: bool
    has_password: bool
    home_team: str
    created_at: datetime


class MadeUser(msgspec.Struct, frozen=True, kw_only=True):
    """A new user. `api_key` is the key that was made for it, told only here; null when none had to be made."""

    name: str
    email: str | None
    kind: UserKind
    admin: bool
    has_password: bool
    home_team: str
    created_at: datetime
    api_key: str | None


class UserList(msgspec.Struct, frozen=True):
    """A page of users, by name."""

    items: list[UserView]
    next_cursor: str | None


class Myself(msgspec.Struct, frozen=True):
    """Who asks. On a server without accounts that is nobody in particular, who may do everything."""

    name: str
    admin: bool
    home_team: str
    signed_in: bool


class AllUsers(PageInput, frozen=True, kw_only=True):
    """A page of users."""


class OneUser(Input, frozen=True, kw_only=True):
    """A user by its name."""

    name: Name


class CreateUser(Input, frozen=True, kw_only=True):
    """A user to make. With neither password nor key it gets a key. `team` is what it joins, and addresses
    when it names none.
    """

    name: Name
    password: str | None = None
    api_key: str | None = None
    email: str | None = None
    admin: bool = False
    kind: UserKind = "person"
    team: Name | None = None


class ChangeUser(OneUser, frozen=True, kw_only=True):
    """What to change of a user. Who changes their own password says the current one."""

    password: str | None = None
    current_password: str | None = None
    email: str | None = None
    admin: bool | None = None
    home_team: Name | None = None


class AskMyself(Input, frozen=True, kw_only=True):
    """Nothing to say."""


async def list_users(api: Api, actor: Actor, request: AllUsers) -> UserList:
    """It takes an administrator of the server."""
    found = await api.services.users.list_all(actor, after=request.cursor or "", limit=request.limit)
    more = len(found) == request.limit
    return UserList([view_of(user) for user in found], found[-1].name if more else None)


async def create_user(api: Api, actor: Actor, request: CreateUser) -> MadeUser:
    """It takes an administrator; for a service account of a team, who manages that team."""
    fields = {name: getattr(request, name) for name in request.__struct_fields__}
    made = await api.services.users.create(actor, NewUser(**fields))
    return MadeUser(**msgspec.structs.asdict(view_of(made.user)), api_key=made.api_key)


async def get_user(api: Api, actor: Actor, request: OneUser) -> UserView:
    return view_of(await api.services.users.get(actor, request.name))


async def change_user(api: Api, actor: Actor, request: ChangeUser) -> UserView:
    """Users may change themselves; only administrators say who is one."""
    fields = {name: getattr(request, name) for name in request.__struct_fields__ if name != "name"}
    change = UserChange(**fields)
    return view_of(await api.services.users.update(actor, request.name, change))


async def delete_user(api: Api, actor: Actor, request: OneUser) -> None:
    """Ends the user's keys and memberships, and deletes its own team with what that has."""
    await api.services.users.delete(actor, request.name)


async def get_myself(_: Api, actor: Actor, __: AskMyself) -> Myself:
    account = actor.account
    if account is None:
        return Myself(actor.name, admin=True, home_team=actor.team, signed_in=False)
    return Myself(account.name, account.admin, account.home, signed_in=True)


def view_of(user: User) -> UserView:
    """The public form of a user."""
    return UserView(
        name=user.name,
        email=user.email,
        kind=user.kind,
        admin=user.admin,
        has_password=user.has_password,
        home_team=user.home_team,
        created_at=shown(user.created_at),
    )


_REFUSALS = (InvalidArgument, NotFound, PermissionDenied, InvalidState)

TOPIC = Topic(
    "users",
    "People and service accounts. As long as there is none, the server is open to everybody who reaches it; "
    "the first one has to be an administrator.",
    (
        Call("GET", "/me", AskMyself, Myself, get_myself, "Who asks", ()),
        Call("GET", "/users", AllUsers, UserList, list_users, "List users", (InvalidArgument, PermissionDenied)),
        Call("POST", "/users", CreateUser, MadeUser, create_user, "Create a user", (*_REFUSALS, AlreadyExists), 201),
        Call("GET", "/users/{name}", OneUser, UserView, get_user, "Get a user"),
        Call("PATCH", "/users/{name}", ChangeUser, UserView, change_user, "Change a user", _REFUSALS),
        Call("DELETE", "/users/{name}", OneUser, None, delete_user, "Delete a user", _REFUSALS),
    ),
)
