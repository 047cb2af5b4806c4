"""Runs in the form that a protocol sends, kept in memory until they change: listings mostly show what they showed a
moment ago, and making a thousand runs from their rows costs twenty times as much as sending them.

A form is known by the run's revision, which every change counts up in its own transaction. So it is right in every
process, and the revision is read in the same transaction as all else.
"""

import threading
from collections.abc import Callable

from podium.domain.runs import Run
from podium.store.run_data import load_runs
from podium.store.runs import select_revisions
from podium.store.transaction import Tx

MAX_BYTES = 64 << 20

Shape = Callable[[Run], bytes]


class RunForms:
    """Forms of runs by shape, key and revision; the oldest make room."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: dict[tuple[Shape, int], tuple[int, bytes]] = {}
        self._bytes = 0
        self._lock = threading.Lock()  # searches read in several threads

    def select(self, tx: Tx, keys: list[int], shape: Shape) -> list[bytes]:
        """The runs of these keys in this shape, in the order given. Only what is not known is read and made."""
        revisions = select_revisions(tx, keys)
        with self._lock:
            known = {key: kept for key in keys if (kept := self._kept.get((shape, key)))}
        forms = {key: form for key, (revision, form) in known.items() if revision == revisions[key]}
        missing = [key for key in keys if key not in forms]
        for run in load_runs(tx, missing) if missing else ():
            forms[run.info.id] = shape(run)
        with self._lock:
            for key in missing:
                self._keep((shape, key), revisions[key], forms[key])
        return [forms[key] for key in keys]

    def _keep(self, place: tuple[Shape, int], revision: int, form: bytes) -> None:
        old = self._kept.pop(place, None)
        self._bytes += len(form) - (len(old[1]) if old else 0)
        self._kept[place] = (revision, form)
        while self._bytes > self._max_bytes:
            oldest = next(iter(self._kept))  # dictionaries keep the order in which entries were put in
            self._bytes -= len(self._kept.pop(oldest)[1])
