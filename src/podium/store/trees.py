"""Reading trees of files: the living one of a team, and the immutable ones of manifests, whose tables are alike."""

from typing import Literal

import msgspec

from podium.domain.manifests import ManifestEntry
from podium.domain.trees import Child
from podium.store.dialect import for_share, position
from podium.store.transaction import Tx


class Tree(msgspec.Struct, frozen=True):
    """Which rows are the files of a tree."""

    table: Literal["artifact_files", "manifest_entries"]
    column: Literal["team_id", "manifest_id"]
    key: int


def team_tree(team_id: int) -> Tree:
    """The living files of a team."""
    return Tree("artifact_files", "team_id", team_id)


def manifest_tree(manifest_id: int) -> Tree:
    """The files of a manifest."""
    return Tree("manifest_entries", "manifest_id", manifest_id)


def find_file(tx: Tx, tree: Tree, path: str, *, keep: bool = False) -> ManifestEntry | None:
    """The file at `path`; with `keep` it stays there until the transaction ends."""
    row = tx.one(
        f"SELECT path, digest, size_bytes FROM {tree.table} WHERE {tree.column} = :key AND path = :path"
        + (for_share(tx.dialect) if keep else ""),
        key=tree.key,
        path=path,
    )
    return None if row is None else ManifestEntry(*row)


def is_folder(tx: Tx, tree: Tree, path: str) -> bool:
    """Whether any file lies below `path`; however many do, it costs one look-up."""
    start, end = folder_range(path)
    statement = f"SELECT 1 FROM {tree.table} WHERE {tree.column} = :key AND path >= :start AND path < :end LIMIT 1"
    return tx.one(statement, key=tree.key, start=start, end=end) is not None


def select_files(tx: Tx, tree: Tree, folder: str, *, keep: bool = False) -> list[ManifestEntry]:
    """Every file below `folder` ("" is the root), with paths relative to it, in order; kept as by `find_file`."""
    start, end = folder_range(folder)
    rows = tx.all(
        f"SELECT path, digest, size_bytes FROM {tree.table} WHERE {tree.column} = :key"
        " AND path >= :start AND path < :end ORDER BY path" + (for_share(tx.dialect) if keep else ""),
        key=tree.key,
        start=start,
        end=end,
    )
    return [ManifestEntry(path[len(start) :], digest, size) for path, digest, size in rows]


def select_children(tx: Tx, tree: Tree, folder: str) -> list[Child]:
    """What lies directly within `folder` ("" is the root), in order of the names."""
    start, end = folder_range(folder)
    slash = position(tx.dialect, "rest", "'/'")
    rows = tx.all(
        "SELECT name, MAX(is_folder), SUM(size_bytes) FROM ("
        f" SELECT CASE WHEN {slash} = 0 THEN rest ELSE SUBSTR(rest, 1, {slash} - 1) END AS name,"
        f" CASE WHEN {slash} = 0 THEN 0 ELSE 1 END AS is_folder, size_bytes FROM ("
        f" SELECT SUBSTR(path, :after) AS rest, size_bytes FROM {tree.table}"
        f" WHERE {tree.column} = :key AND path >= :start AND path < :end) AS below) AS named"
        " GROUP BY name ORDER BY name",
        key=tree.key,
        start=start,
        end=end,
        after=len(start) + 1,
    )
    return [Child(name, bool(is_folder), None if is_folder else int(size)) for name, is_folder, size in rows]


def folder_range(folder: str) -> tuple[str, str]:
    """The bounds, from and up to, of the paths below `folder`."""
    if not folder:
        return "", "\U0010ffff"
    # "0" is the character after "/".
    return f"{folder}/", f"{folder}0"
