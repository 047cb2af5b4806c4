"""What the events tell of the registry's past, and where versions stood, which is written beside them."""

from collections.abc import Sequence

from podium.domain.registry import Place, PlaceKind
from podium.store.dialect import is_in, list_value
from podium.store.transaction import Tx
from podium.store.versions import NEW_STAGE

_GIVES_NAME = "('create', 'rename', 'restore')"
_FOREVER = 2**63 - 1
_CHANGES_NAME = "('create', 'rename', 'restore', 'delete')"
# The words of the partial index version_standings_open.
_OPEN = f"until = {_FOREVER}"
# A version stands in the stage that it was made in without a row of its own until it leaves it: most never do.
_UNNOTED = (
    "SELECT v.model_id, v.version, v.created_at, COALESCE(v.user_id, '') AS creator FROM model_versions v"
    " WHERE NOT EXISTS (SELECT 1 FROM version_standings o WHERE o.model_id = v.model_id AND o.version = v.version"
    f" AND o.kind = 'stage' AND o.{_OPEN})"
)
_NOTE = (
    "INSERT INTO version_standings (model_id, version, kind, name, since, until, actor)"
    f" SELECT model_id, version, 'stage', '{NEW_STAGE}', created_at, {_FOREVER}, creator FROM ({_UNNOTED}"
)


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


def note_first_stage(tx: Tx, model_id: int, version: int) -> None:
    """Note that a version stands in the stage that it was made in, unless that is noted: it is about to leave."""
    tx.run(f"{_NOTE} AND v.model_id = :model AND v.version = :version) unnoted", model=model_id, version=version)


def note_first_stages(tx: Tx, version_keys: Sequence[int]) -> None:
    """The same for the versions with these keys, as far as they are not deleted: their rows are about to go."""
    tx.run(
        f"{_NOTE} AND v.stage = '{NEW_STAGE}' AND v.deleted_at IS NULL"
        f" AND {is_in('v.id', 'keys', tx.dialect)}) unnoted",
        keys=list_value(version_keys, tx.dialect),
    )


def end_standings_of(tx: Tx, model_id: int, version: int, kind: PlaceKind, at: int) -> None:
    """Note that a version no longer stands where it stood."""
    tx.run(
        "UPDATE version_standings SET until = :at"
        f" WHERE model_id = :model AND version = :version AND kind = :kind AND {_OPEN}",
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
    first_stage = Place("stage", NEW_STAGE)
    unnoted = (
        f" UNION ALL SELECT version, created_at, creator FROM ({_UNNOTED} AND v.model_id = :model"
        f" AND v.stage = '{NEW_STAGE}' AND v.deleted_at IS NULL AND v.created_at <= :at) unnoted"
    )
    rows = tx.all(
        "SELECT version, since, actor FROM version_standings WHERE model_id = :model AND kind = :kind AND name = :name"
        f" AND since <= :at AND until > :at{unnoted if place == first_stage else ''} ORDER BY version",
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
