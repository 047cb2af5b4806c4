"""What the events tell of the registry's past, and where versions stood, which is written beside them."""

from podium.domain.registry import Place, PlaceKind
from podium.store.transaction import Tx

_GIVES_NAME = "('create', 'rename', 'restore')"
_FOREVER = 2**63 - 1
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


def insert_standing(tx: Tx, model_id: int, version: int, place: Place, at: int, actor: str) -> None:
    """Note that a version stands in a place from now on."""
    tx.run(
        "INSERT INTO version_standings (model_id, version, kind, name, since, until, actor)"
        " VALUES (:model, :version, :kind, :name, :at, :forever, :actor)",
        model=model_id,
        version=version,
        kind=place.kind,
        name=place.name,
        at=at,
        forever=_FOREVER,
        actor=actor,
    )


def end_standings_of(tx: Tx, model_id: int, version: int, kind: PlaceKind, at: int) -> None:
    """Note that a version no longer stands where it stood."""
    tx.run(
        "UPDATE version_standings SET until = :at"
        " WHERE model_id = :model AND version = :version AND kind = :kind AND until > :at",
        model=model_id,
        version=version,
        kind=kind,
        at=at,
    )


def end_standings_in(tx: Tx, model_id: int, place: Place, at: int) -> None:
    """Note that none of the model's versions stands in a place any longer."""
    tx.run(
        "UPDATE version_standings SET until = :at"
        " WHERE model_id = :model AND kind = :kind AND name = :name AND until > :at",
        model=model_id,
        kind=place.kind,
        name=place.name,
        at=at,
    )


def select_standing(tx: Tx, model_id: int, place: Place, at: int) -> list[tuple[int, int, str]]:
    """(number, since, actor) of the model's versions that stood in a place at a time, by number."""
    rows = tx.all(
        "SELECT version, since, actor FROM version_standings WHERE model_id = :model AND kind = :kind AND name = :name"
        " AND since <= :at AND until > :at ORDER BY version",
        model=model_id,
        kind=place.kind,
        name=place.name,
        at=at,
    )
    return [(version, since, actor) for version, since, actor in rows]


def find_last_state_before(tx: Tx, entity_id: str, action: str) -> str | None:
    """What a version was, as JSON, before this was last done to it."""
    state: str | None = tx.value(
        "SELECT before FROM events WHERE entity = 'model_version' AND entity_id = :id AND action = :action"
        " ORDER BY seq DESC LIMIT 1",
        id=entity_id,
        action=action,
    )
    return state
