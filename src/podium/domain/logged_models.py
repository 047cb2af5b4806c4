"""Logged models: what a training run leaves behind, before (and whether or not) it is registered."""

from typing import Literal

import msgspec

from podium.domain import names
from podium.domain.runs import RunPoint
from podium.errors import InvalidArgument

Status = Literal["UNSPECIFIED", "PENDING", "READY", "FAILED"]

MAX_NAME = 500
_FORBIDDEN_IN_NAME = ("/", ":", ".", "%", '"', "'")


class LoggedModel(msgspec.Struct, frozen=True):
    """A logged model with what was logged to it. `deleted_at` is None while it is active."""

    id: int
    model_id: str
    project_id: int
    name: str
    model_type: str | None
    artifact_location: str
    source_run_id: str | None
    status: Status
    status_message: str | None
    created_at: int
    updated_at: int
    deleted_at: int | None
    tags: dict[str, str]
    params: dict[str, str]
    metrics: list[RunPoint]


class NewLoggedModel(msgspec.Struct, frozen=True):
    """What its maker says of a logged model; without a name it gets one."""

    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: dict[str, str] = {}
    tags: dict[str, str] = {}


def check_new(new: NewLoggedModel) -> None:
    """Raise InvalidArgument unless a logged model can be made of this."""
    if new.name is not None:
        check_name(new.name)
    for field, text in (("model_type", new.model_type), ("source_run_id", new.source_run_id)):
        names.check_length(field, text or "", MAX_NAME)
        names.check_text(field, text or "")
    check_params(new.params)
    check_tags(new.tags)


def check_name(name: str) -> None:
    """Raise InvalidArgument unless `name` can name a logged model: it becomes a part of URIs."""
    if not name or any(character in name for character in _FORBIDDEN_IN_NAME):
        raise InvalidArgument(
            f"Invalid model name ({name[: names.MAX_KEY]!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {_FORBIDDEN_IN_NAME}"
        )
    names.check_length("name", name, MAX_NAME)
    names.check_text("name", name)


def check_params(params: dict[str, str]) -> None:
    """Raise InvalidArgument for a param that cannot be stored. Keys may hold any text: libraries make them up."""
    _check_texts("params", params, names.MAX_PARAM_VALUE)


def check_tags(tags: dict[str, str]) -> None:
    """Raise InvalidArgument for a tag that cannot be stored."""
    _check_texts("tags", tags, names.MAX_RUN_TAG_VALUE)


def models_folder(project_location: str, model_id: str) -> str:
    """The URI of the files of a logged model in a project."""
    return f"{project_location.rstrip('/')}/models/{model_id}/artifacts"


def _check_texts(path: str, texts: dict[str, str], limit: int) -> None:
    for key, value in texts.items():
        if not key:
            raise InvalidArgument(f"'{path}.key' is empty; a name is expected")
        names.check_length(f"{path}.key", key, names.MAX_KEY)
        names.check_text(f"{path}.key", key)
        names.check_length(f"{path}.value", value, limit)
        names.check_text(f"{path}.value", value)
