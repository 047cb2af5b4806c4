"""Things in the form that a protocol sends, kept in memory until they change: listings mostly show what they showed a
moment ago, and making a thousand runs from their rows costs twenty times as much as sending them.

A form is known by the revision of its thing, which every change counts up in its own transaction. So it is right in
every process, and the revision is read in the same transaction as all else.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from podium.store.transaction import Tx

T = TypeVar("T")

MAX_BYTES = 64 << 20


class Forms(Generic[T]):
    """Forms by shape, key and revision; the oldest make room."""

    def __init__(self, load: Callable[[Tx, list[int]], list[T]], max_bytes: int = MAX_BYTES) -> None:
        """`load` reads the things of these keys, in the order given."""
        self._load = load
        self._max_bytes = max_bytes
        self._kept: dict[tuple[Callable[[T], bytes], int], tuple[int, bytes]] = {}
        self._bytes = 0
        self._lock = threading.Lock()  # searches read in several threads

    def select(self, tx: Tx, found: Sequence[tuple[int, int]], shape: Callable[[T], bytes]) -> list[bytes]:
        """What was `found`, by key and revision, in this shape and order. Only what is not known is read and made."""
        with self._lock:
            kept = [(key, revision, self._kept.get((shape, key))) for key, revision in found]
        forms = {key: old[1] for key, revision, old in kept if old is not None and old[0] == revision}
        missing = [key for key, _ in found if key not in forms]
        if missing:
            forms.update(zip(missing, map(shape, self._load(tx, missing)), strict=True))
            with self._lock:
                for key, revision in found:
                    self._keep((shape, key), revision, forms[key])
        return [forms[key] for key, _ in found]

    def _keep(self, place: tuple[Callable[[T], bytes], int], revision: int, form: bytes) -> None:
        old = self._kept.pop(place, None)
        self._bytes += len(form) - (len(old[1]) if old else 0)
        self._kept[place] = (revision, form)
        while self._bytes > self._max_bytes:
            oldest = next(iter(self._kept))  # dictionaries keep the order in which entries were put in
            self._bytes -= len(self._kept.pop(oldest)[1])
