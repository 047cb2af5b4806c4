"""What every handler of the native API is given: the services, and the languages of the searches."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from podium.domain.filters import Node, Order
from podium.services import Services

Searched = Literal["projects", "runs", "models", "versions"]


class Grammar(msgspec.Struct, frozen=True):
    """How filters and orders of one kind of thing are written. Both raise InvalidArgument."""

    parse_filter: Callable[[str], Node]
    parse_order: Callable[[list[str]], tuple[Order, ...]]


class Api(msgspec.Struct, frozen=True):
    """The parts behind the endpoints. The grammars are handed in, because another protocol brings them: people write
    filters here as they do in its client.
    """

    services: Services
    grammars: Mapping[Searched, Grammar]
