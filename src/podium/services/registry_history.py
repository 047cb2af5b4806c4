"""What stood there then: the registry's past."""

from datetime import UTC, datetime

from podium.domain.access import Actor
from podium.domain.aliases import check_settable_alias
from podium.domain.registry import Place, Standing, check_model_name
from podium.domain.stages import parse_stage
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.registry_changes import model_not_found
from podium.store import registry_history as rows
from podium.store.transaction import Tx


class RegistryHistory:
    """Answers from what was noted with the events, so that it knows what was deleted, renamed or moved since."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def version_at(
        self, actor: Actor, name: str, at: int, *, stage: str | None = None, alias: str | None = None
    ) -> list[Standing]:
        """The versions that stood in a stage, or under an alias, of the model that bore `name` at a time.

        They come oldest first; no version stood there when the list is empty. Raises NotFound when no model bore the
        name then, and InvalidArgument unless exactly one of stage and alias is given.
        """
        check_model_name(name)
        place = _place(stage, alias)

        def work(tx: Tx) -> list[Standing]:
            team = self._context.team_id(tx, actor)
            model = rows.find_model_at(tx, team, name, at)
            if model is None:
                if rows.was_named(tx, team, name):
                    then = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")
                    raise NotFound(f"Nothing stood there: no model was named '{name}' at {then}")
                raise model_not_found(name)
            return [Standing(name, *found) for found in rows.select_standing(tx, model, place, at)]

        return await self._context.store.read(work)


def _place(stage: str | None, alias: str | None) -> Place:
    if stage is not None and alias is None:
        return Place("stage", parse_stage(stage))
    if alias is not None and stage is None:
        check_settable_alias(alias)
        return Place("alias", alias)
    raise InvalidArgument("Give either a stage or an alias.")
