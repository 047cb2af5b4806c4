"""Which names and values are valid, with the limits of `mlflow.utils.validation`, whose clients expect them."""

import posixpath
import re

from podium.errors import InvalidArgument

MAX_PROJECT_NAME = 500
MAX_KEY = 250
MAX_PROJECT_TAG_VALUE = 20_000
MAX_RUN_TAG_VALUE = 8_000
MAX_PARAM_VALUE = 6_000
MAX_REGISTRY_TAG_VALUE = 100_000
MAX_ALIAS = 255
MAX_USER = 256
MAX_DATASET_NAME = 500
MAX_DATASET_DIGEST = 36
# Values of runs' and traces' tags and of params are cut off at their limits, as MLflow does. Beyond this nobody can
# have meant it.
MAX_CUT_VALUE = 1_000_000

_KEY = re.compile(r"[/\w.\- :]*")


def check_project_name(name: str) -> None:
    """Raise InvalidArgument unless `name` can name a project."""
    if not name:
        raise InvalidArgument("Invalid experiment name: ''")
    check_length("name", name, MAX_PROJECT_NAME)
    check_text("name", name)


def check_key(key: str, path: str = "key") -> None:
    """Raise InvalidArgument unless `key` can name a param, metric or tag; `path` names it in the message."""
    if not _KEY.fullmatch(key) or not key:
        raise InvalidArgument(
            f"Invalid value {_quoted(key)} for parameter '{path}' supplied: Names may only contain alphanumerics, "
            "underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."
        )
    normal = posixpath.normpath(key)
    if normal != key or normal == "." or normal.startswith(("..", "/")):
        raise InvalidArgument(
            f"Invalid value {_quoted(key)} for parameter '{path}' supplied: Names may be treated as files in certain "
            "cases, and must not resolve to other names when treated as such. "
            f"This name would resolve to {normal!r}"
        )
    check_length(path, key, MAX_KEY)


def check_length(path: str, value: str, limit: int) -> None:
    """Raise InvalidArgument when `value` has more than `limit` characters."""
    if len(value) > limit:
        raise InvalidArgument(f"'{path}' exceeds the maximum length of {limit} characters")


def check_label(path: str, value: str, limit: int) -> None:
    """Raise InvalidArgument unless `value` is text of at most `limit` characters."""
    check_length(path, value, limit)
    check_text(path, value)


def cut(path: str, value: str, limit: int) -> str:
    """The first `limit` characters of `value`. Raises InvalidArgument for what is no text, or out of all proportion."""
    if len(value) > MAX_CUT_VALUE:
        raise InvalidArgument(
            f"'{path}' has {len(value)} characters: {limit} are kept of up to {MAX_CUT_VALUE}, and more are refused"
        )
    check_text(path, value)
    return value[:limit]


def check_text(path: str, value: str) -> None:
    """Raise InvalidArgument when `value` holds NUL, which PostgreSQL's text cannot."""
    if "\x00" in value:
        raise InvalidArgument(f"'{path}' holds a NUL character; text is expected")


def check_tag(key: str, value: str, limit: int, path: str = "tags") -> None:
    """Raise InvalidArgument unless key and value make a valid tag."""
    check_key(key, f"{path}.key" if path != "key" else path)
    check_length(f"{path}.value" if path != "key" else "value", value, limit)
    check_text(f"{path}.value", value)


def _quoted(value: str) -> str:
    return f'"{value[:100]}"'
