"""Names that point to one version of a model. `latest` and `v3` are resolved, never set."""

import re

from podium.domain.names import MAX_ALIAS, check_length
from podium.errors import InvalidArgument

LATEST = "latest"

_ALIAS = re.compile(r"[\w\-]+")
_VERSION_LIKE = re.compile(r"[vV]\d+")


def check_alias(alias: str) -> None:
    """Raise InvalidArgument unless `alias` can be asked for."""
    if not alias:
        raise InvalidArgument("Registered model alias name cannot be empty.")
    if not _ALIAS.fullmatch(alias):
        raise InvalidArgument(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    check_length("Registered model alias name", alias, MAX_ALIAS)


def check_settable_alias(alias: str) -> None:
    """Raise InvalidArgument unless `alias` can be given to a version."""
    check_alias(alias)
    if is_latest(alias):
        raise InvalidArgument("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_LIKE.fullmatch(alias):
        raise InvalidArgument(f"Version alias name '{alias}' is reserved.")


def is_latest(alias: str) -> bool:
    """Whether `alias` stands for the newest version, whichever that is."""
    return alias.lower() == LATEST
