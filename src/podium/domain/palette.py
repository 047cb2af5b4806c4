"""What the palette finds: the names of things, by their beginnings."""

import re
from typing import Literal

import msgspec

FindKind = Literal["model", "version", "run", "project", "collection", "dataset", "logged_model", "person"]

_VERSION = re.compile(r"(.+?)\s*(?:/|\s+)\s*v?(\d{1,18})")


class Find(msgspec.Struct, frozen=True):
    """A thing that fits. `path` has the names that lead to it within the team; `note` is what tells it from others.

    Of a dataset it has its number, of a logged model its id.
    """

    kind: FindKind
    name: str
    team: str
    path: tuple[str, ...]
    note: str = ""


def version_in(text: str) -> tuple[str, int] | None:
    """The beginning of a model's name and a number, where the text is like `churn/3` or `churn v3`."""
    match = _VERSION.fullmatch(text)
    return None if match is None or int(match[2]) >= 2**63 else (match[1], int(match[2]))
