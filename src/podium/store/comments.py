"""Rows of comments, and of whom they call."""

from collections.abc import Iterable, Sequence

from podium.domain.comments import Anchor, Comment, NewComment
from podium.domain.subjects import Subject, SubjectKind
from podium.store.dialect import for_update, is_in, list_value
from podium.store.subjects import load_subjects
from podium.store.transaction import Row, Tx

# The column that names a thing of a kind; projects are only watched.
COLUMNS: dict[SubjectKind, str] = {
    "model": "model_id",
    "version": "version_id",
    "run": "run_id",
    "artifact": "artifact_id",
}
_ROW = "id, parent_id, author, author_id, body, metric, from_step, to_step, created_at, edited_at, deleted_at"


def list_comments(tx: Tx, subject: Subject) -> list[Comment]:
    """All that was said about a thing, in order; the deleted too, without their text."""
    rows = tx.all(f"SELECT {_ROW} FROM comments WHERE {COLUMNS[subject.kind]} = :key ORDER BY id", key=subject.key)
    return [_comment(row) for row in rows]


def find_comment(tx: Tx, comment_id: int, *, lock: bool = False) -> tuple[Comment, Subject] | None:
    """A comment that is not deleted, and what it is about; with `lock` it stays so until the transaction ends."""
    suffix = for_update(tx.dialect) if lock else ""
    columns = ", ".join(COLUMNS.values())
    row = tx.one(f"SELECT {_ROW}, {columns} FROM comments WHERE id = :id AND deleted_at IS NULL{suffix}", id=comment_id)
    if row is None:
        return None
    kind, key = _about(row)
    return _comment(row), load_subjects(tx, kind, [key])[key]


def load_comments(tx: Tx, keys: Iterable[int]) -> dict[int, tuple[Comment, Subject]]:
    """Comments by their keys, each with what it is about."""
    columns = ", ".join(COLUMNS.values())
    rows = tx.all(
        f"SELECT {_ROW}, {columns} FROM comments WHERE {is_in('id', 'keys', tx.dialect)}",
        keys=list_value(sorted(set(keys)), tx.dialect),
    )
    about = {row[0]: _about(row) for row in rows}
    subjects = {
        kind: load_subjects(tx, kind, [key for other, key in about.values() if other == kind]) for kind in COLUMNS
    }
    return {row[0]: (_comment(row), subjects[about[row[0]][0]][about[row[0]][1]]) for row in rows}


def insert_comment(tx: Tx, subject: Subject, new: NewComment, *, author: str, author_id: int | None, at: int) -> int:
    """The number of the new comment."""
    anchor = new.anchor
    key: int = tx.value(
        f"INSERT INTO comments ({COLUMNS[subject.kind]}, parent_id, author, author_id, body, metric, from_step,"
        " to_step, created_at)"
        " VALUES (:key, :parent, :author, :author_id, :body, :metric, :from, :to, :at) RETURNING id",
        key=subject.key,
        parent=new.parent_id,
        author=author,
        author_id=author_id,
        body=new.body,
        at=at,
        **{
            "metric": None if anchor is None else anchor.metric,
            "from": None if anchor is None else anchor.from_step,
            "to": None if anchor is None else anchor.to_step,
        },
    )
    return key


def update_body(tx: Tx, comment_id: int, body: str, at: int) -> None:
    """Give a comment another text."""
    tx.run("UPDATE comments SET body = :body, edited_at = :at WHERE id = :id", id=comment_id, body=body, at=at)


def mark_deleted(tx: Tx, comment_id: int, at: int) -> None:
    """Take the text of a comment away; its place in the thread stays."""
    tx.run("UPDATE comments SET body = '', deleted_at = :at WHERE id = :id", id=comment_id, at=at)
    tx.run("DELETE FROM comment_mentions WHERE comment_id = :id", id=comment_id)


def set_mentions(tx: Tx, comment_id: int, user_ids: Sequence[int]) -> None:
    """Write down whom a comment calls, in place of those it called before."""
    tx.run("DELETE FROM comment_mentions WHERE comment_id = :id", id=comment_id)
    tx.insert(
        "INSERT INTO comment_mentions (user_id, comment_id) VALUES (?, ?)", [(user, comment_id) for user in user_ids]
    )


def _about(row: Row) -> tuple[SubjectKind, int]:
    given = zip(COLUMNS, row[-len(COLUMNS) :], strict=True)
    return next((kind, key) for kind, key in given if key is not None)


def _comment(row: Row) -> Comment:
    key, parent, author, author_id, body, metric, from_step, to_step, created, edited, deleted = row[:11]
    anchor = None if metric is None else Anchor(metric, from_step, to_step)
    return Comment(key, parent, author, author_id, body, anchor, created, edited, deleted is not None)
