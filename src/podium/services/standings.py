"""Where versions stand, noted with each event so that a question about the past replays none."""

from typing import Any

from podium.domain.events import State
from podium.domain.registry import Place
from podium.store import registry_history as rows
from podium.store.transaction import Tx
from podium.store.versions import NEW_STAGE


def note_event(
    tx: Tx,
    model_id: int,
    version: int,
    action: str,
    before: State,
    after: State,
    *,
    at: int,
    actor: str,
) -> None:
    """Note what an event of a version changes in where the model's versions stand."""
    if before and before.get("stage") == NEW_STAGE:
        rows.note_first_stage(tx, model_id, version)
    if action in ("transition_stage", "delete", "restore"):
        rows.end_standings_of(tx, model_id, version, "stage", at)
    if action == "delete":
        rows.end_standings_of(tx, model_id, version, "alias", at)
    if action == "delete_alias" and before:
        rows.end_standings_in(tx, model_id, Place("alias", before["alias"]), at)
    for place in _places(action, after or {}):
        if place.kind == "alias":  # which points to one version
            rows.end_standings_in(tx, model_id, place, at)
        rows.insert_standing(tx, model_id, version, place, at, actor)


def _places(action: str, after: dict[str, Any]) -> list[Place]:
    """Where a version stands since an event."""
    if action == "set_alias":
        return [Place("alias", after["alias"])]
    if action not in ("transition_stage", "restore"):  # where a new version stands, its own row says
        return []
    return [Place("stage", after["stage"]), *(Place("alias", alias) for alias in after.get("aliases", ()))]
