"""Rows of the files below one folder, page by page."""

from podium.domain.manifests import ManifestEntry
from podium.domain.run_files import RunFile
from podium.store.dialect import is_in, like, list_value
from podium.store.transaction import Tx
from podium.store.trees import folder_range

_WHERE = "team_id = :team AND path >= :start AND path < :end AND path > :after"


def select_file_rows(
    tx: Tx,
    team_id: int,
    folder: str,
    *,
    names: list[str] | None = None,
    pattern: str | None = None,
    after: str = "",
    limit: int,
) -> list[RunFile]:
    """Files below a folder by path, those behind `after`: of these names, or like a pattern with `%` and `_`."""
    start, end = folder_range(folder)
    rows = tx.all(
        f"SELECT path, digest, size_bytes, updated_at FROM artifact_files WHERE {_WHERE}"
        + (f" AND {is_in('path', 'names', tx.dialect)}" if names else "")
        + (f" AND {like('SUBSTR(path, :skip)', 'pattern', tx.dialect)}" if pattern else "")
        + " ORDER BY path LIMIT :limit",
        team=team_id,
        start=start,
        end=end,
        after=start + after,
        names=list_value([start + name for name in names or ()], tx.dialect),
        pattern=pattern,
        skip=len(start) + 1,
        limit=limit,
    )
    return [RunFile(ManifestEntry(path[len(start) :], digest, size), at) for path, digest, size, at in rows]


def count_files(tx: Tx, team_id: int, folder: str) -> int:
    """How many files lie below a folder."""
    start, end = folder_range(folder)
    count: int = tx.value(
        f"SELECT COUNT(*) FROM artifact_files WHERE {_WHERE}", team=team_id, start=start, end=end, after=""
    )
    return count
