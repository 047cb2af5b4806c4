"""What the cabinet shows of registered models: pages of them over several teams, and how their versions measured."""

from collections.abc import Sequence

import msgspec

from podium.domain.cabinet import Wanted
from podium.domain.registry import PROMPT_TAG
from podium.store.dialect import position
from podium.store.transaction import Tx
from podium.store.versions import inlined

NEWEST = 20  # versions of a model whose metric is drawn
# Of the models `m`, those that MLflow does not call prompts; `prompt` is the tag that it calls them by.
NO_PROMPT = (
    "m.id NOT IN (SELECT p.model_id FROM registered_model_tags p WHERE p.key = :prompt AND LOWER(p.value) = 'true')"
)


class Place(msgspec.Struct, frozen=True):
    """Where a page ends: the last model's key, and what it is ordered by."""

    id: int
    name: str
    updated_at: int


class Listed(msgspec.Struct, frozen=True):
    """A model of a page, and the team that has it."""

    id: int
    team_id: int
    team: str
    name: str
    updated_at: int


class Measured(msgspec.Struct, frozen=True):
    """What the run of a version measured last."""

    model_id: int
    version: int
    key: str
    value: float | None


def list_models(tx: Tx, team_ids: Sequence[int], wanted: Wanted, after: Place | None, limit: int) -> list[Listed]:
    """Models of the teams, the last changed first or by name, those behind a place."""
    beyond, order = _order(wanted, after)
    rows = tx.all(
        "SELECT m.id, m.team_id, t.name, m.name, m.updated_at FROM registered_models m JOIN teams t ON t.id = m.team_id"
        f" WHERE {_condition(tx, team_ids, wanted)}{beyond} ORDER BY {order} LIMIT :limit",
        **_parameters(wanted),
        **({} if after is None else {"last": after.id, "name": after.name, "at": after.updated_at}),
        limit=limit,
    )
    return [Listed(*row) for row in rows]


def count_models(tx: Tx, team_ids: Sequence[int], wanted: Wanted) -> int:
    """How many there are on all pages."""
    count: int = tx.value(
        f"SELECT COUNT(*) FROM registered_models m WHERE {_condition(tx, team_ids, wanted)}", **_parameters(wanted)
    )
    return count


def teams_with_model(tx: Tx, team_ids: Sequence[int], name: str) -> list[str]:
    """The names of those of the teams that have a model of this name."""
    rows = tx.all(
        "SELECT t.name FROM registered_models m JOIN teams t ON t.id = m.team_id WHERE m.name = :name"
        f" AND m.team_id IN ({inlined(team_ids)}) AND m.deleted_at IS NULL AND {NO_PROMPT} ORDER BY t.name",
        name=name,
        prompt=PROMPT_TAG,
    )
    return [team for (team,) in rows]


def count_versions(tx: Tx, model_ids: Sequence[int]) -> dict[int, int]:
    """How many versions each model has."""
    rows = tx.all(
        "SELECT model_id, COUNT(*) FROM model_versions"
        f" WHERE model_id IN ({inlined(model_ids)}) AND deleted_at IS NULL GROUP BY model_id"
    )
    return dict(rows)


def measured_newest(tx: Tx, model_ids: Sequence[int]) -> list[Measured]:
    """All that the runs of each model's newest version measured."""
    return _measured(tx, model_ids, newest=1, condition="")


def measured(tx: Tx, keys: dict[int, str], newest: int = NEWEST) -> list[Measured]:
    """One metric of each model, over its newest versions, oldest first."""
    if not keys:
        return []
    names = {f"key{index}": key for index, key in enumerate(sorted(set(keys.values())))}
    by_key = {key: name for name, key in names.items()}
    pairs = " OR ".join(f"(v.model_id = {model} AND k.key = :{by_key[key]})" for model, key in keys.items())
    return _measured(tx, list(keys), newest=newest, condition=f" AND ({pairs})", **names)


def _measured(tx: Tx, model_ids: Sequence[int], *, newest: int, condition: str, **names: str) -> list[Measured]:
    rows = tx.all(
        "SELECT v.model_id, v.version, k.key, l.value, l.is_nan FROM registered_models m"
        " JOIN model_versions v ON v.model_id = m.id AND v.deleted_at IS NULL AND v.version > COALESCE(("
        "SELECT o.version FROM model_versions o WHERE o.model_id = m.id AND o.deleted_at IS NULL"
        f" ORDER BY o.version DESC LIMIT 1 OFFSET {newest}), 0)"
        " JOIN runs r ON r.run_id = v.run_id JOIN latest_metrics l ON l.run_id = r.id"
        f" JOIN metric_keys k ON k.id = l.key_id WHERE m.id IN ({inlined(model_ids)}){condition}"
        " ORDER BY v.version, k.key",
        **names,
    )
    return [Measured(model, version, key, None if is_nan else value) for model, version, key, value, is_nan in rows]


def _condition(tx: Tx, team_ids: Sequence[int], wanted: Wanted) -> str:
    parts = [f"m.team_id IN ({inlined(team_ids)})", "m.deleted_at IS NULL", NO_PROMPT]
    if wanted.text:
        whole = "LOWER(m.name || ' ' || COALESCE(m.description, ''))"
        parts.append(f"{position(tx.dialect, whole, 'LOWER(:text)')} > 0")
    if wanted.stage:
        parts.append(
            "EXISTS (SELECT 1 FROM model_versions s WHERE s.model_id = m.id AND s.stage = :stage"
            " AND s.deleted_at IS NULL)"
        )
    if wanted.alias:
        parts.append("EXISTS (SELECT 1 FROM model_aliases a WHERE a.model_id = m.id AND a.alias = :alias)")
    if wanted.tag:
        parts.append("EXISTS (SELECT 1 FROM registered_model_tags g WHERE g.model_id = m.id AND g.key = :tag)")
    return " AND ".join(parts)


def _parameters(wanted: Wanted) -> dict[str, str]:
    given = {"text": wanted.text, "stage": wanted.stage, "alias": wanted.alias, "tag": wanted.tag}
    return {"prompt": PROMPT_TAG, **{name: value for name, value in given.items() if value}}


def _order(wanted: Wanted, after: Place | None) -> tuple[str, str]:
    if wanted.by_name:
        beyond = "(m.name > :name OR (m.name = :name AND m.id > :last))"
        order = "m.name, m.id"
    else:
        beyond = (
            "(m.updated_at < :at OR (m.updated_at = :at AND (m.name > :name OR (m.name = :name AND m.id > :last))))"
        )
        order = "m.updated_at DESC, m.name, m.id"
    return ("" if after is None else f" AND {beyond}"), order
