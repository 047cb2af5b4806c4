"""Logged models as pages show them: those of all the actor's teams, and one with what became of it."""

import msgspec

from podium.domain.access import Actor
from podium.domain.logged_models import LoggedModel
from podium.domain.shelf import ListedModel, RegisteredPlace
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.store import logged_model_shelf as rows
from podium.store.logged_models import load_logged_models
from podium.store.transaction import Tx

MAX_PAGE = 500


class ModelsFound(msgspec.Struct, frozen=True):
    """A page of logged models, how many there are on all pages, and where the next one begins."""

    models: list[ListedModel]
    registered: dict[str, list[RegisteredPlace]]
    count: int
    before: int | None


class ModelShown(msgspec.Struct, frozen=True):
    """A logged model with its place, and the versions that were registered of it."""

    place: ListedModel
    model: LoggedModel
    registered: list[RegisteredPlace]


class LoggedModelShelf:
    """What the actor may see."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(
        self, actor: Actor, text: str = "", *, team: str = "", before: int | None = None, limit: int = 60
    ) -> ModelsFound:
        """A page of logged models; of one team alone if it is named. Raises NotFound for one that is not theirs."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")

        def work(tx: Tx) -> ModelsFound:
            named = [one.id for one in self._context.readable_teams(tx, actor, team)]
            known = [one.id for one in self._context.readable_teams(tx, actor)]
            found = rows.list_models(tx, named, text, before, limit + 1)
            registered = rows.registered_of(tx, known, [each.model_id for each in found[:limit]])
            place = found[limit - 1].id if len(found) > limit else None
            return ModelsFound(found[:limit], registered, rows.count_models(tx, named, text), place)

        return await self._context.store.read(work)

    async def model(self, actor: Actor, model_id: str) -> ModelShown:
        """The logged model with this public id, of any of the actor's teams. Raises NotFound."""

        def work(tx: Tx) -> ModelShown:
            known = [one.id for one in self._context.readable_teams(tx, actor)]
            place = rows.find_place(tx, known, model_id)
            if place is None:
                raise NotFound(f"There is no logged model '{model_id[:200]}'.")
            registered = rows.registered_of(tx, known, [model_id]).get(model_id, [])
            return ModelShown(place, load_logged_models(tx, [place.id])[0], registered)

        return await self._context.store.read(work)
