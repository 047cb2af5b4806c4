"""Room for SQLite's write-ahead log. A commit that makes the log longer has to wait for the file system's journal too,
which takes twice as long; SQLite begins a log anew at its start, so a log of full length never grows again.
"""

import os
from contextlib import suppress
from pathlib import Path

PAGE_BYTES = 4096
# After so many pages SQLite moves them to the database, and goes on at the start of the log.
LOG_PAGES = 2000
_ROOM_BYTES = (LOG_PAGES + 100) * (PAGE_BYTES + 24)
_BLANK = bytes(PAGE_BYTES)


def make_room(database: Path) -> None:
    """Lay out the log of a database that has none. SQLite takes the zeros for an empty log.

    The file appears whole: another process may open the database at this moment. Without room it is left to SQLite.
    """
    log, draft = database.with_name(database.name + "-wal"), database.with_name(database.name + "-wal.new")
    if log.exists():
        return
    try:
        with draft.open("wb", buffering=0) as file:
            # One page a call: Linux caches what is written at once as one large unit, and each of SQLite's small
            # writes there would go over all the blocks of its unit, at twice the cost of a commit.
            for _ in range(-(-_ROOM_BYTES // PAGE_BYTES)):
                file.write(_BLANK)
            os.fsync(file.fileno())
        os.link(draft, log)
    except OSError:  # no room, no links here, or another process was first
        return
    finally:
        with suppress(OSError):
            draft.unlink()
