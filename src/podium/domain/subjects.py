"""What people comment on and watch: models, versions, runs, artifacts and projects, under one form."""

from typing import Literal, get_args

import msgspec

from podium.domain.registry import parse_version
from podium.errors import InvalidArgument

SubjectKind = Literal["model", "version", "run", "artifact", "project"]
SUBJECT_KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)
# What the audit trail calls them.
EVENT_ENTITIES: dict[SubjectKind, str] = {
    "model": "registered_model",
    "version": "model_version",
    "run": "run",
    "artifact": "artifact_version",
    "project": "project",
}

_NUMBERED = ("artifact", "project")


class Subject(msgspec.Struct, frozen=True):
    """A thing by its key. `id` is what clients know it by, `event_id` what its events carry.

    `path` has the names that lead to it within the team: of a model its name, of a version the number too; of a
    project its name, of a run the run's slug too; of an artifact project, type, collection and version.
    """

    kind: SubjectKind
    key: int
    id: str
    team_id: int
    team: str
    deleted: bool
    project_id: int | None  # of what is in a project
    event_id: str
    name: str
    path: tuple[str, ...]


def subject_kind(text: str) -> SubjectKind:
    """The kind that a text names. Raises InvalidArgument."""
    for kind in SUBJECT_KINDS:
        if text == kind:
            return kind
    raise InvalidArgument(f"'kind' is '{text[:100]}': expected one of {', '.join(SUBJECT_KINDS)}.")


def named_subject(kind: SubjectKind, public_id: str) -> dict[str, str | int]:
    """What a public id says: a model's name, `name/3` of a version, a run's id, the number of others.

    Raises InvalidArgument.
    """
    if kind == "version":
        name, slash, version = public_id.rpartition("/")
        if not slash:
            raise InvalidArgument(f"'{public_id[:200]}' names no version: expected its model's name, '/', a number.")
        return {"id": name, "version": parse_version(version)}
    if kind not in _NUMBERED:
        return {"id": public_id}
    if not (public_id.isascii() and public_id.isdecimal() and len(public_id) < 19):
        raise InvalidArgument(f"'{public_id[:200]}' is no id of {kind}s: expected a number.")
    return {"id": int(public_id)}
