"""Reads of the audit trail."""

from collections.abc import Sequence

from podium.domain.audit import EventFilter, Head
from podium.domain.events import Event
from podium.store.events import COLUMNS, without_events_of
from podium.store.transaction import Tx
from podium.store.versions import inlined

_CONDITIONS = {
    "by": "actor = :by",
    "entity": "entity = :entity",
    "entity_id": "entity_id = :entity_id",
    "entity_name": "entity_name = :entity_name",
    "action": "action = :action",
    "since": "at >= :since",
    "until": "at < :until",
}
_TIMES = ("since", "until")
# Within a time that holds no more events than these, no others are looked at.
FEW = 1000


def newest_events(
    tx: Tx, teams: Sequence[int], hidden: Sequence[int], which: EventFilter, *, before: int | None, limit: int
) -> list[Event]:
    """The teams' events that fit, newest first, only those with a number below `before`; of hidden registries none."""
    condition, values = _criteria(tx, teams, hidden, which)
    if before is not None:
        condition += " AND seq < :before"
        values["before"] = before
    return _events(tx, condition, values, f"DESC LIMIT {limit}")


def team_events_after(
    tx: Tx, teams: Sequence[int], hidden: Sequence[int], which: EventFilter, *, after: int, limit: int
) -> list[Event]:
    """The teams' events that fit, oldest first, only those with a number above `after`; of hidden registries none."""
    condition, values = _criteria(tx, teams, hidden, which)
    return _events(tx, condition + " AND seq > :after", {**values, "after": after}, f"ASC LIMIT {limit}")


def events_after(tx: Tx, after: int, limit: int) -> list[Event]:
    """The events of all teams with a number above `after`, oldest first."""
    rows = tx.all(f"SELECT {COLUMNS} FROM events WHERE seq > :after ORDER BY seq LIMIT {limit}", after=after)
    return [Event(*row) for row in rows]


def chain_head(tx: Tx) -> Head | None:
    """The recorded end of the chain; None when someone deleted the record."""
    row = tx.one("SELECT seq, hash FROM event_chain WHERE id = 1")
    return None if row is None else Head(*row)


def _criteria(tx: Tx, teams: Sequence[int], hidden: Sequence[int], which: EventFilter) -> tuple[str, dict[str, object]]:
    """The condition that follows the WHERE, and its values."""
    own = "= :team" if len(teams) == 1 else f"IN ({inlined(teams)})"
    values: dict[str, object] = {name: value for name in _CONDITIONS if (value := getattr(which, name)) is not None}
    conditions = {"team": f"team_id {own}"} | {name: _CONDITIONS[name] for name in values}
    # SQLite does not know which index tells most: what tells less than another is hidden from its own.
    if "entity_id" in values:
        conditions["team"] = f"team_id + 0 {own}"
    elif len(teams) > 1:  # an index has the events of one team in order
        conditions["team"] = f"team_id + 0 {own}"
        if "entity" in values:
            conditions["entity"] = "entity || '' = :entity"
    elif "entity" in values and "entity_name" in values:
        conditions["entity"] = "entity || '' = :entity"
    beyond, more = without_events_of(hidden, tx.dialect)
    condition, values = " AND ".join(conditions.values()) + beyond, {**values, **more}
    if len(teams) == 1:
        values["team"] = teams[0]
    few = _few_within(tx, {name: values[name] for name in _TIMES if name in values})
    return condition if few is None else f"{condition} AND seq IN ({inlined(few)})", values


def _few_within(tx: Tx, times: dict[str, object]) -> list[int] | None:
    """The numbers of the events within the time asked for, if they are few: numbers and times have an index each."""
    if not times:
        return None
    test = " AND ".join(_CONDITIONS[name] for name in times)
    rows = tx.all(f"SELECT seq FROM events WHERE {test} ORDER BY at LIMIT {FEW + 1}", **times)
    return [row[0] for row in rows] if len(rows) <= FEW else None


def _events(tx: Tx, condition: str, values: dict[str, object], order: str) -> list[Event]:
    """The numbers are chosen first: an index that has them in order is then all that is read for it."""
    chosen = f"SELECT seq FROM events WHERE {condition} ORDER BY seq {order}"
    rows = tx.all(f"SELECT {COLUMNS} FROM events WHERE seq IN ({chosen})", **values)
    return sorted((Event(*row) for row in rows), key=lambda event: event.seq, reverse=order.startswith("DESC"))
