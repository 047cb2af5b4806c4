"""MLflow's view types, which travel as names or as the numbers of the protobuf enum."""

from typing import Literal

from podium.domain.projects import ViewType
from podium.errors import InvalidArgument

ViewName = Literal["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]

_VIEWS: dict[str | int, ViewType] = {
    "ACTIVE_ONLY": "active",
    "DELETED_ONLY": "deleted",
    "ALL": "all",
    1: "active",
    2: "deleted",
    3: "all",
}


def view_of(name: ViewName | int) -> ViewType:
    """Podium's word for a view type. Raises InvalidArgument for an unknown number."""
    try:
        return _VIEWS[name]
    except KeyError:
        raise InvalidArgument(f"Invalid value {name} for parameter 'view_type' supplied") from None
