"""What people comment on and watch: models, versions, runs, artifacts and projects, under one form."""

from typing import Literal, get_args

import msgspec

from podium.errors import InvalidArgument

SubjectKind = Literal["model", "version", "run", "artifact", "project"]
SUBJECT_KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)


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
