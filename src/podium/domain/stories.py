"""Events as people read them: in words, and as what was and what is."""

import re
from typing import Any

import msgspec

from podium.domain.events import Event

# (entity, action): what the actor did; `…` stands for the name of the thing, which else comes last, and `{…}` for a
# field of what the event says.
_WORDS = {
    ("registered_model", "create"): "registered the model",
    ("registered_model", "rename"): "renamed the model",
    ("registered_model", "set_tag"): "set the tag {key} of the model",
    ("registered_model", "delete_tag"): "removed the tag {key} of the model",
    ("model_version", "create"): "registered",
    ("model_version", "transition_stage"): "moved … to {stage}",
    ("model_version", "set_alias"): "put the alias @{alias} on",
    ("model_version", "delete_alias"): "took the alias @{alias} off",
    ("model_version", "set_tag"): "set the tag {key} of",
    ("model_version", "delete_tag"): "removed the tag {key} of",
    ("artifact_collection", "set_alias"): "put the alias @{alias} on a version of the artifact",
    ("artifact_collection", "delete_alias"): "took the alias @{alias} off a version of the artifact",
    ("artifact_collection", "link"): "linked a version into",
    ("artifact_collection", "unlink"): "unlinked a version from",
    ("artifact_version", "create"): "logged the artifact",
    ("artifact_version", "expire"): "let the artifact … expire",
    ("comment", "create"): "commented on",
    ("comment", "edit"): "edited a comment on",
    ("comment", "delete"): "deleted a comment on",
    ("team_member", "set"): "made … a {role} of the team",
    ("team_member", "remove"): "took … out of the team",
    ("organization_member", "set"): "made … a {role} of the organization",
    ("organization_member", "remove"): "took … out of the organization",
    ("api_key", "create"): "made an API key for",
    ("api_key", "revoke"): "revoked an API key of",
    ("run", "alert"): "sent an alert from the run",
    ("run", "edit_notes"): "wrote notes on the run",
    ("run", "rewind"): "rewound the run",
    ("retention", "gc"): "removed … for good, long after they were deleted",
}
# What else is done to things, where the verb alone would not do.
_DID = {
    "set_tag": "set a tag of",
    "delete_tag": "removed a tag of",
    "set_role": "set a role in",
    "add_members": "added members to",
    "remove_members": "removed members from",
}
# What each event of an entity says anyway, and so is no change.
_COMMON = frozenset({"name", "version", "is_prompt", "key", "alias", "user", "author", "on", "id", "parent"})
_IN_WORDS = {"team_member": "role", "organization_member": "role"}
_MAX_VALUE = 300
_FIELD = re.compile(r"\{(\w+)\}")

State = dict[str, Any]


class Difference(msgspec.Struct, frozen=True):
    """A field that an event changed: what it was and what it is; None where it was not, or is not any more."""

    field: str
    before: str | None
    after: str | None


def words_of(event: Event) -> tuple[str, str]:
    """What the actor did: the words before the name of the thing, and those behind it."""
    words = _WORDS.get((event.entity, event.action))
    if words is None:
        did = _DID.get(event.action) or _past(event.action)
        return f"{did} the {event.entity.replace('_', ' ')}", ""
    said = state_of(event.before) | state_of(event.after)
    if said.get("stage") == "None" and event.action == "transition_stage":
        words = "took … out of its stage"
    parts = words.partition("…")
    begin, end = (_FIELD.sub(lambda match: _shown(said.get(match[1])) or "", part).strip() for part in parts[::2])
    return begin, end


def differences_of(event: Event) -> list[Difference]:
    """What the event changed, field by field; of what was made or deleted only what says something."""
    before, after = state_of(event.before), state_of(event.after)
    differences = [
        Difference(field, _shown(before.get(field)), _shown(after.get(field)))
        for field in dict.fromkeys((*before, *after))
        if _tells(event, field)
    ]
    return [each for each in differences if each.before != each.after]


def state_of(text: str | None) -> State:
    """What stood there, out of its JSON. Someone may have edited the row: then it is shown as it is."""
    if text is None:
        return {}
    try:
        return msgspec.json.decode(text, type=State)
    except msgspec.DecodeError:
        return {"not JSON": text}


def _tells(event: Event, field: str) -> bool:
    if event.action == "rename" and field == "name":
        return True
    if event.action == "set_alias" and field == "version":
        return event.before is not None
    if event.action == "create" and field == "stage":
        return False  # new versions stand in none
    return field not in _COMMON and _IN_WORDS.get(event.entity) != field


def _shown(value: object) -> str | None:
    if value is None or value in ({}, [], ""):
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"


def _past(action: str) -> str:
    words = action.replace("_", " ")
    return words + ("d" if words.endswith("e") else "ed")
