"""What pages show of logged models over several teams."""

from collections.abc import Sequence

from podium.domain.shelf import ListedModel, RegisteredPlace
from podium.store.dialect import is_in, list_value, position
from podium.store.registries import outside
from podium.store.transaction import Tx

_PLACED = (
    "logged_models AS l JOIN projects AS p ON p.id = l.project_id JOIN teams AS t ON t.id = p.team_id"
    " LEFT JOIN runs AS r ON r.run_id = l.source_run_id AND r.deleted_at IS NULL"
)
_COLUMNS = "l.id, l.model_id, l.name, l.model_type, l.status, l.created_at, t.name, p.name, r.name, r.slug"


def list_models(tx: Tx, teams: Sequence[int], text: str, before: int | None, limit: int) -> list[ListedModel]:
    """Logged models of the teams' projects, what was logged last first, those with a key below `before`."""
    beyond = "" if before is None else " AND l.id < :before"
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM {_PLACED} WHERE {_condition(tx, text)}{beyond} ORDER BY l.id DESC LIMIT :limit",
        **_parameters(tx, teams, text),
        **({} if before is None else {"before": before}),
        limit=limit,
    )
    return [ListedModel(*row) for row in rows]


def count_models(tx: Tx, teams: Sequence[int], text: str) -> int:
    """How many there are on all pages."""
    count: int = tx.value(
        f"SELECT COUNT(*) FROM {_PLACED} WHERE {_condition(tx, text)}", **_parameters(tx, teams, text)
    )
    return count


def find_place(tx: Tx, teams: Sequence[int], model_id: str) -> ListedModel | None:
    """The logged model with this public id, if one of the teams has it."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM {_PLACED} WHERE l.model_id = :model AND {_condition(tx, '')}",
        model=model_id,
        **_parameters(tx, teams, ""),
    )
    return None if row is None else ListedModel(*row)


def registered_of(tx: Tx, teams: Sequence[int], model_ids: Sequence[str]) -> dict[str, list[RegisteredPlace]]:
    """The registered versions of the teams' models that were made of each of these logged models."""
    found: dict[str, list[RegisteredPlace]] = {}
    for model_id, *place in tx.all(
        "SELECT v.logged_model_id, t.name, m.name, v.version, v.stage FROM model_versions AS v"
        " JOIN registered_models AS m ON m.id = v.model_id JOIN teams AS t ON t.id = m.team_id"
        f" WHERE {is_in('v.logged_model_id', 'models', tx.dialect)} AND {is_in('t.id', 'teams', tx.dialect)}"
        " AND v.deleted_at IS NULL AND m.deleted_at IS NULL ORDER BY m.name, v.version",
        models=list_value(list(model_ids), tx.dialect),
        teams=list_value(teams, tx.dialect),
    ):
        found.setdefault(model_id, []).append(RegisteredPlace(*place))
    return found


def _condition(tx: Tx, text: str) -> str:
    parts = [is_in("t.id", "teams", tx.dialect), "p.deleted_at IS NULL", "l.deleted_at IS NULL", outside("p.id")]
    if text:
        whole = "LOWER(l.name || ' ' || l.model_id || ' ' || p.name || ' ' || COALESCE(r.name, ''))"
        parts.append(f"{position(tx.dialect, whole, 'LOWER(:text)')} > 0")
    return " AND ".join(parts)


def _parameters(tx: Tx, teams: Sequence[int], text: str) -> dict[str, object]:
    return {"teams": list_value(teams, tx.dialect), **({"text": text} if text else {})}
