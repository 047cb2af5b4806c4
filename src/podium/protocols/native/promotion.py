"""Stages and aliases of versions: moved, and what stood there at a time."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from podium.domain.access import Actor
from podium.domain.stages import Stage
from podium.errors import Conflict, InvalidArgument, NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Topic
from podium.protocols.native.models import OneModel
from podium.protocols.native.shapes import Time, VersionNumber, parse_time, shown
from podium.protocols.native.versions import ONE, OneVersion, VersionView, view_of


class SetStage(OneVersion, frozen=True, kw_only=True):
    """The stage to move to; with `expected`, only if the version is in that stage now."""

    stage: Stage
    archive_existing: Annotated[bool, Meta(description="Archive the versions that stand there")] = False
    expected: Stage | None = None


class OneAlias(OneModel, frozen=True, kw_only=True):
    """An alias of a model."""

    alias: str


class SetAlias(OneAlias, frozen=True, kw_only=True):
    """The version to point to; with `expected`, only if the alias points to that now (null: to none)."""

    version: VersionNumber
    expected: VersionNumber | UnsetType | None = UNSET


class DeleteAlias(OneAlias, frozen=True, kw_only=True):
    """An alias to take off; with `expected`, only if it points to that version now."""

    expected: VersionNumber | UnsetType = UNSET


class StoodAt(OneModel, frozen=True, kw_only=True):
    """A stage or an alias, one of the two, and a time."""

    time: Time
    stage: Stage | None = None
    alias: str | None = None


class StandingView(msgspec.Struct, frozen=True):
    """A version that stood there, since when, and who put it there."""

    name: str
    version: int
    since: datetime
    actor: str


class Standings(msgspec.Struct, frozen=True):
    """The versions that stood there, by number; none when the list is empty."""

    time: datetime
    items: list[StandingView]


async def set_stage(api: Api, actor: Actor, request: SetStage) -> VersionView:
    version = await api.services.promotion.transition_stage(
        actor,
        request.name,
        request.version,
        request.stage,
        archive_existing=request.archive_existing,
        expected_stage=request.expected,
    )
    return view_of(version)


async def get_alias(api: Api, actor: Actor, request: OneAlias) -> VersionView:
    """`latest` is the newest version."""
    return view_of(await api.services.promotion.get_by_alias(actor, request.name, request.alias))


async def set_alias(api: Api, actor: Actor, request: SetAlias) -> VersionView:
    await api.services.promotion.set_alias(
        actor, request.name, request.alias, request.version, expected_version=request.expected
    )
    return view_of(await api.services.versions.get(actor, request.name, request.version))


async def delete_alias(api: Api, actor: Actor, request: DeleteAlias) -> None:
    await api.services.promotion.delete_alias(actor, request.name, request.alias, expected_version=request.expected)


async def stood_at(api: Api, actor: Actor, request: StoodAt) -> Standings:
    """Answered from the audit trail: it knows what was moved, renamed or deleted since."""
    at = parse_time("time", request.time)
    found = await api.services.registry_history.version_at(
        actor, request.name, at, stage=request.stage, alias=request.alias
    )
    items = [StandingView(item.name, item.version, shown(item.since), item.actor) for item in found]
    return Standings(shown(at), items)


_ALIAS = "/models/{name}/aliases/{alias}"
_MOVED = (InvalidArgument, NotFound, Conflict)

TOPIC = Topic(
    "promotion",
    "Which version stands in a stage and which an alias points to. A move can say what it expects to replace, and is "
    "refused as a conflict when that has changed.",
    (
        Call("PUT", f"{ONE}/stage", SetStage, VersionView, set_stage, "Move a version to a stage", _MOVED),
        Call("GET", _ALIAS, OneAlias, VersionView, get_alias, "Read the version of an alias"),
        Call("PUT", _ALIAS, SetAlias, VersionView, set_alias, "Point an alias to a version", _MOVED),
        Call("DELETE", _ALIAS, DeleteAlias, None, delete_alias, "Take an alias off", _MOVED),
        Call("GET", "/models/{name}/at", StoodAt, Standings, stood_at, "What stood in a stage or alias at a time"),
    ),
)
