"""What the events tell of the registry's past."""

from collections.abc import Sequence

from podium.store.transaction import Row, Tx

_GIVES_NAME = "('create', 'rename', 'restore')"
_CHANGES_NAME = "('create', 'rename', 'restore', 'delete')"


def find_model_at(tx: Tx, team_id: int, name: str, at: int) -> int | None:
    """The key of the model that bore a name at a time, whatever became of it since."""
    found = tx.value(
        "SELECT e.entity_id FROM events e JOIN ("
        f"SELECT MAX(n.seq) AS seq FROM events n WHERE n.entity = 'registered_model' AND n.action IN {_CHANGES_NAME}"
        " AND n.at <= :at AND n.entity_id IN ("
        # The words of the partial index model_names_by_event, so that both databases take it.
        f"SELECT c.entity_id FROM events c WHERE c.entity = 'registered_model' AND c.action IN {_GIVES_NAME}"
        " AND c.team_id = :team AND c.entity_name = :name AND c.at <= :at"
        ") GROUP BY n.entity_id) last ON last.seq = e.seq WHERE e.entity_name = :name AND e.action <> 'delete'",
        team=team_id,
        name=name,
        at=at,
    )
    return None if found is None else int(found)


def was_named(tx: Tx, team_id: int, name: str) -> bool:
    """Whether a model bore this name at any time."""
    found = tx.value(
        f"SELECT 1 FROM events c WHERE c.entity = 'registered_model' AND c.action IN {_GIVES_NAME}"
        " AND c.team_id = :team AND c.entity_name = :name LIMIT 1",
        team=team_id,
        name=name,
    )
    return found is not None


def select_version_events(tx: Tx, model_id: int, actions: Sequence[str], at: int) -> list[Row]:
    """(entity_id, action, before, after, at, actor) of events of a model's versions up to a time, oldest first."""
    names = ", ".join(f"'{action}'" for action in actions)
    return tx.all(
        "SELECT entity_id, action, before, after, at, actor FROM events WHERE entity = 'model_version'"
        # "0" follows "/": between the two lie the ids of all of the model's versions.
        f" AND entity_id >= :first AND entity_id < :behind AND action IN ({names}) AND at <= :at ORDER BY seq",
        first=f"{model_id}/",
        behind=f"{model_id}0",
        at=at,
    )


def find_last_state_before(tx: Tx, entity_id: str, action: str) -> str | None:
    """What a version was, as JSON, before this was last done to it."""
    state: str | None = tx.value(
        "SELECT before FROM events WHERE entity = 'model_version' AND entity_id = :id AND action = :action"
        " ORDER BY seq DESC LIMIT 1",
        id=entity_id,
        action=action,
    )
    return state
