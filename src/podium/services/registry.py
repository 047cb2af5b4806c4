"""Registered models: created, described, renamed, tagged, deleted with their versions, restored, and searched."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from podium.domain.access import Actor
from podium.domain.filters import Field, FieldKind, Order
from podium.domain.names import check_key
from podium.domain.registry import (
    PROMPT_TAG,
    ModelVersion,
    RegisteredModel,
    Tags,
    check_description,
    check_model_name,
    check_registry_tag,
    check_tags,
    is_prompt,
)
from podium.domain.stages import parse_stage
from podium.errors import AlreadyExists, NotFound
from podium.services.context import Context
from podium.services.forms import Forms
from podium.services.registry_changes import Recorder, lock_model, model_not_found, require_model
from podium.services.searching import Found, Search, check_limit, find_page
from podium.store import registry as rows
from podium.store import registry_search, teams
from podium.store.registry import ModelKey
from podium.store.transaction import Tx

T = TypeVar("T")
Shape = Callable[[RegisteredModel], bytes]

MAX_LISTED = 1000

_BY_NAME = Order(Field(FieldKind.ATTRIBUTE, "name"))


class Registry:
    """What the actor may do with registered models of its team."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events = Recorder(context)
        self._forms = Forms(registry_search.select_models)

    async def create(self, actor: Actor, name: str, tags: Tags, description: str | None = None) -> RegisteredModel:
        """The new model. Raises AlreadyExists, which says whether a model or a prompt has the name."""
        check_model_name(name)
        check_tags(tags)
        check_description(description)

        return await self._context.store.write(
            lambda tx: self.create_in(tx, actor, name, tags, description), brief=True
        )

    def create_in(self, tx: Tx, actor: Actor, name: str, tags: Tags, description: str | None = None) -> RegisteredModel:
        """As `create`, within a transaction, of what is known to be valid."""
        team = self._context.team_id(tx, actor)
        at = self._context.clock()
        key = rows.insert_model(tx, team_id=team, name=name, description=description, at=at)
        if key is None:
            raise _name_taken(name, PROMPT_TAG in require_model(tx, team, name).tags, PROMPT_TAG in tags)
        rows.upsert_tags(tx, key, tags)
        model = ModelKey(key, name, description, is_prompt(tags))
        after = {"name": name, "description": description, "tags": tags}
        self._events.model(tx, actor, team, model, "create", after=after, at=at)
        return require_model(tx, team, name)

    async def get(self, actor: Actor, name: str) -> RegisteredModel:
        """The model of this name. Raises NotFound."""
        check_model_name(name)
        return await self._context.store.read(lambda tx: require_model(tx, self._context.team_id(tx, actor), name))

    async def get_form(self, actor: Actor, name: str, shape: Shape) -> bytes:
        """The model of this name in the form that `shape` gives it. Raises NotFound."""
        check_model_name(name)

        def work(tx: Tx) -> bytes:
            found = rows.find_ref(tx, self._context.team_id(tx, actor), name)
            if found is None:
                raise model_not_found(name)
            return self._forms.select(tx, [found], shape)[0]

        return await self._context.store.read(work)

    async def latest_versions(self, actor: Actor, name: str, stages: list[str]) -> list[ModelVersion]:
        """The newest version of each of these stages that has one; of every stage when none is named."""
        wanted = {parse_stage(stage) for stage in stages}
        model = await self.get(actor, name)
        return [version for version in model.latest if not wanted or version.stage in wanted]

    async def describe(self, actor: Actor, name: str, description: str | None) -> RegisteredModel:
        """Set the description and return the model."""
        check_model_name(name)
        check_description(description)

        def work(tx: Tx) -> RegisteredModel:
            team = self._context.team_id(tx, actor)
            model = lock_model(tx, team, name)
            at = self._context.clock()
            rows.update_description(tx, model.id, description, at)
            if description != model.description:
                before, after = {"description": model.description}, {"description": description}
                self._events.model(tx, actor, team, model, "update", before, after, at=at)
            return require_model(tx, team, name)

        return await self._context.store.write(work, brief=True)

    async def rename(self, actor: Actor, name: str, new_name: str) -> RegisteredModel:
        """Give the model another name and return it; versions, tags, aliases and history stay with it."""
        check_model_name(name)
        check_model_name(new_name, "new_name")

        def work(tx: Tx) -> RegisteredModel:
            team = self._context.team_id(tx, actor)
            teams.lock_names(tx, team)
            model = lock_model(tx, team, name)
            if new_name != name:
                if rows.lock_model(tx, team, new_name) is not None:
                    raise AlreadyExists(f"Registered Model (name={new_name}) already exists.")
                at = self._context.clock()
                rows.update_name(tx, model.id, new_name, at)
                renamed = msgspec.structs.replace(model, name=new_name)
                self._events.model(tx, actor, team, renamed, "rename", {"name": name}, {"name": new_name}, at=at)
            return require_model(tx, team, new_name)

        return await self._context.store.write(work, brief=True)

    async def delete(self, actor: Actor, name: str) -> int:
        """Mark the model deleted, with all that belongs to it, and return the key that `restore` takes."""
        check_model_name(name)

        def work(tx: Tx) -> int:
            team = self._context.team_id(tx, actor)
            model = lock_model(tx, team, name)
            whole = require_model(tx, team, name)
            at = self._context.clock()
            rows.update_deleted(tx, model.id, at, at)
            before = {"description": whole.description, "tags": whole.tags, "aliases": whole.aliases}
            self._events.model(tx, actor, team, model, "delete", before, at=at)
            return model.id

        return await self._context.store.write(work, brief=True)

    async def restore(self, actor: Actor, key: int) -> RegisteredModel:
        """Bring a deleted model back, with all that it had. Raises AlreadyExists when another has its name now."""

        def work(tx: Tx) -> RegisteredModel:
            team = self._context.team_id(tx, actor)
            teams.lock_names(tx, team)
            model = rows.lock_deleted_model(tx, team, key)
            if model is None:
                raise NotFound(f"There is no deleted registered model with key {key}")
            if rows.lock_model(tx, team, model.name) is not None:
                raise AlreadyExists(f"Registered Model (name={model.name}) already exists.")
            at = self._context.clock()
            rows.update_deleted(tx, key, None, at)
            self._events.model(tx, actor, team, model, "restore", after={"description": model.description}, at=at)
            return require_model(tx, team, model.name)

        return await self._context.store.write(work, brief=True)

    async def set_tag(self, actor: Actor, name: str, key: str, value: str) -> None:
        """Set a tag of the model."""
        check_model_name(name)
        check_registry_tag(key, value)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            model = lock_model(tx, team, name)
            old = rows.find_tag(tx, model.id, key)
            if old == value:
                return
            rows.upsert_tags(tx, model.id, {key: value})
            rows.count_change(tx, model.id)
            before = None if old is None else {"key": key, "value": old}
            self._events.model(
                tx, actor, team, model, "set_tag", before, {"key": key, "value": value}, at=self._context.clock()
            )

        await self._context.store.write(work, brief=True)

    async def delete_tag(self, actor: Actor, name: str, key: str) -> None:
        """Take a tag off; one that is not there is fine."""
        check_model_name(name)
        check_key(key)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            model = lock_model(tx, team, name)
            old = rows.find_tag(tx, model.id, key)
            if old is None:
                return
            rows.delete_tag(tx, model.id, key)
            rows.count_change(tx, model.id)
            self._events.model(
                tx, actor, team, model, "delete_tag", {"key": key, "value": old}, at=self._context.clock()
            )

        await self._context.store.write(work, brief=True)

    async def search(self, actor: Actor, search: Search, *, prompts: bool = False) -> Found[RegisteredModel]:
        """A page of models, by name unless told otherwise; without `prompts`, prompts are left out."""
        return await self._search(actor, search, registry_search.select_models, prompts=prompts)

    async def search_forms(self, actor: Actor, search: Search, shape: Shape, *, prompts: bool = False) -> Found[bytes]:
        """As `search`, each model in the form that `shape` gives it; one that has not changed keeps its form."""

        def load(tx: Tx, keys: list[int]) -> list[bytes]:
            return self._forms.select(tx, rows.select_refs(tx, keys), shape)

        return await self._search(actor, search, load, prompts=prompts)

    async def _search(
        self, actor: Actor, search: Search, load: Callable[[Tx, list[int]], list[T]], *, prompts: bool
    ) -> Found[T]:
        check_limit(search.limit, MAX_LISTED)
        named = {item.field for item in search.order}
        order = search.order if _BY_NAME.field in named else (*search.order, _BY_NAME)
        search = msgspec.structs.replace(search, order=order)

        def work(tx: Tx) -> Found[T]:
            team = self._context.team_id(tx, actor)
            page = find_page(
                search,
                f"registered_models/{team}/{prompts}",
                lambda query: registry_search.search_models(tx, team, prompts=prompts, query=query),
            )
            return Found(load(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)


def _name_taken(name: str, old_is_prompt: bool, new_is_prompt: bool) -> AlreadyExists:  # noqa: FBT001  by position, as the words
    old, new = ("Prompt" if prompt else "Registered Model" for prompt in (old_is_prompt, new_is_prompt))
    if old == new:
        return AlreadyExists(f"{new} (name={name}) already exists.")
    return AlreadyExists(
        f"Tried to create a {new.lower()} with name {name!r}, but the name is already taken by a {old.lower()}. "
        "MLflow does not allow creating a model and a prompt with the same name."
    )
