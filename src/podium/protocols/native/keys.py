"""API keys of users."""

from datetime import datetime

import msgspec

from podium.domain.access import Actor
from podium.domain.accounts import ApiKey
from podium.errors import AlreadyExists, InvalidArgument, NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.shapes import Name, shown, shown_or_none


class KeyView(msgspec.Struct, frozen=True):
    """A key by its beginning, `hint`; the key itself is not kept. `last_used_at` is right to the minute."""

    id: int
    hint: str
    description: str
    created_at: datetime
    last_used_at: datetime | None


class KeyList(msgspec.Struct, frozen=True):
    """A user's keys, oldest first."""

    items: list[KeyView]


class MadeKey(msgspec.Struct, frozen=True):
    """A new key, `api_key`: it is told only here."""

    id: int
    api_key: str
    description: str
    created_at: datetime


class KeysOfUser(Input, frozen=True, kw_only=True):
    """A user by its name."""

    name: Name


class NewKey(KeysOfUser, frozen=True, kw_only=True):
    """A key to make; `api_key` is for keys that exist elsewhere already."""

    description: str = ""
    api_key: str | None = None


class OneKey(KeysOfUser, frozen=True, kw_only=True):
    """A key by its number."""

    id: int


async def list_keys(api: Api, actor: Actor, request: KeysOfUser) -> KeyList:
    return KeyList([view_of(key) for key in await api.services.api_keys.list_of(actor, request.name)])


async def create_key(api: Api, actor: Actor, request: NewKey) -> MadeKey:
    key, made = await api.services.api_keys.create(actor, request.name, request.description, request.api_key)
    return MadeKey(made.id, key, made.description, shown(made.created_at))


async def revoke_key(api: Api, actor: Actor, request: OneKey) -> None:
    """Nobody signs in with it any more; another server of the same database takes up to a second to notice."""
    await api.services.api_keys.revoke(actor, request.name, request.id)


def view_of(key: ApiKey) -> KeyView:
    """The public form of a key."""
    return KeyView(key.id, key.hint, key.description, shown(key.created_at), shown_or_none(key.last_used_at))


_KEYS = "/users/{name}/keys"

TOPIC = Topic(
    "api keys",
    "What programs sign in with: as a bearer token, or in basic auth as the password of `api` or of the user.",
    (
        Call("GET", _KEYS, KeysOfUser, KeyList, list_keys, "List the keys of a user"),
        Call(
            "POST",
            _KEYS,
            NewKey,
            MadeKey,
            create_key,
            "Make a key",
            (InvalidArgument, NotFound, AlreadyExists),
            201,
        ),
        Call("DELETE", _KEYS + "/{id}", OneKey, None, revoke_key, "Revoke a key"),
    ),
)
