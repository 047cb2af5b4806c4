"""Projects as lists show them, and runs of one in groups."""

from typing import Literal

import msgspec

GroupKind = Literal["param", "tag"]


class ListedProject(msgspec.Struct, frozen=True):
    """A project with its team's name, when a run of it was begun last, and how many runs it has."""

    id: int
    team: str
    name: str
    active_at: int
    description: str | None
    run_count: int = 0


class Spread(msgspec.Struct, frozen=True):
    """How the values of a metric are spread over the runs of a group."""

    mean: float
    least: float
    greatest: float


class Group(msgspec.Struct, frozen=True):
    """Runs that have the same value of a param or tag; None is that of those without any."""

    value: str | None
    count: int
    metrics: dict[str, Spread]
