"""Rows of who watches what, and the events that this makes interesting."""

from collections.abc import Sequence

from podium.domain.events import Event
from podium.domain.subjects import Subject, SubjectKind
from podium.store.comments import COLUMNS as COMMENTED
from podium.store.dialect import is_in, list_value
from podium.store.events import COLUMNS as EVENT
from podium.store.events import without_events_of
from podium.store.subjects import load_subjects
from podium.store.transaction import Tx

COLUMNS: dict[SubjectKind, str] = {**COMMENTED, "project": "project_id"}
NO_ACCOUNT = 0  # the watcher of whoever has no account

_VERSION_ID = "CAST(v.model_id AS TEXT) || '/' || CAST(v.version AS TEXT)"
# What leads from a watch `w` to a thing, the column that tells such watches, and what its events carry.
_EVENTS = (
    ("", "w.model_id", "'registered_model'", "CAST(w.model_id AS TEXT)"),
    ("JOIN model_versions AS v ON v.model_id = w.model_id", "w.model_id", "'model_version'", _VERSION_ID),
    ("JOIN model_versions AS v ON v.id = w.version_id", "w.version_id", "'model_version'", _VERSION_ID),
    ("JOIN runs AS r ON r.id = w.run_id", "w.run_id", "'run'", "r.run_id"),
    ("", "w.artifact_id", "'artifact_version'", "CAST(w.artifact_id AS TEXT)"),
    ("", "w.project_id", "'project'", "CAST(w.project_id AS TEXT)"),
)
# The comments on what is watched, on the versions of a model and on the runs of a project.
_COMMENTS = (
    *(f"watches AS w JOIN comments AS c ON c.{column} = w.{column}" for column in COMMENTED.values()),
    "watches AS w JOIN model_versions AS v ON v.model_id = w.model_id JOIN comments AS c ON c.version_id = v.id",
    "watches AS w JOIN runs AS r ON r.project_id = w.project_id JOIN comments AS c ON c.run_id = r.id",
)
# SQLite takes CROSS JOIN at its word: what is watched comes first, and its events are looked up.
_FIT = "e.seq > :after AND e.seq < :before"
_SAID = (
    f"CROSS JOIN events AS e WHERE e.entity = 'comment' AND e.entity_id = CAST(c.id AS TEXT) AND e.action = 'create'"
    f" AND {_FIT}"
)
_MENTIONS = (
    f"SELECT e.seq FROM comment_mentions AS n JOIN comments AS c ON c.id = n.comment_id {_SAID}"
    " AND n.user_id = :watcher"
)
_REPLIES = (
    f"SELECT e.seq FROM comments AS p JOIN comments AS c ON c.parent_id = p.id {_SAID} AND p.author_id = :watcher"
)
_PARTS = (
    *(
        f"SELECT e.seq FROM watches AS w {joined} CROSS JOIN events AS e WHERE w.watcher = :watcher"
        f" AND {column} IS NOT NULL AND e.entity = {entity} AND e.entity_id = {key} AND {_FIT}"
        for joined, column, entity, key in _EVENTS
    ),
    *(f"SELECT e.seq FROM {source} {_SAID} AND w.watcher = :watcher" for source in _COMMENTS),
    _MENTIONS,
    _REPLIES,
)
_CHOSEN = f"seq IN ({' UNION '.join(_PARTS)})"
_END = 2**63 - 1


def watch(tx: Tx, watcher: int, subject: Subject, at: int) -> None:
    """Begin to watch a thing; nothing when it is watched already."""
    column = COLUMNS[subject.kind]
    tx.run(
        f"INSERT INTO watches (watcher, {column}, created_at) VALUES (:watcher, :key, :at)"
        f" ON CONFLICT (watcher, {column}) WHERE {column} IS NOT NULL DO NOTHING",
        watcher=watcher,
        key=subject.key,
        at=at,
    )


def unwatch(tx: Tx, watcher: int, subject: Subject) -> None:
    """Watch a thing no longer."""
    column = COLUMNS[subject.kind]
    tx.run(f"DELETE FROM watches WHERE watcher = :watcher AND {column} = :key", watcher=watcher, key=subject.key)


def unwatch_all(tx: Tx, watcher: int) -> None:
    """Forget what somebody watches, and has seen."""
    tx.run("DELETE FROM watches WHERE watcher = :watcher", watcher=watcher)
    tx.run("DELETE FROM feed_marks WHERE watcher = :watcher", watcher=watcher)


def is_watched(tx: Tx, watcher: int, subject: Subject) -> bool:
    """Whether somebody watches a thing."""
    column = COLUMNS[subject.kind]
    found = tx.value(
        f"SELECT 1 FROM watches WHERE watcher = :watcher AND {column} = :key", watcher=watcher, key=subject.key
    )
    return found is not None


def list_watched(tx: Tx, watcher: int) -> list[Subject]:
    """What somebody watches, the last first: one statement, and one for each kind of thing."""
    columns = ", ".join(COLUMNS.values())
    rows = tx.all(f"SELECT {columns} FROM watches WHERE watcher = :watcher ORDER BY id DESC", watcher=watcher)
    named = [next((kind, key) for kind, key in zip(COLUMNS, row, strict=True) if key is not None) for row in rows]
    found = {kind: load_subjects(tx, kind, [key for other, key in named if other == kind]) for kind in COLUMNS}
    return [found[kind][key] for kind, key in named]


def feed_events(
    tx: Tx, watcher: int, teams: Sequence[int] | None, hidden: Sequence[int], *, before: int | None, limit: int
) -> list[Event]:
    """The newest events of what is watched, of mentions and of replies, in these teams or in all of them.

    Of hidden registries there are none.
    """
    condition, values = _seen(tx, teams, hidden)
    rows = tx.all(
        f"SELECT {EVENT} FROM events WHERE {_CHOSEN}{condition} ORDER BY seq DESC LIMIT :limit",
        watcher=watcher,
        after=-1,
        before=_END if before is None else before,
        limit=limit,
        **values,
    )
    return [Event(*row) for row in rows]


def count_unseen(
    tx: Tx, watcher: int, teams: Sequence[int] | None, hidden: Sequence[int], but_by: str | None, most: int
) -> int:
    """How many events there are that somebody has not seen, nor caused, at most so many."""
    condition, values = _seen(tx, teams, hidden)
    if but_by is not None:
        condition, values = condition + " AND actor <> :actor", {**values, "actor": but_by}
    count: int = tx.value(
        f"SELECT COUNT(*) FROM (SELECT seq FROM events WHERE {_CHOSEN}{condition} LIMIT :limit) AS unseen",
        watcher=watcher,
        after=find_mark(tx, watcher),
        before=_END,
        limit=most,
        **values,
    )
    return count


def find_mark(tx: Tx, watcher: int) -> int:
    """The number of the last event that somebody has seen."""
    return tx.value("SELECT seq FROM feed_marks WHERE watcher = :watcher", watcher=watcher) or 0


def set_mark(tx: Tx, watcher: int, seq: int) -> None:
    """Write down up to where somebody has seen the events; it never goes back."""
    tx.run(
        "INSERT INTO feed_marks (watcher, seq) VALUES (:watcher, :seq) ON CONFLICT (watcher) DO UPDATE"
        " SET seq = CASE WHEN excluded.seq > feed_marks.seq THEN excluded.seq ELSE feed_marks.seq END",
        watcher=watcher,
        seq=seq,
    )


def _seen(tx: Tx, teams: Sequence[int] | None, hidden: Sequence[int]) -> tuple[str, dict[str, object]]:
    condition, values = without_events_of(hidden, tx.dialect)
    if teams is None:
        return condition, values
    own = {"teams": list_value(teams, tx.dialect), **values}
    return f" AND {is_in('team_id', 'teams', tx.dialect)}{condition}", own
