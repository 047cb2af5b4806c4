"""Rows of the audit trail."""

import msgspec

from podium.domain.events import Change, Event, chain
from podium.store.dialect import for_update
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
