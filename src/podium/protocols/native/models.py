"""Registered models."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from podium.domain.access import Actor
from podium.domain.filters import Comparison, Exists, Field, FieldKind, Node, Operator
from podium.domain.registry import RegisteredModel
from podium.domain.stages import Stage
from podium.errors import AlreadyExists, InvalidArgument, NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.search import SearchInput, search_of
from podium.protocols.native.shapes import Name, Tags, shown

Key = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class ModelView(msgspec.Struct, frozen=True):
    """A registered model. `stages` has the newest version in each stage that has one, `aliases` the version of each
    alias.
    """

    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime
    tags: Tags
    aliases: dict[str, int]
    stages: dict[str, int]
    latest_version: int | None
    is_prompt: bool


class ModelPage(msgspec.Struct, frozen=True):
    """A page of models."""

    items: list[ModelView]
    next_cursor: str | None


class DeletedModel(msgspec.Struct, frozen=True):
    """The key that restores the model, also when another has its name by then."""

    key: int


class ListModels(SearchInput, frozen=True, kw_only=True):
    """A search over the team's models."""

    q: Annotated[str, Meta(description="Part of the name, in whichever case")] = ""
    tag: Annotated[str, Meta(description="`key=value`, or `key` for any value")] = ""
    stage: Annotated[Stage, Meta(description="Only models with a version in this stage")] | None = None
    alias: Annotated[str, Meta(description="Only models with this alias")] | None = None
    prompts: Annotated[bool, Meta(description="Whether prompts are listed too")] = False


class CreateModel(Input, frozen=True, kw_only=True):
    """A model to be made."""

    name: Name
    description: str | None = None
    tags: Tags = msgspec.field(default_factory=dict)


class OneModel(Input, frozen=True, kw_only=True):
    """A model by its name."""

    name: str


class UpdateModel(OneModel, frozen=True, kw_only=True):
    """What is to change; what is left out stays."""

    description: str | UnsetType | None = UNSET
    new_name: Name | UnsetType = UNSET


class RestoreModel(OneModel, frozen=True, kw_only=True):
    """A deleted model: by the key that its deletion answered, else the one of this name that was deleted last."""

    key: Key | None = None


class ModelTag(OneModel, frozen=True, kw_only=True):
    """A tag of a model."""

    key: str


class SetModelTag(ModelTag, frozen=True, kw_only=True):
    """A tag of a model and its value."""

    value: str


def view_of(model: RegisteredModel) -> ModelView:
    """A model as the API shows it."""
    return ModelView(
        name=model.name,
        description=model.description,
        created_at=shown(model.created_at),
        updated_at=shown(model.updated_at),
        tags=model.tags,
        aliases=model.aliases,
        stages={version.stage: version.version for version in model.latest},
        latest_version=max((version.version for version in model.latest), default=None),
        is_prompt=model.is_prompt,
    )


def equals(attribute: str, value: str) -> Comparison:
    """The condition that an attribute has a value."""
    return Comparison(Field(FieldKind.ATTRIBUTE, attribute), Operator.EQ, value)


def _tagged(tag: str) -> Node:
    """The condition that `key=value`, or `key` alone, stands for."""
    key, separator, value = tag.partition("=")
    field = Field(FieldKind.TAG, key)
    return Comparison(field, Operator.EQ, value) if separator else Comparison(field, Operator.IS_NOT_NULL)


async def list_models(api: Api, actor: Actor, request: ListModels) -> ModelPage:
    more: list[Node] = []
    if request.q:
        more.append(Comparison(Field(FieldKind.ATTRIBUTE, "name"), Operator.ILIKE, f"%{request.q}%"))
    if request.tag:
        more.append(_tagged(request.tag))
    if request.stage is not None:
        more.append(Exists("versions", equals("stage", request.stage)))
    if request.alias is not None:
        more.append(Exists("aliases", equals("alias", request.alias)))
    search = search_of(api, "models", request, *more)
    found = await api.services.registry.search(actor, search, prompts=request.prompts)
    return ModelPage([view_of(model) for model in found.items], found.next_page_token)


async def create_model(api: Api, actor: Actor, request: CreateModel) -> ModelView:
    return view_of(await api.services.registry.create(actor, request.name, request.tags, request.description))


async def get_model(api: Api, actor: Actor, request: OneModel) -> ModelView:
    return view_of(await api.services.registry.get(actor, request.name))


async def update_model(api: Api, actor: Actor, request: UpdateModel) -> ModelView:
    """A rename keeps versions, tags, aliases and history."""
    name = request.name
    if request.new_name is not UNSET:
        await api.services.registry.rename(actor, name, request.new_name)
        name = request.new_name
    if request.description is not UNSET:
        await api.services.registry.describe(actor, name, request.description)
    return view_of(await api.services.registry.get(actor, name))


async def delete_model(api: Api, actor: Actor, request: OneModel) -> DeletedModel:
    """Its versions, aliases and tags go with it, and come back with it until garbage collection."""
    return DeletedModel(await api.services.registry.delete(actor, request.name))


async def restore_model(api: Api, actor: Actor, request: RestoreModel) -> ModelView:
    key = await _last_deleted(api, actor, request.name) if request.key is None else request.key
    return view_of(await api.services.registry.restore(actor, key))


async def set_model_tag(api: Api, actor: Actor, request: SetModelTag) -> None:
    await api.services.registry.set_tag(actor, request.name, request.key, request.value)


async def delete_model_tag(api: Api, actor: Actor, request: ModelTag) -> None:
    await api.services.registry.delete_tag(actor, request.name, request.key)


async def _last_deleted(api: Api, actor: Actor, name: str) -> int:
    """The key of the model that was deleted last under a name, as the audit trail tells it. Raises NotFound."""
    page = await api.services.audit.list_events(
        actor, limit=1, entity="registered_model", entity_name=name, action="delete"
    )
    if not page.events:
        raise NotFound(f"No registered model named '{name}' was deleted")
    return int(page.events[0].entity_id)


_ONE = "/models/{name}"
_TAG = f"{_ONE}/tags/{{key}}"
_NAMED = (InvalidArgument, NotFound, AlreadyExists)

TOPIC = Topic(
    "models",
    "Registered models.",
    (
        Call("GET", "/models", ListModels, ModelPage, list_models, "Search models", (InvalidArgument,)),
        Call(
            "POST",
            "/models",
            CreateModel,
            ModelView,
            create_model,
            "Create a model",
            (InvalidArgument, AlreadyExists),
            status=201,
        ),
        Call("GET", _ONE, OneModel, ModelView, get_model, "Read a model"),
        Call("PATCH", _ONE, UpdateModel, ModelView, update_model, "Describe or rename a model", _NAMED),
        Call("DELETE", _ONE, OneModel, DeletedModel, delete_model, "Delete a model"),
        Call("POST", f"{_ONE}/restore", RestoreModel, ModelView, restore_model, "Restore a model", _NAMED),
        Call("PUT", _TAG, SetModelTag, None, set_model_tag, "Set a tag"),
        Call("DELETE", _TAG, ModelTag, None, delete_model_tag, "Take a tag off"),
    ),
)
