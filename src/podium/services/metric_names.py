"""Ids of metric names, remembered over transactions: runs log the same names over and over."""

from collections.abc import Iterable, Mapping

import msgspec

from podium.store.metrics import intern_keys
from podium.store.transaction import Tx

MAX_KNOWN = 100_000


class Ids(msgspec.Struct, frozen=True):
    """Ids by name, and those of them that this transaction has looked up or made."""

    of: dict[str, int]
    made: dict[str, int]


class MetricNames:
    """Remembers only what a finished transaction has shown: an id from one that was rolled back belongs to no name."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def ids(self, tx: Tx, names: Iterable[str]) -> Ids:
        """The ids of the names, made where they are missing."""
        found = {name: self._known.get(name) for name in names}
        made = intern_keys(tx, [name for name, known in found.items() if known is None])
        return Ids({name: made[name] if known is None else known for name, known in found.items()}, made)

    def remember(self, made: Mapping[str, int]) -> None:
        """Keep ids for later, once their transaction has ended well."""
        if len(self._known) + len(made) > MAX_KNOWN:
            self._known.clear()
        self._known.update(made)
