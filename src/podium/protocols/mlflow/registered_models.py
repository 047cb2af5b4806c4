"""Registered models, their aliases and latest versions. Prompts travel over the same endpoints."""

import msgspec

from podium.domain.access import Actor
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.grammar import REGISTERED_MODELS, parse_filter, parse_order
from podium.protocols.mlflow.registry_shapes import (
    EncodedModel,
    EncodedModels,
    EncodedVersion,
    OneModel,
    Tag,
    Versions,
    encoded_model,
    encoded_version,
    model_of,
    tag_map,
    version_of,
    without_prompt_marks,
)
from podium.protocols.mlflow.wire import Name
from podium.services import Services
from podium.services.searching import Search


class CreateModel(msgspec.Struct):
    name: Name
    tags: list[Tag] = []
    description: str = ""


class ModelName(msgspec.Struct):
    name: Name


class UpdateModel(msgspec.Struct):
    name: Name
    description: str = ""


class RenameModel(msgspec.Struct):
    name: Name
    new_name: Name


class SetModelTag(msgspec.Struct):
    name: Name
    key: Name
    value: str = ""


class DeleteModelTag(msgspec.Struct):
    name: Name
    key: Name


class LatestVersions(msgspec.Struct):
    name: Name
    stages: list[str] = []


class SetAlias(msgspec.Struct):
    name: Name
    alias: Name
    version: Name


class AliasName(msgspec.Struct):
    name: Name
    alias: Name


class SearchModels(msgspec.Struct):
    filter: str = ""
    max_results: int = 100
    order_by: list[str] = []
    page_token: str = ""


async def create(services: Services, actor: Actor, request: CreateModel) -> OneModel:
    model = await services.registry.create(actor, request.name, tag_map(request.tags), request.description)
    return OneModel(model_of(model))


async def get(services: Services, actor: Actor, request: ModelName) -> EncodedModel:
    return EncodedModel(msgspec.Raw(await services.registry.get_form(actor, request.name, encoded_model)))


async def update(services: Services, actor: Actor, request: UpdateModel) -> OneModel:
    return OneModel(model_of(await services.registry.describe(actor, request.name, request.description)))


async def rename(services: Services, actor: Actor, request: RenameModel) -> OneModel:
    return OneModel(model_of(await services.registry.rename(actor, request.name, request.new_name)))


async def delete(services: Services, actor: Actor, request: ModelName) -> None:
    await services.registry.delete(actor, request.name)


async def set_tag(services: Services, actor: Actor, request: SetModelTag) -> None:
    await services.registry.set_tag(actor, request.name, request.key, request.value)


async def delete_tag(services: Services, actor: Actor, request: DeleteModelTag) -> None:
    await services.registry.delete_tag(actor, request.name, request.key)


async def latest_versions(services: Services, actor: Actor, request: LatestVersions) -> Versions:
    found = await services.registry.latest_versions(actor, request.name, request.stages)
    return Versions([version_of(version) for version in found])


async def set_alias(services: Services, actor: Actor, request: SetAlias) -> None:
    await services.promotion.set_alias(actor, request.name, request.alias, request.version)


async def delete_alias(services: Services, actor: Actor, request: AliasName) -> None:
    await services.promotion.delete_alias(actor, request.name, request.alias)


async def get_by_alias(services: Services, actor: Actor, request: AliasName) -> EncodedVersion:
    form = await services.versions.get_form_by_alias(actor, request.name, request.alias, encoded_version)
    return EncodedVersion(msgspec.Raw(form))


async def search(services: Services, actor: Actor, request: SearchModels) -> EncodedModels:
    condition, prompts = without_prompt_marks(parse_filter(request.filter, REGISTERED_MODELS))
    order = parse_order(request.order_by, REGISTERED_MODELS)
    asked = Search(condition, order, request.max_results, request.page_token or None)
    found = await services.registry.search_forms(actor, asked, encoded_model, prompts=prompts)
    return EncodedModels([msgspec.Raw(form) for form in found.items], found.next_page_token)


ENDPOINTS = (
    Call("POST", "registered-models/create", CreateModel, create),
    Call("GET", "registered-models/get", ModelName, get),
    Call("PATCH", "registered-models/update", UpdateModel, update),
    Call("POST", "registered-models/rename", RenameModel, rename),
    Call("DELETE", "registered-models/delete", ModelName, delete),
    Call("POST", "registered-models/set-tag", SetModelTag, set_tag),
    Call("DELETE", "registered-models/delete-tag", DeleteModelTag, delete_tag),
    Call("GET", "registered-models/get-latest-versions", LatestVersions, latest_versions),
    Call("POST", "registered-models/get-latest-versions", LatestVersions, latest_versions),
    Call("POST", "registered-models/alias", SetAlias, set_alias),
    Call("DELETE", "registered-models/alias", AliasName, delete_alias),
    Call("GET", "registered-models/alias", AliasName, get_by_alias),
    Call("GET", "registered-models/search", SearchModels, search),
)
