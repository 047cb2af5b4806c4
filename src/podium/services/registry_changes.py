"""What the services of the registry share: the thing a change is about, and the event that tells of it."""

from typing import Any

from podium.domain.access import Actor
from podium.domain.aliases import is_latest
from podium.domain.events import Change, State
from podium.domain.registry import ModelVersion, RegisteredModel
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.standings import note_event
from podium.store import aliases as alias_rows
from podium.store import registry as model_rows
from podium.store import versions as version_rows
from podium.store.registry import ModelKey
from podium.store.transaction import Tx


def model_not_found(name: str) -> NotFound:
    """The refusal for a model that is not there."""
    return NotFound(f"Registered Model with name={name} not found")


def version_not_found(name: str, version: int) -> NotFound:
    """The refusal for a version that is not there, or whose model is not."""
    return NotFound(f"Model Version (name={name}, version={version}) not found")


def require_model(tx: Tx, team_id: int, name: str) -> RegisteredModel:
    """The team's model of this name. Raises NotFound."""
    model = model_rows.find_model(tx, team_id, name)
    if model is None:
        raise model_not_found(name)
    return model


def lock_model(tx: Tx, team_id: int, name: str) -> ModelKey:
    """The team's model of this name, for a change. Raises NotFound."""
    model = model_rows.lock_model(tx, team_id, name)
    if model is None:
        raise model_not_found(name)
    return model


def require_version(tx: Tx, team_id: int, name: str, version: int) -> ModelVersion:
    """The team's version. Raises NotFound."""
    found = version_rows.find_version(tx, team_id, name, version)
    if found is None:
        raise version_not_found(name, version)
    return found


def lock_version(tx: Tx, team_id: int, name: str, version: int) -> tuple[ModelKey, ModelVersion]:
    """The team's version and its model, for a change: the model's lock guards its versions. Raises NotFound."""
    locked = model_rows.ask_lock(tx, team_id, name)
    asked = version_rows.ask_version(tx, team_id, name, version)
    model = model_rows.locked_model(locked)
    found = version_rows.found_version(tx, asked)
    if model is None or found is None:
        raise version_not_found(name, version)
    return model, found


def lock_alias(tx: Tx, team_id: int, name: str, version: int, alias: str) -> tuple[ModelKey, int, int | None]:
    """A model, for a change, the key of a version of it, and the number of the one that an alias points to, if any.

    Raises NotFound for the version.
    """
    locked = model_rows.ask_lock(tx, team_id, name)
    asked = version_rows.ask_ref(tx, team_id, name, version)
    pointed = alias_rows.ask_number(tx, team_id, name, alias)
    model, ref, old = model_rows.locked_model(locked), asked.one(), pointed.one()
    if model is None or ref is None:
        raise version_not_found(name, version)
    return model, ref[0], None if old is None else old[0]


def require_aliased(tx: Tx, team_id: int, name: str, alias: str) -> ModelVersion:
    """The version that an alias of the team's model points to; `latest` is the newest.

    Raises NotFound for the model, and InvalidArgument for an alias that nothing has, as MLflow's client expects.
    """
    if is_latest(alias):
        return newest(require_model(tx, team_id, name))
    version = version_rows.find_version_by_alias(tx, team_id, name, alias)
    if version is None:
        require_model(tx, team_id, name)
        raise InvalidArgument(f"Registered model alias {alias} not found.")
    return version


def newest(model: RegisteredModel) -> ModelVersion:
    """The model's newest version, whatever its stage. Raises NotFound when it has none."""
    if not model.latest:
        raise NotFound(f"Latest version not found for model {model.name}.")
    return max(model.latest, key=lambda version: version.version)


def version_entity_id(model_id: int, version: int) -> str:
    """The id of a version in events: it survives renaming, and the ids of a model's versions are neighbours."""
    return f"{model_id}/{version}"


class Recorder:
    """Writes the registry's events. States carry the name, the version and whether it is a prompt, for webhooks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def model(
        self,
        tx: Tx,
        actor: Actor,
        team_id: int,
        model: ModelKey,
        action: str,
        before: State = None,
        after: State = None,
        *,
        at: int,
    ) -> None:
        """Append an event about a model; `model.name` is what it is called now."""
        common: dict[str, Any] = {"name": model.name, "is_prompt": model.is_prompt}
        change = Change(
            "registered_model", str(model.id), model.name, action, _with(common, before), _with(common, after)
        )
        self._context.record(tx, actor, team_id, change, at=at)

    def version(
        self,
        tx: Tx,
        actor: Actor,
        team_id: int,
        model: ModelKey,
        version: int,
        action: str,
        before: State = None,
        after: State = None,
        *,
        at: int,
    ) -> None:
        """Append an event about a version, and note where versions stand since."""
        common: dict[str, Any] = {"name": model.name, "version": version, "is_prompt": model.is_prompt}
        change = Change(
            "model_version",
            version_entity_id(model.id, version),
            f"{model.name}/{version}",
            action,
            _with(common, before),
            _with(common, after),
        )
        self._context.record(tx, actor, team_id, change, at=at)
        note_event(tx, model.id, version, action, before, after, at=at, actor=actor.name)


def _with(common: dict[str, Any], state: State) -> State:
    return None if state is None else {**common, **state}
