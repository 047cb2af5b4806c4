"""Versions of registered models."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from podium.domain.access import Actor
from podium.domain.filters import Exists, Node
from podium.domain.registry import ModelVersion, NewVersion
from podium.domain.sources import LoggedModelSource, RunSource, parse_source
from podium.domain.stages import Stage
from podium.errors import InvalidArgument
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Topic
from podium.protocols.native.models import OneModel, equals
from podium.protocols.native.search import SearchInput, search_of
from podium.protocols.native.shapes import Name, Tags, VersionNumber, shown


class VersionView(msgspec.Struct, frozen=True):
    """A version. `files` says whether its files are an immutable snapshot, or a reference to a place outside."""

    name: str
    version: int
    description: str | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    stage: Stage
    aliases: tuple[str, ...]
    tags: Tags
    files: Literal["snapshot", "external"]
    source: str
    download_uri: str
    run_id: str | None
    run_link: str | None
    logged_model_id: str | None
    params: Tags
    status: str
    status_message: str | None


class VersionPage(msgspec.Struct, frozen=True):
    """A page of versions."""

    items: list[VersionView]
    next_cursor: str | None


class SearchVersions(SearchInput, frozen=True, kw_only=True):
    """A search over the versions of all of the team's models."""

    stage: Stage | None = None
    alias: Annotated[str, Meta(description="Only versions with this alias")] | None = None
    prompts: Annotated[bool, Meta(description="Whether versions of prompts are listed too")] = False


class ListVersions(SearchVersions, frozen=True, kw_only=True):
    """A search over the versions of one model."""

    name: str


class CreateVersion(OneModel, frozen=True, kw_only=True):
    """A version to be made of the files at `source`."""

    source: Annotated[
        Name, Meta(examples=["runs:/0123456789abcdef0123456789abcdef/model", "models:/m-0123456789abcdef"])
    ]
    run_id: str | None = None
    logged_model_id: str | None = None
    run_link: str | None = None
    description: str | None = None
    tags: Tags = msgspec.field(default_factory=dict)


class OneVersion(OneModel, frozen=True, kw_only=True):
    """A version by its model's name and its number."""

    version: VersionNumber


class UpdateVersion(OneVersion, frozen=True, kw_only=True):
    """What is to change; what is left out stays."""

    description: str | UnsetType | None = UNSET


class VersionTag(OneVersion, frozen=True, kw_only=True):
    """A tag of a version."""

    key: str


class SetVersionTag(VersionTag, frozen=True, kw_only=True):
    """A tag of a version and its value."""

    value: str


def view_of(version: ModelVersion) -> VersionView:
    """A version as the API shows it."""
    return VersionView(
        name=version.name,
        version=version.version,
        description=version.description,
        created_by=version.user_id,
        created_at=shown(version.created_at),
        updated_at=shown(version.updated_at),
        stage=version.stage,
        aliases=version.aliases,
        tags=version.tags,
        files=version.files,
        source=version.source,
        download_uri=version.download_uri,
        run_id=version.run_id,
        run_link=version.run_link,
        logged_model_id=version.logged_model_id,
        params=version.params,
        status=version.status,
        status_message=version.status_message,
    )


async def search_versions(api: Api, actor: Actor, request: SearchVersions) -> VersionPage:
    search = search_of(api, "versions", request, *_narrowed(request))
    found = await api.services.versions.search(actor, search, prompts=request.prompts)
    return VersionPage([view_of(version) for version in found.items], found.next_page_token)


async def list_versions(api: Api, actor: Actor, request: ListVersions) -> VersionPage:
    """The last updated first. An unknown model is not found, rather than without versions."""
    model = await api.services.registry.get(actor, request.name)
    search = search_of(api, "versions", request, equals("name", model.name), *_narrowed(request))
    found = await api.services.versions.search(actor, search, prompts=request.prompts or model.is_prompt)
    return VersionPage([view_of(version) for version in found.items], found.next_page_token)


async def create_version(api: Api, actor: Actor, request: CreateVersion) -> VersionView:
    """Takes the next number of the model, and a snapshot of the files under `source`. Where no file of this server
    is there, the version is a reference to a place outside, and says so. The run of a `runs:/` source and the logged
    model of a `models:/m-…` source need not be named again.
    """
    source = parse_source(request.source)
    new = NewVersion(
        name=request.name,
        source=request.source,
        run_id=request.run_id or (source.run_id if isinstance(source, RunSource) else None),
        logged_model_id=request.logged_model_id or (source.model_id if isinstance(source, LoggedModelSource) else None),
        run_link=request.run_link,
        description=request.description,
        tags=request.tags,
    )
    return view_of(await api.services.versions.create(actor, new))


async def get_version(api: Api, actor: Actor, request: OneVersion) -> VersionView:
    return view_of(await api.services.versions.get(actor, request.name, request.version))


async def update_version(api: Api, actor: Actor, request: UpdateVersion) -> VersionView:
    if request.description is UNSET:
        return await get_version(api, actor, request)
    version = await api.services.versions.describe(actor, request.name, request.version, request.description)
    return view_of(version)


async def delete_version(api: Api, actor: Actor, request: OneVersion) -> None:
    """Its aliases are taken off. Its number is never given again."""
    await api.services.versions.delete(actor, request.name, request.version)


async def restore_version(api: Api, actor: Actor, request: OneVersion) -> VersionView:
    """Brings back those of its aliases, too, that nothing else has taken since."""
    return view_of(await api.services.versions.restore(actor, request.name, request.version))


async def set_version_tag(api: Api, actor: Actor, request: SetVersionTag) -> None:
    await api.services.versions.set_tag(actor, request.name, request.version, request.key, request.value)


async def delete_version_tag(api: Api, actor: Actor, request: VersionTag) -> None:
    await api.services.versions.delete_tag(actor, request.name, request.version, request.key)


def _narrowed(request: SearchVersions) -> list[Node]:
    conditions: list[Node] = []
    if request.stage is not None:
        conditions.append(equals("stage", request.stage))
    if request.alias is not None:
        conditions.append(Exists("aliases", equals("alias", request.alias)))
    return conditions


_ALL = "/models/{name}/versions"
ONE = f"{_ALL}/{{version}}"
_TAG = f"{ONE}/tags/{{key}}"

TOPIC = Topic(
    "versions",
    "Versions of registered models. Their files never change.",
    (
        Call("GET", "/versions", SearchVersions, VersionPage, search_versions, "Search versions", (InvalidArgument,)),
        Call("GET", _ALL, ListVersions, VersionPage, list_versions, "List a model's versions"),
        Call("POST", _ALL, CreateVersion, VersionView, create_version, "Register a version", status=201),
        Call("GET", ONE, OneVersion, VersionView, get_version, "Read a version"),
        Call("PATCH", ONE, UpdateVersion, VersionView, update_version, "Describe a version"),
        Call("DELETE", ONE, OneVersion, None, delete_version, "Delete a version"),
        Call("POST", f"{ONE}/restore", OneVersion, VersionView, restore_version, "Restore a version"),
        Call("PUT", _TAG, SetVersionTag, None, set_version_tag, "Set a tag"),
        Call("DELETE", _TAG, VersionTag, None, delete_version_tag, "Take a tag off"),
    ),
)
