"""Rows of runs and versions to compare: found by their names over several teams, and offered to choose from."""

from collections.abc import Sequence

import msgspec

from podium.domain.registry import PROMPT_TAG
from podium.store.cabinet import NO_PROMPT
from podium.store.dialect import is_in, list_value, position
from podium.store.registries import outside
from podium.store.transaction import Tx


class RunPlace(msgspec.Struct, frozen=True):
    """A run's key, the id that it was asked for by, and where it is."""

    key: int
    run_id: str
    slug: str
    team: str
    project: str


class VersionPlace(msgspec.Struct, frozen=True):
    """A version's key, and its model's team and name."""

    key: int
    team: str
    name: str
    version: int


class RunChoice(msgspec.Struct, frozen=True):
    """A run that may be compared."""

    run_id: str
    name: str
    status: str
    started_at: int | None
    team: str
    project: str


class VersionChoice(msgspec.Struct, frozen=True):
    """A version that may be compared."""

    team: str
    name: str
    version: int
    stage: str
    created_at: int


def find_runs(tx: Tx, teams: Sequence[int], run_ids: Sequence[str]) -> dict[str, RunPlace]:
    """Those of the runs that one of the teams has, by their public ids."""
    rows = tx.all(
        "SELECT r.id, r.run_id, r.slug, t.name, p.name FROM runs r JOIN projects p ON p.id = r.project_id"
        " JOIN teams t ON t.id = p.team_id"
        f" WHERE {is_in('r.run_id', 'ids', tx.dialect)} AND {is_in('t.id', 'teams', tx.dialect)}"
        f" AND {outside('p.id')}",
        ids=list_value(run_ids, tx.dialect),
        teams=list_value(teams, tx.dialect),
    )
    return {row[1]: RunPlace(*row) for row in rows}


def find_versions(
    tx: Tx, teams: Sequence[int], wanted: Sequence[tuple[str, str, int]]
) -> dict[tuple[str, str, int], VersionPlace]:
    """Those of the versions, each a team, a name and a number, that one of the teams has."""
    named = {f"t{i}": one[0] for i, one in enumerate(wanted)} | {f"m{i}": one[1] for i, one in enumerate(wanted)}
    numbers = {f"v{i}": one[2] for i, one in enumerate(wanted)}
    which = " OR ".join(f"(t.name = :t{i} AND m.name = :m{i} AND v.version = :v{i})" for i in range(len(wanted)))
    rows = tx.all(
        "SELECT v.id, t.name, m.name, v.version FROM model_versions v JOIN registered_models m ON m.id = v.model_id"
        f" JOIN teams t ON t.id = m.team_id WHERE ({which}) AND {is_in('t.id', 'teams', tx.dialect)}"
        " AND v.deleted_at IS NULL AND m.deleted_at IS NULL",
        teams=list_value(teams, tx.dialect),
        **named,
        **numbers,
    )
    return {(row[1], row[2], row[3]): VersionPlace(*row) for row in rows}


def recent_runs(tx: Tx, teams: Sequence[int], text: str, limit: int) -> list[RunChoice]:
    """Runs that began last, with the text in their own or their project's name."""
    within = position(tx.dialect, "LOWER(r.name || ' ' || p.name)", "LOWER(:text)")
    rows = tx.all(
        "SELECT r.run_id, r.name, r.status, r.start_time, t.name, p.name FROM runs r"
        " JOIN projects p ON p.id = r.project_id JOIN teams t ON t.id = p.team_id"
        f" WHERE {is_in('t.id', 'teams', tx.dialect)} AND r.deleted_at IS NULL AND p.deleted_at IS NULL"
        f" AND {outside('p.id')}"
        f"{f' AND {within} > 0' if text else ''} ORDER BY r.id DESC LIMIT :limit",
        teams=list_value(teams, tx.dialect),
        limit=limit,
        **({"text": text} if text else {}),
    )
    return [RunChoice(*row) for row in rows]


def recent_versions(tx: Tx, teams: Sequence[int], text: str, limit: int) -> list[VersionChoice]:
    """Versions of models, not of prompts, that were made last, with the text in their model's name."""
    within = position(tx.dialect, "LOWER(m.name)", "LOWER(:text)")
    rows = tx.all(
        "SELECT t.name, m.name, v.version, v.stage, v.created_at FROM model_versions v"
        " JOIN registered_models m ON m.id = v.model_id JOIN teams t ON t.id = m.team_id"
        f" WHERE {is_in('t.id', 'teams', tx.dialect)} AND v.deleted_at IS NULL AND m.deleted_at IS NULL"
        f" AND {NO_PROMPT}{f' AND {within} > 0' if text else ''} ORDER BY v.id DESC LIMIT :limit",
        prompt=PROMPT_TAG,
        teams=list_value(teams, tx.dialect),
        limit=limit,
        **({"text": text} if text else {}),
    )
    return [VersionChoice(*row) for row in rows]


def keys_with_curves(tx: Tx, runs: Sequence[int]) -> list[str]:
    """The names of the metrics of which one of the runs has more than one point, by name."""
    rows = tx.all(
        "SELECT DISTINCT k.key FROM latest_metrics l JOIN metric_keys k ON k.id = l.key_id"
        f" WHERE {is_in('l.run_id', 'runs', tx.dialect)} AND EXISTS (SELECT 1 FROM metrics m"
        " WHERE m.run_id = l.run_id AND m.key_id = l.key_id AND m.step < l.step) ORDER BY k.key",
        runs=list_value(runs, tx.dialect),
    )
    return [row[0] for row in rows]
