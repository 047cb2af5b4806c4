"""A run's config: a document `{"lr": {"value": 0.1}, "_wandb": {"value": {…}}}`, and the params that it means."""

import json
from collections.abc import Mapping
from typing import Any

from podium.domain import names
from podium.domain.history import flat, is_storable, parse_object

INTERNAL = "_wandb"


def parse_config(text: str | None) -> dict[str, Any]:
    """The document; an empty one for none. Raises InvalidArgument unless it is a JSON object."""
    return parse_object(text, "config") if text else {}


def config_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the document gives to names."""
    return {key: entry["value"] for key, entry in config.items() if isinstance(entry, dict) and "value" in entry}


def merged_config(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What several processes of one run say: each knows its own part, above all of what is noted under `_wandb`."""
    inner = _merged(internal_values(old), internal_values(new))
    return {**old, **new, **({INTERNAL: {"value": inner}} if inner else {})}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    both = {key for key in old.keys() & new.keys() if isinstance(old[key], dict) and isinstance(new[key], dict)}
    return {**old, **new, **{key: _merged(old[key], new[key]) for key in both}}


def config_params(config: Mapping[str, Any]) -> dict[str, str]:
    """The params that the document means: nested names are joined by dots, long values cut off."""
    values = {key: value for key, value in config_values(config).items() if key != INTERNAL}
    return {key: _text(value)[: names.MAX_PARAM_VALUE] for key, value in flat(values).items() if is_storable(key)}


def config_of_params(params: Mapping[str, str]) -> dict[str, Any]:
    """The document that a run has whose params were logged one by one."""
    return {key: {"value": value} for key, value in params.items()}


def internal_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the client notes in the document for itself."""
    inner = config_values(config).get(INTERNAL)
    return inner if isinstance(inner, dict) else {}


def branch_point(config: Mapping[str, Any]) -> tuple[str, int] | None:
    """The run and its step from which this run goes on, if it is a fork."""
    point = internal_values(config).get("branch_point")
    if not isinstance(point, dict) or not isinstance(point.get("run_id"), str):
        return None
    step = point.get("step")
    return (point["run_id"], int(step)) if isinstance(step, int | float) else None


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, list | dict) else str(value)
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()
