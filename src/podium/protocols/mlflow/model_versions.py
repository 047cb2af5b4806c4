"""Versions of registered models, and of prompts."""

from functools import lru_cache

import msgspec

from podium.domain.access import Actor
from podium.domain.filters import And
from podium.domain.registry import NewVersion
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.grammar import MODEL_VERSIONS, parse_filter, parse_order
from podium.protocols.mlflow.registry_shapes import (
    EncodedVersion,
    EncodedVersions,
    OneVersion,
    Tag,
    Versions,
    encoded_version,
    tag_map,
    version_of,
    without_prompt_marks,
)
from podium.protocols.mlflow.wire import Name
from podium.services import Services
from podium.services.searching import Search


class CreateVersion(msgspec.Struct):
    """`run_id` and `model_id` that are given have to fit the source, an empty one too."""

    name: Name
    source: Name
    run_id: str | None = None
    model_id: str | None = None
    run_link: str = ""
    description: str = ""
    tags: list[Tag] = []


class VersionName(msgspec.Struct):
    name: Name
    version: Name


class UpdateVersion(msgspec.Struct):
    name: Name
    version: Name
    description: str | None = None


class TransitionStage(msgspec.Struct):
    name: Name
    version: Name
    stage: Name
    archive_existing_versions: bool = False


class SetVersionTag(msgspec.Struct):
    name: Name
    version: Name
    key: Name
    value: str = ""


class DeleteVersionTag(msgspec.Struct):
    name: Name
    version: Name
    key: Name


class SearchVersions(msgspec.Struct):
    filter: str = ""
    max_results: int = 200_000
    order_by: list[str] = []
    page_token: str = ""


class DownloadUri(msgspec.Struct):
    artifact_uri: str


async def create(services: Services, actor: Actor, request: CreateVersion) -> OneVersion:
    new = NewVersion(
        name=request.name,
        source=request.source,
        run_id=request.run_id,
        logged_model_id=request.model_id,
        run_link=request.run_link,
        description=request.description,
        tags=tag_map(request.tags),
    )
    return OneVersion(version_of(await services.versions.create(actor, new)))


async def get(services: Services, actor: Actor, request: VersionName) -> EncodedVersion:
    form = await services.versions.get_form(actor, request.name, request.version, encoded_version)
    return EncodedVersion(msgspec.Raw(form))


async def update(services: Services, actor: Actor, request: UpdateVersion) -> OneVersion:
    version = await services.versions.describe(actor, request.name, request.version, request.description)
    return OneVersion(version_of(version))


async def delete(services: Services, actor: Actor, request: VersionName) -> None:
    await services.versions.delete(actor, request.name, request.version)


async def transition_stage(services: Services, actor: Actor, request: TransitionStage) -> OneVersion:
    version = await services.promotion.transition_stage(
        actor, request.name, request.version, request.stage, archive_existing=request.archive_existing_versions
    )
    return OneVersion(version_of(version))


async def set_tag(services: Services, actor: Actor, request: SetVersionTag) -> None:
    await services.versions.set_tag(actor, request.name, request.version, request.key, request.value)


async def delete_tag(services: Services, actor: Actor, request: DeleteVersionTag) -> None:
    await services.versions.delete_tag(actor, request.name, request.version, request.key)


async def get_download_uri(services: Services, actor: Actor, request: VersionName) -> DownloadUri:
    return DownloadUri((await services.versions.get(actor, request.name, request.version)).download_uri)


async def search(services: Services, actor: Actor, request: SearchVersions) -> Versions:
    asked, prompts = _asked(request)
    found = await services.versions.search(actor, asked, prompts=prompts)
    return Versions([version_of(version) for version in found.items], found.next_page_token)


async def search_encoded(services: Services, actor: Actor, request: SearchVersions) -> EncodedVersions:
    asked, prompts = _asked(request)
    found = await services.versions.search_forms(actor, asked, encoded_version, prompts=prompts)
    return EncodedVersions([msgspec.Raw(form) for form in found.items], found.next_page_token)


@lru_cache(maxsize=256)  # programs ask the same again and again
def _condition(text: str) -> tuple[And, bool]:
    return without_prompt_marks(parse_filter(text, MODEL_VERSIONS))


def _asked(request: SearchVersions) -> tuple[Search, bool]:
    """The search, and whether it is for prompts."""
    condition, prompts = _condition(request.filter)
    order = parse_order(request.order_by, MODEL_VERSIONS)
    return Search(condition, order, request.max_results, request.page_token or None), prompts


ENDPOINTS = (
    Call("POST", "model-versions/create", CreateVersion, create),
    Call("GET", "model-versions/get", VersionName, get),
    Call("PATCH", "model-versions/update", UpdateVersion, update),
    Call("DELETE", "model-versions/delete", VersionName, delete),
    Call("POST", "model-versions/transition-stage", TransitionStage, transition_stage),
    Call("POST", "model-versions/set-tag", SetVersionTag, set_tag),
    Call("DELETE", "model-versions/delete-tag", DeleteVersionTag, delete_tag),
    Call("GET", "model-versions/get-download-uri", VersionName, get_download_uri),
    Call("GET", "model-versions/search", SearchVersions, search_encoded),
)
