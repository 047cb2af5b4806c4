"""The events about one thing, with those of what belongs to it."""

from podium.domain.events import Event
from podium.domain.subjects import EVENT_ENTITIES, Subject
from podium.store.comments import COLUMNS as COMMENTED
from podium.store.events import COLUMNS
from podium.store.transaction import Tx

# SQLite takes CROSS JOIN at its word: the things come first, and their events are looked up.
_OWN = "SELECT seq FROM events WHERE entity = :entity AND entity_id = :named"
_VERSIONS = (
    " UNION ALL SELECT e.seq FROM model_versions AS v CROSS JOIN events AS e WHERE v.model_id = :key"
    " AND e.entity = 'model_version' AND e.entity_id = CAST(v.model_id AS TEXT) || '/' || CAST(v.version AS TEXT)"
)
_END = 2**63 - 1


def list_subject_events(tx: Tx, subject: Subject, *, before: int | None, limit: int) -> list[Event]:
    """Events of a thing, newest first: of a model also its versions', and of all but projects the comments'."""
    parts = _OWN + (_VERSIONS if subject.kind == "model" else "")
    if subject.kind in COMMENTED:
        parts += (
            " UNION ALL SELECT e.seq FROM comments AS c CROSS JOIN events AS e"
            f" WHERE c.{COMMENTED[subject.kind]} = :comments AND e.entity = 'comment'"
            " AND e.entity_id = CAST(c.id AS TEXT)"
        )
    values = {"key": subject.key} if subject.kind == "model" else {}
    values |= {"comments": subject.key} if subject.kind in COMMENTED else {}
    rows = tx.all(
        f"SELECT {COLUMNS} FROM events WHERE seq IN ({parts}) AND seq < :before ORDER BY seq DESC LIMIT :limit",
        entity=EVENT_ENTITIES[subject.kind],
        named=subject.event_id,
        before=_END if before is None else before,
        limit=limit,
        **values,
    )
    return [Event(*row) for row in rows]
