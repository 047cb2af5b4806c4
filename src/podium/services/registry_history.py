"""What stood there then: the registry's past, read from its events."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from podium.domain.access import Actor
from podium.domain.aliases import check_settable_alias
from podium.domain.registry import Standing, check_model_name
from podium.domain.stages import Stage, parse_stage
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.registry_changes import model_not_found
from podium.store import registry_history as rows
from podium.store.transaction import Row, Tx

# Version number -> since when it stands there, and who put it there.
_Place = dict[int, tuple[int, str]]
_Replay = Callable[[Iterable[Row]], _Place]

_STAGE_ACTIONS = ("create", "transition_stage", "delete", "restore")
_ALIAS_ACTIONS = ("set_alias", "delete_alias", "delete", "restore")


class RegistryHistory:
    """Answers from the events, so that it knows what was deleted, renamed or moved since."""

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
        actions, replay = _question(stage, alias)

        def work(tx: Tx) -> list[Standing]:
            team = self._context.team_id(tx, actor)
            model = rows.find_model_at(tx, team, name, at)
            if model is None:
                if rows.was_named(tx, team, name):
                    then = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")
                    raise NotFound(f"Nothing stood there: no model was named '{name}' at {then}")
                raise model_not_found(name)
            place = replay(rows.select_version_events(tx, model, actions, at))
            return [Standing(name, version, *place[version]) for version in sorted(place)]

        return await self._context.store.read(work)


def _question(stage: str | None, alias: str | None) -> tuple[tuple[str, ...], _Replay]:
    if stage is not None and alias is None:
        wanted = parse_stage(stage)
        return _STAGE_ACTIONS, lambda events: _in_stage(events, wanted)
    if alias is not None and stage is None:
        check_settable_alias(alias)
        return _ALIAS_ACTIONS, lambda events: _under_alias(events, alias)
    raise InvalidArgument("Give either a stage or an alias.")


def _in_stage(events: Iterable[Row], stage: Stage) -> _Place:
    place: _Place = {}
    for entity_id, action, _, after, at, actor in events:
        version = _version(entity_id)
        if action != "delete" and json.loads(after)["stage"] == stage:
            place[version] = (at, actor)
        else:
            place.pop(version, None)
    return place


def _under_alias(events: Iterable[Row], alias: str) -> _Place:
    """At most one version; deleting it takes the alias off, restoring may bring it back."""
    place: _Place = {}
    for entity_id, action, before, after, at, actor in events:
        version = _version(entity_id)
        if action == "delete":
            place.pop(version, None)
        elif action == "delete_alias":
            place = {} if json.loads(before)["alias"] == alias else place
        elif alias in _aliases_given(action, after):
            place = {version: (at, actor)}
    return place


def _aliases_given(action: str, after: str) -> list[str]:
    state = json.loads(after)
    return [state["alias"]] if action == "set_alias" else state["aliases"]


def _version(entity_id: str) -> int:
    return int(entity_id.partition("/")[2])
