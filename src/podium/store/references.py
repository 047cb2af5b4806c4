"""Which bytes the rows refer to, read range by range: each is one short statement, however many files there are."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from podium.store.gc import REFERENCES
from podium.store.transaction import Tx

_LAST = "\U0010ffff"


class Reference(msgspec.Struct, frozen=True):
    """A digest that rows name, the least and greatest size that they give it, and the path of one of the files."""

    digest: str
    least_bytes: int
    most_bytes: int
    path: str


def digest_ranges() -> Iterator[tuple[str, str]]:
    """Ranges that cover every text, so that a malformed digest is seen too; well-formed ones spread evenly."""
    return pairwise(["", *(f"{first:02x}" for first in range(1, 256)), _LAST])


def select_references(tx: Tx, start: str, end: str) -> list[Reference]:
    """The digests from `start` up to, not including, `end`, in order."""
    union = " UNION ALL ".join(
        f"SELECT digest, size_bytes, path FROM {table} WHERE digest >= :start AND digest < :end" for table in REFERENCES
    )
    rows = tx.all(
        f"SELECT digest, MIN(size_bytes), MAX(size_bytes), MIN(path) FROM ({union}) AS files"
        " GROUP BY digest ORDER BY digest",
        start=start,
        end=end,
    )
    return [Reference(*row) for row in rows]


def count_references(tx: Tx) -> tuple[int, int]:
    """How many blobs the rows refer to, and their bytes."""
    union = " UNION ALL ".join(f"SELECT digest, size_bytes FROM {table}" for table in REFERENCES)
    row = tx.one(
        "SELECT COUNT(*), COALESCE(SUM(size_bytes), 0) FROM"
        f" (SELECT digest, MAX(size_bytes) AS size_bytes FROM ({union}) AS files GROUP BY digest) AS blobs"
    )
    assert row is not None, "an aggregate has one row"
    return row[0], int(row[1])
