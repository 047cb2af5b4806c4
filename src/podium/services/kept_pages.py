"""Pages of searches among the parts of one thing, kept for as long as the thing does not change.

Programs ask for the versions of a model again and again, far more often than the model changes. A page is kept under
the revision of its model, which every change of the model or its versions counts up in its own transaction: so it is
right in every process, and the revision is read in the same transaction as all else.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from podium.services.searching import Found

MAX_KEYS = 250_000


class KeptPages:
    """Keys of things by page. The pages that were asked for longest ago make room."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._kept: OrderedDict[tuple[int, Hashable], tuple[int, Found[int]]] = OrderedDict()
        self._keys = 0
        self._lock = threading.Lock()  # searches read in several threads

    def find(self, owner: tuple[int, int], question: Hashable, search: Callable[[], Found[int]]) -> Found[int]:
        """The page that answers the question within `owner`, given by key and revision; `search` makes a new one."""
        key, revision = owner
        place = (key, question)
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and kept[0] == revision:
                self._kept.move_to_end(place)
                return kept[1]
        page = search()
        with self._lock:
            self._keep(place, revision, page)
        return page

    def _keep(self, place: tuple[int, Hashable], revision: int, page: Found[int]) -> None:
        old = self._kept.pop(place, None)
        self._keys += _weight(page) - (0 if old is None else _weight(old[1]))
        self._kept[place] = (revision, page)
        while self._keys > self._max_keys:
            self._keys -= _weight(self._kept.popitem(last=False)[1][1])


def _weight(page: Found[int]) -> int:
    """Its keys, and about as much again for an empty one as ten keys take."""
    return len(page.items) + 10
