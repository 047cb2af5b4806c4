"""What a webhook is sent: the events of the audit trail in MLflow's words.

Prompts are registered models with a tag; MLflow tells of them apart, and without the tags that make them prompts.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from podium.domain.events import Event
from podium.domain.registry import PROMPT_TAG, PROMPT_TEXT_TAG, is_prompt
from podium.domain.webhooks import WebhookEvent

_HIDDEN_TAGS = frozenset({PROMPT_TAG, PROMPT_TEXT_TAG, "_mlflow_prompt_type"})

Data = dict[str, Any]
Message = tuple[WebhookEvent, Data]


def message_of(event: Event) -> Message | None:
    """What MLflow tells of this event, and as which of its own; None when it has no word for it."""
    shape = _SHAPES.get((event.entity, event.action))
    if shape is None:
        return None
    # What was taken away stands in `before`, and `after` is missing.
    state = msgspec.json.decode(event.after or event.before or "{}", type=dict[str, Any])
    return shape(state)


def body_of(message: Message, *, at: int, team: str) -> str:
    """The JSON that is sent. `at` is when it happened, in milliseconds."""
    event, data = message
    timestamp = datetime.fromtimestamp(at / 1000, UTC).isoformat()
    content = {"entity": event.entity, "action": event.action, "timestamp": timestamp, "data": data, "workspace": team}
    return msgspec.json.encode(content).decode()


def example_of(event: WebhookEvent) -> Message:
    """A made-up message of this kind, for trying a webhook out."""
    return event, _EXAMPLES[str(event)]


def _model_created(state: Data) -> Message:
    data = {"name": state["name"], "tags": state["tags"], "description": state["description"] or ""}
    if not state["is_prompt"]:
        return WebhookEvent("registered_model", "created"), data
    return WebhookEvent("prompt", "created"), {**data, "tags": _shown_tags(state)}


def _version_created(state: Data) -> Message:
    end = {"tags": state["tags"], "description": state["description"] or None}
    if is_prompt(state["tags"]):
        template = state["tags"].get(PROMPT_TEXT_TAG)
        data = {**_version(state), "template": template, **end, "tags": _shown_tags(state)}
        return WebhookEvent("prompt_version", "created"), data
    source = {"source": state["source"], "run_id": state["run_id"] or None}
    return WebhookEvent("model_version", "created"), {**_version(state), **source, **end}


def _prompt_tag(action: str, state: Data) -> Message | None:
    # MLflow tells of the tags of models nowhere, of those of prompts it does.
    names = {"name": state["name"]}
    return (WebhookEvent("prompt_tag", action), {**names, **_tag(action, state)}) if state["is_prompt"] else None


def _version_tag(action: str, state: Data) -> Message:
    entity = "prompt_version_tag" if state["is_prompt"] else "model_version_tag"
    return WebhookEvent(entity, action), {**_version(state), **_tag(action, state)}


def _alias(action: str, state: Data) -> Message:
    entity = "prompt_alias" if state["is_prompt"] else "model_version_alias"
    data = {"name": state["name"], "alias": state["alias"]}
    return WebhookEvent(entity, action), data if action == "deleted" else {**data, "version": str(state["version"])}


def _version(state: Data) -> Data:
    return {"name": state["name"], "version": str(state["version"])}


def _tag(action: str, state: Data) -> Data:
    return {"key": state["key"]} if action == "deleted" else {"key": state["key"], "value": state["value"]}


def _shown_tags(state: Data) -> dict[str, str]:
    return {key: value for key, value in state["tags"].items() if key not in _HIDDEN_TAGS}


_SHAPES: dict[tuple[str, str], Callable[[Data], Message | None]] = {
    ("registered_model", "create"): _model_created,
    ("registered_model", "set_tag"): partial(_prompt_tag, "set"),
    ("registered_model", "delete_tag"): partial(_prompt_tag, "deleted"),
    ("model_version", "create"): _version_created,
    ("model_version", "set_tag"): partial(_version_tag, "set"),
    ("model_version", "delete_tag"): partial(_version_tag, "deleted"),
    ("model_version", "set_alias"): partial(_alias, "created"),
    ("model_version", "delete_alias"): partial(_alias, "deleted"),
}

_MODEL = {"name": "example_model"}
_PROMPT = {"name": "example_prompt"}
_VERSION = {"version": "1"}
_TAGS = {"tags": {"example_key": "example_value"}}
_KEY = {"key": "example_key"}
_VALUE = {"value": "example_value"}
_ALIAS = {"alias": "example_alias"}
_EXAMPLES: dict[str, Data] = {
    "registered_model.created": {**_MODEL, **_TAGS, "description": "An example registered model"},
    "model_version.created": {
        **_MODEL,
        **_VERSION,
        "source": "models:/123",
        "run_id": "abcd1234abcd5678",
        **_TAGS,
        "description": "An example model version",
    },
    "model_version_tag.set": {**_MODEL, **_VERSION, **_KEY, **_VALUE},
    "model_version_tag.deleted": {**_MODEL, **_VERSION, **_KEY},
    "model_version_alias.created": {**_MODEL, **_ALIAS, **_VERSION},
    "model_version_alias.deleted": {**_MODEL, **_ALIAS},
    "prompt.created": {**_PROMPT, **_TAGS, "description": "An example prompt"},
    "prompt_version.created": {
        **_PROMPT,
        **_VERSION,
        "template": "Hello {{name}}!",
        **_TAGS,
        "description": "An example prompt version",
    },
    "prompt_tag.set": {**_PROMPT, **_KEY, **_VALUE},
    "prompt_tag.deleted": {**_PROMPT, **_KEY},
    "prompt_version_tag.set": {**_PROMPT, **_VERSION, **_KEY, **_VALUE},
    "prompt_version_tag.deleted": {**_PROMPT, **_VERSION, **_KEY},
    "prompt_alias.created": {**_PROMPT, **_ALIAS, **_VERSION},
    "prompt_alias.deleted": {**_PROMPT, **_ALIAS},
    "budget_policy.exceeded": {
        "budget_policy_id": "bp-abc123",
        "budget_unit": "USD",
        "budget_amount": 100.0,
        "current_spend": 105.5,
        "duration_unit": "MONTHS",
        "duration_value": 1,
        "target_scope": "ENDPOINT",
        "workspace": "default",
        "target_value": "ep-abc123",
        "window_start": 1704067200000,
    },
}
