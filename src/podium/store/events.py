"""Rows of the audit trail."""

from collections.abc import Sequence

import msgspec

from podium.domain.events import Change, Event, chain
from podium.store.dialect import Dialect, for_update, is_in, list_value
from podium.store.transaction import Tx

COLUMNS = "seq, at, actor, team_id, entity, entity_id, entity_name, action, before, after, previous_hash, hash"
_INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join(':' + name for name in COLUMNS.split(', '))})"


def append_event(tx: Tx, change: Change, *, at: int, actor: str, team_id: int) -> Event:
    """Append the next event of the chain. Other appends wait until this transaction ends."""
    head = tx.head or tx.one(f"SELECT seq, hash FROM event_chain WHERE id = 1{for_update(tx.dialect)}")
    assert head is not None, "the first migration makes this row"
    event = chain(change, seq=head[0] + 1, at=at, actor=actor, team_id=team_id, previous_hash=head[1])
    tx.run(_INSERT, **msgspec.structs.asdict(event))
    tx.run("UPDATE event_chain SET seq = :seq, hash = :hash WHERE id = 1", seq=event.seq, hash=event.hash)
    if tx.dialect == "postgresql":
        tx.head = event.seq, event.hash
    return event


def without_events_of(hidden: Sequence[int], dialect: Dialect) -> tuple[str, dict[str, object]]:
    """The SQL to add to a condition, so that no events are found of these registries and of what is in them."""
    if not hidden:
        return "", {}
    own = is_in("entity_id", "hidden_names", dialect)
    within = (
        f"SELECT CAST(c.id AS TEXT) FROM artifact_collections AS c WHERE {is_in('c.project_id', 'hidden', dialect)}"
    )
    condition = (
        f" AND NOT ((entity IN ('project', 'registry') AND {own})"
        f" OR (entity = 'artifact_collection' AND entity_id IN ({within})))"
    )
    names = list_value([str(key) for key in hidden], dialect)
    return condition, {"hidden": list_value(hidden, dialect), "hidden_names": names}
