"""Model versions: registered with a snapshot of their files, described, tagged, deleted, restored, and searched."""

import json
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from podium.domain.access import Actor
from podium.domain.aliases import check_alias
from podium.domain.events import State
from podium.domain.filters import Field, FieldKind, Order, query_digest
from podium.domain.names import check_key, check_length, check_text
from podium.domain.registry import (
    ModelVersion,
    NewVersion,
    check_description,
    check_model_name,
    check_registry_tag,
    check_tags,
    parse_version,
)
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.services.forms import Forms
from podium.services.kept_pages import KeptPages
from podium.services.registration import trace_origin
from podium.services.registry_changes import (
    Recorder,
    lock_model,
    lock_version,
    model_not_found,
    require_aliased,
    require_version,
    version_entity_id,
    version_not_found,
)
from podium.services.searching import Found, Search, check_limit, find_page
from podium.store import aliases as alias_rows
from podium.store import registry as model_rows
from podium.store import registry_history, registry_search
from podium.store import sources as source_rows
from podium.store import versions as rows
from podium.store.transaction import Tx
from podium.store.versions import NewRow

T = TypeVar("T")
Shape = Callable[[ModelVersion], bytes]

MAX_LISTED = 200_000
MAX_SOURCE = 2048
MAX_RUN_ID = 256

# The tag of a logged model that names what it was registered as. It keeps the newest ones, so that registering the
# same model for the ten-thousandth time costs what the first time did.
REGISTERED_AS = "mlflow.modelVersions"
MAX_REGISTERED_AS = 100

_NAME = Order(Field(FieldKind.ATTRIBUTE, "name"))
_NEWEST_VERSION = Order(Field(FieldKind.ATTRIBUTE, "version"), ascending=False)
_LAST_UPDATED = Order(Field(FieldKind.ATTRIBUTE, "updated_at"), ascending=False)


class Versions:
    """What the actor may do with versions of its team's models."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events = Recorder(context)
        self._forms = Forms(registry_search.select_versions)
        self._pages = KeptPages()

    async def create(self, actor: Actor, new: NewVersion) -> ModelVersion:
        """The new version, with the next number of its model and a snapshot of the files under its source.

        Raises NotFound for the model, and whatever `trace_origin` refuses.
        """
        _check_new(new, self._context.version_source_pattern)
        return await self._context.store.write(lambda tx: self.create_in(tx, actor, new), brief=True)

    def create_in(self, tx: Tx, actor: Actor, new: NewVersion, manifest_id: int | None = None) -> ModelVersion:
        """As `create`, within a transaction, of what is valid; `manifest_id` is a snapshot taken elsewhere."""
        team = self._context.team_id(tx, actor)
        at = self._context.clock()
        taken = model_rows.take_version_number(tx, team, new.name, at)
        if taken is None:
            raise model_not_found(new.name)
        model, number = taken
        origin = trace_origin(tx, team, new, at)
        if manifest_id is not None:
            origin = msgspec.structs.replace(origin, manifest_id=manifest_id)
        row = NewRow(
            model_id=model.id,
            version=number,
            description=new.description,
            user_id=actor.name,
            source=origin.source,
            location=origin.location,
            run_id=origin.run_id,
            run_link=new.run_link,
            logged_model_id=origin.logged_model_id,
            manifest_id=origin.manifest_id,
            at=at,
        )
        version = rows.insert_version(tx, new.name, row, new.tags)
        if origin.logged_model_id is not None:
            _note_registration(tx, team, origin.logged_model_id, new.name, number)
            version = require_version(tx, team, new.name, number)  # with what was measured of the logged model
        self._events.version(tx, actor, team, model, number, "create", after=_state(version), at=at)
        return version

    async def get(self, actor: Actor, name: str, version: str | int) -> ModelVersion:
        """The version. Raises NotFound."""
        check_model_name(name)
        number = parse_version(version)
        return await self._context.store.read(
            lambda tx: require_version(tx, self._context.team_id(tx, actor), name, number)
        )

    async def get_form(self, actor: Actor, name: str, version: str | int, shape: Shape) -> bytes:
        """The version in the form that `shape` gives it. Raises NotFound."""
        check_model_name(name)
        number = parse_version(version)

        def work(tx: Tx) -> bytes:
            found = rows.find_ref(tx, self._context.team_id(tx, actor), name, number)
            if found is None:
                raise version_not_found(name, number)
            return self._forms.select(tx, [found], shape)[0]

        return await self._context.store.read(work)

    async def get_form_by_alias(self, actor: Actor, name: str, alias: str, shape: Shape) -> bytes:
        """The version that an alias points to, in the form that `shape` gives it; `latest` is the newest.

        Raises NotFound for the model, and InvalidArgument for an alias that nothing has, as MLflow's client expects.
        """
        check_model_name(name)
        check_alias(alias)

        def work(tx: Tx) -> bytes:
            team = self._context.team_id(tx, actor)
            found = rows.find_ref_by_alias(tx, team, name, alias)
            if found is None:
                return shape(require_aliased(tx, team, name, alias))
            return self._forms.select(tx, [found], shape)[0]

        return await self._context.store.read(work)

    async def describe(self, actor: Actor, name: str, version: str | int, description: str | None) -> ModelVersion:
        """Set the description and return the version."""
        check_model_name(name)
        check_description(description)
        number = parse_version(version)

        def work(tx: Tx) -> ModelVersion:
            team = self._context.team_id(tx, actor)
            model, old = lock_version(tx, team, name, number)
            at = self._context.clock()
            rows.update_description(tx, old.id, description, at)
            model_rows.count_change(tx, model.id)
            if description != old.description:
                before, after = {"description": old.description}, {"description": description}
                self._events.version(tx, actor, team, model, number, "update", before, after, at=at)
            return require_version(tx, team, name, number)

        return await self._context.store.write(work, brief=True)

    async def delete(self, actor: Actor, name: str, version: str | int) -> None:
        """Mark the version deleted and take its aliases off. Its number is never given again."""
        check_model_name(name)
        number = parse_version(version)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            model, old = lock_version(tx, team, name, number)
            at = self._context.clock()
            for alias in old.aliases:
                alias_rows.delete_alias(tx, model.id, alias)
            rows.update_deleted(tx, old.id, at, at)
            model_rows.update_time(tx, model.id, at)
            self._events.version(tx, actor, team, model, number, "delete", _state(old), at=at)

        await self._context.store.write(work, brief=True)

    async def restore(self, actor: Actor, name: str, version: str | int) -> ModelVersion:
        """Bring a deleted version back, in its stage, with those of its aliases that nothing else has taken since."""
        check_model_name(name)
        number = parse_version(version)

        def work(tx: Tx) -> ModelVersion:
            team = self._context.team_id(tx, actor)
            model = lock_model(tx, team, name)
            old = rows.find_deleted_version(tx, model.id, number)
            if old is None:
                raise version_not_found(name, number)
            at = self._context.clock()
            rows.update_deleted(tx, old.id, None, at)
            for alias in _aliases_when_deleted(tx, model.id, number):
                if alias_rows.find_alias(tx, model.id, alias) is None:
                    alias_rows.upsert_alias(tx, model.id, alias, old.id)
            model_rows.update_time(tx, model.id, at)
            restored = require_version(tx, team, name, number)
            self._events.version(tx, actor, team, model, number, "restore", after=_state(restored), at=at)
            return restored

        return await self._context.store.write(work, brief=True)

    async def set_tag(self, actor: Actor, name: str, version: str | int, key: str, value: str) -> None:
        """Set a tag of the version."""
        check_model_name(name)
        check_registry_tag(key, value)
        number = parse_version(version)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            model, found = lock_version(tx, team, name, number)
            old = found.tags.get(key)
            if old == value:
                return
            rows.upsert_tags(tx, found.id, {key: value})
            model_rows.count_change(tx, model.id)
            before = None if old is None else {"key": key, "value": old}
            after = {"key": key, "value": value}
            self._events.version(tx, actor, team, model, number, "set_tag", before, after, at=self._context.clock())

        await self._context.store.write(work, brief=True)

    async def delete_tag(self, actor: Actor, name: str, version: str | int, key: str) -> None:
        """Take a tag off; one that is not there is fine."""
        check_model_name(name)
        check_key(key)
        number = parse_version(version)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            model, found = lock_version(tx, team, name, number)
            if key not in found.tags:
                return
            rows.delete_tag(tx, found.id, key)
            model_rows.count_change(tx, model.id)
            before = {"key": key, "value": found.tags[key]}
            self._events.version(tx, actor, team, model, number, "delete_tag", before, at=self._context.clock())

        await self._context.store.write(work, brief=True)

    async def search(self, actor: Actor, search: Search, *, prompts: bool = False) -> Found[ModelVersion]:
        """A page of versions, the last updated first unless told otherwise; without `prompts`, those are left out."""
        return await self._search(
            actor, search, lambda tx, keys, _: registry_search.select_versions(tx, keys), prompts=prompts
        )

    async def search_forms(self, actor: Actor, search: Search, shape: Shape, *, prompts: bool = False) -> Found[bytes]:
        """As `search`, each version in the form that `shape` gives it; one that has not changed keeps its form."""

        def load(tx: Tx, keys: list[int], model: tuple[int, int] | None) -> list[bytes]:
            # Versions change with the revision of their model.
            refs = rows.select_refs(tx, keys) if model is None else [(key, model[1]) for key in keys]
            return self._forms.select(tx, refs, shape)

        return await self._search(actor, search, load, prompts=prompts)

    async def _search(
        self,
        actor: Actor,
        search: Search,
        load: Callable[[Tx, list[int], tuple[int, int] | None], list[T]],
        *,
        prompts: bool,
    ) -> Found[T]:
        check_limit(search.limit, MAX_LISTED)
        search = msgspec.structs.replace(search, order=_whole_order(search.order))

        def work(tx: Tx) -> Found[T]:
            team = self._context.team_id(tx, actor)
            model = registry_search.find_model_asked_for(tx, team, search.condition)

            def find() -> Found[int]:
                return find_page(
                    search,
                    f"model_versions/{team}/{prompts}",
                    lambda query: registry_search.search_versions(tx, team, prompts=prompts, query=query),
                )

            if model is None or search.page_token:
                page = find()
            else:  # conditions are as long as clients like; their digests are not
                question = (query_digest(str(prompts), search.condition, search.order), search.limit)
                page = self._pages.find(model, question, find)
            return Found(load(tx, page.items, model), page.next_page_token)

        return await self._context.store.read(work)


def _whole_order(asked: tuple[Order, ...]) -> tuple[Order, ...]:
    order = asked or (_LAST_UPDATED,)
    named = {item.field for item in order}
    return (*order, *(item for item in (_NAME, _NEWEST_VERSION) if item.field not in named))


def _check_new(new: NewVersion, source_pattern: str | None) -> None:
    check_model_name(new.name)
    check_tags(new.tags)
    check_description(new.description)
    for path, value, limit in (
        ("source", new.source, MAX_SOURCE),
        ("run_id", new.run_id or "", MAX_RUN_ID),
        ("model_id", new.logged_model_id or "", MAX_RUN_ID),
        ("run_link", new.run_link or "", MAX_SOURCE),
    ):
        check_length(path, value, limit)
        check_text(path, value)
    if source_pattern and not re.search(source_pattern, new.source):
        raise InvalidArgument(f"Invalid model version source: '{new.source}'.")


def _state(version: ModelVersion) -> State:
    return {
        "description": version.description,
        "source": version.source,
        "run_id": version.run_id,
        "model_id": version.logged_model_id,
        "stage": version.stage,
        "tags": version.tags,
        "aliases": version.aliases,
        "files": version.files,
    }


def _aliases_when_deleted(tx: Tx, model_id: int, version: int) -> list[str]:
    state = registry_history.find_last_state_before(tx, version_entity_id(model_id, version), "delete")
    aliases: list[str] = json.loads(state)["aliases"] if state else []
    return aliases


def _note_registration(tx: Tx, team_id: int, logged_model_id: str, name: str, version: int) -> None:
    model = source_rows.find_logged_model(tx, team_id, logged_model_id)
    if model is None:  # deleted since the version that this one copies was registered
        return
    try:
        known = json.loads(source_rows.find_logged_model_tag(tx, model.id, REGISTERED_AS) or "[]")
    except (ValueError, RecursionError):  # anyone may set this tag
        known = []
    earlier = known[1 - MAX_REGISTERED_AS :] if isinstance(known, list) else []
    value = json.dumps([*earlier, {"name": name, "version": version}])
    source_rows.upsert_logged_model_tag(tx, model.id, REGISTERED_AS, value)
