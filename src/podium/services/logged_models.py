"""Logged models: created when training ends, finalized when their files are there, searched and deleted."""

import msgspec

from podium.domain import ids
from podium.domain.access import Actor
from podium.domain.events import Change
from podium.domain.filters import Field, FieldKind, Order
from podium.domain.logged_models import (
    LoggedModel,
    NewLoggedModel,
    Status,
    check_new,
    check_params,
    check_tags,
    models_folder,
)
from podium.domain.run_names import random_run_name
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.projects import project_to_fill, require_active
from podium.services.searching import Found, Search, check_limit, find_page
from podium.store import logged_models as rows
from podium.store import registry
from podium.store.transaction import Tx

MAX_LISTED = 50_000

_NEWEST_FIRST = Order(Field(FieldKind.ATTRIBUTE, "created_at"), ascending=False)


class LoggedModels:
    """What the actor may do with the logged models of its team."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(self, actor: Actor, project_id: str, new: NewLoggedModel) -> LoggedModel:
        """A new logged model in an active project, pending until it is finalized."""
        check_new(new)

        def work(tx: Tx) -> LoggedModel:
            team = self._context.team_id(tx, actor)
            project = project_to_fill(tx, actor, team, project_id)
            require_active(project)
            model_id = ids.new_logged_model_id()
            key = rows.insert_logged_model(
                tx,
                new,
                model_id=model_id,
                project_id=project.id,
                name=new.name or random_run_name(),
                artifact_location=models_folder(project.artifact_location, model_id),
                at=self._context.clock(),
            )
            rows.insert_params(tx, key, new.params)
            rows.upsert_tags(tx, key, new.tags)
            return rows.load_logged_models(tx, [key])[0]

        return await self._context.store.write(work, brief=True)

    async def get(self, actor: Actor, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """The logged model with this public id. Raises NotFound, for a deleted one too unless that is allowed."""

        def work(tx: Tx) -> LoggedModel:
            model = rows.find_logged_model(tx, self._context.team_id(tx, actor), model_id)
            if model is None or (model.deleted_at is not None and not allow_deleted):
                raise _not_found(model_id)
            return model

        return await self._context.store.read(work)

    async def search(self, actor: Actor, project_ids: list[str], search: Search) -> Found[LoggedModel]:
        """A page of active logged models. Projects that are not there, or not the team's, have none."""
        check_limit(search.limit, MAX_LISTED)
        keys = sorted({int(key) for key in project_ids if key.isdecimal() and len(key) <= 18})
        order = search.order
        if _NEWEST_FIRST.field not in {item.field for item in order}:
            order = (*order, _NEWEST_FIRST)
        search = msgspec.structs.replace(search, order=order)

        def work(tx: Tx) -> Found[LoggedModel]:
            team = self._context.team_id(tx, actor)
            page = find_page(
                search,
                f"logged_models/{team}/{keys}",
                lambda query: rows.search_logged_models(tx, team, project_ids=keys, query=query),
            )
            return Found(rows.load_logged_models(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)

    async def finalize(self, actor: Actor, model_id: str, status: Status) -> LoggedModel:
        """Say how the upload of the model's files went."""

        def work(tx: Tx) -> LoggedModel:
            _, model = self._require_active(tx, actor, model_id)
            at = self._context.clock()
            rows.update_status(tx, model.id, status, at)
            return msgspec.structs.replace(model, status=status, updated_at=at)

        return await self._context.store.write(work, brief=True)

    async def log_params(self, actor: Actor, model_id: str, params: dict[str, str]) -> None:
        """Add params. Raises InvalidArgument when one is there with another value."""
        check_params(params)

        def work(tx: Tx) -> None:
            _, model = self._require_active(tx, actor, model_id)
            rows.insert_params(tx, model.id, params)
            registry.count_changes_of_logged(tx, [model_id])
            stored = rows.select_params(tx, model.id)
            changed = sorted(key for key, value in params.items() if stored[key] != value)
            if changed:
                raise InvalidArgument(
                    f"Changing param values is not allowed. Params {changed} of model '{model_id}' "
                    "were already logged with other values."
                )

        await self._context.store.write(work, brief=True)

    async def set_tags(self, actor: Actor, model_id: str, tags: dict[str, str]) -> None:
        """Set tags."""
        check_tags(tags)

        def work(tx: Tx) -> None:
            _, model = self._require_active(tx, actor, model_id)
            rows.upsert_tags(tx, model.id, tags)

        await self._context.store.write(work, brief=True)

    async def delete_tag(self, actor: Actor, model_id: str, key: str) -> None:
        """Take a tag off. Raises NotFound when the model does not have it."""

        def work(tx: Tx) -> None:
            _, model = self._require_active(tx, actor, model_id)
            if not rows.delete_tag(tx, model.id, key):
                raise NotFound(f"No tag with key {key!r} found for model with ID {model_id!r}.")

        await self._context.store.write(work, brief=True)

    async def delete(self, actor: Actor, model_id: str) -> None:
        """Mark a logged model deleted. Its files stay until garbage collection."""

        def work(tx: Tx) -> None:
            team, model = self._require_active(tx, actor, model_id)
            at = self._context.clock()
            rows.update_deleted(tx, model.id, at)
            self._context.record(tx, actor, team, Change("logged_model", model_id, model.name, "delete"), at=at)

        await self._context.store.write(work, brief=True)

    def _require_active(self, tx: Tx, actor: Actor, model_id: str) -> tuple[int, LoggedModel]:
        team = self._context.team_id(tx, actor)
        model = rows.find_logged_model(tx, team, model_id)
        if model is None or model.deleted_at is not None:
            raise _not_found(model_id)
        return team, model


def _not_found(model_id: str) -> NotFound:
    return NotFound(f"Logged model with ID '{model_id}' not found.")
