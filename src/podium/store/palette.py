"""Names that begin as a text does, and then those that have it within: each sort in one statement.

Beginnings are looked up in the indexes of names. Runs may be many: within, only the newest are looked at.
"""

from collections.abc import Sequence

from podium.domain.palette import Find
from podium.domain.registry import PROMPT_TAG
from podium.store.artifact_shelf import NO_COPY
from podium.store.cabinet import NO_PROMPT
from podium.store.dialect import position
from podium.store.registries import outside, without
from podium.store.transaction import Tx
from podium.store.versions import inlined

NEWEST_RUNS = 3000
_LAST = "\U0010ffff"


def find_models(tx: Tx, teams: Sequence[int], text: str, limit: int) -> list[Find]:
    """Registered models; prompts, which MLflow keeps among them, have no page."""
    rows = tx.all(
        "SELECT m.name, t.name, COALESCE(m.description, '') FROM registered_models AS m"
        f" JOIN teams AS t ON t.id = m.team_id WHERE m.team_id IN ({inlined(teams)}) AND m.deleted_at IS NULL"
        f" AND {NO_PROMPT} AND {_within(tx, 'm.name')} ORDER BY {_best('m.name')}, m.updated_at DESC LIMIT :limit",
        **_values(text),
        prompt=PROMPT_TAG,
        limit=limit,
    )
    return [Find("model", name, team, (name,), note[:80]) for name, team, note in rows]


def find_versions(tx: Tx, teams: Sequence[int], name: str, version: int, limit: int) -> list[Find]:
    """Versions of this number, of models whose names begin so."""
    rows = tx.all(
        "SELECT m.name, t.name, v.version, v.stage FROM registered_models AS m JOIN teams AS t ON t.id = m.team_id"
        " JOIN model_versions AS v ON v.model_id = m.id AND v.version = :version AND v.deleted_at IS NULL"
        f" WHERE m.team_id IN ({inlined(teams)}) AND m.deleted_at IS NULL"
        f" AND {NO_PROMPT} AND {_within(tx, 'm.name')} ORDER BY {_best('m.name')}, m.name LIMIT :limit",
        **_values(name),
        prompt=PROMPT_TAG,
        version=version,
        limit=limit,
    )
    return [_version(*row) for row in rows]


def find_aliases(tx: Tx, teams: Sequence[int], alias: str, limit: int) -> list[Find]:
    """Versions with an alias that begins so."""
    rows = tx.all(
        "SELECT m.name, t.name, v.version, '@' || a.alias FROM registered_models AS m"
        " JOIN teams AS t ON t.id = m.team_id JOIN model_aliases AS a ON a.model_id = m.id"
        " JOIN model_versions AS v ON v.id = a.version_id AND v.deleted_at IS NULL"
        f" WHERE m.team_id IN ({inlined(teams)}) AND m.deleted_at IS NULL AND {NO_PROMPT}"
        " AND a.alias >= :text AND a.alias < :end ORDER BY a.alias, m.updated_at DESC LIMIT :limit",
        text=alias,
        end=alias + _LAST,
        prompt=PROMPT_TAG,
        limit=limit,
    )
    return [_version(*row) for row in rows]


def find_runs(tx: Tx, teams: Sequence[int], text: str, limit: int) -> list[Find]:
    """Runs by name or id."""
    project = f"SELECT p.id FROM projects AS p WHERE p.team_id IN ({inlined(teams)}) AND p.deleted_at IS NULL"
    project += f" AND {outside('p.id')}"
    beginning = "SELECT r.id FROM runs AS r WHERE {0} >= :text AND {0} < :end AND r.project_id IN ({1})"
    # The newest are found by walking back along the keys, not by sorting the runs of all projects: hence the `+ 0`.
    within = position(tx.dialect, "LOWER(r.name)", "LOWER(:text)")
    rows = tx.all(
        "SELECT r.name, t.name, p.name, r.slug, LOWER(r.status) FROM runs AS r"
        " JOIN projects AS p ON p.id = r.project_id JOIN teams AS t ON t.id = p.team_id"
        " WHERE r.deleted_at IS NULL AND r.id IN ("
        f" SELECT id FROM ({beginning.format('SUBSTR(r.name, 1, 250)', project)} LIMIT 50) AS named"
        f" UNION SELECT id FROM ({beginning.format('r.run_id', project)} LIMIT 50) AS known"
        f" UNION SELECT id FROM (SELECT r.id, r.name FROM runs AS r WHERE r.project_id + 0 IN ({project})"
        f" ORDER BY r.id DESC LIMIT {NEWEST_RUNS}) AS r WHERE {within} > 0)"
        f" ORDER BY {_best('r.name')}, r.id DESC LIMIT :limit",
        **_values(text[:250]),
        limit=limit,
    )
    return [
        Find("run", name, team, (project, slug), f"{project} · {status}") for name, team, project, slug, status in rows
    ]


def find_projects(tx: Tx, teams: Sequence[int], hidden: Sequence[int], text: str, limit: int) -> list[Find]:
    """Projects but hidden ones."""
    beyond, values = without("p.id", hidden, tx.dialect)
    rows = tx.all(
        "SELECT p.name, t.name FROM projects AS p JOIN teams AS t ON t.id = p.team_id"
        f" WHERE p.team_id IN ({inlined(teams)}) AND p.deleted_at IS NULL AND {_within(tx, 'p.name')}"
        f"{beyond} ORDER BY {_best('p.name')}, p.updated_at DESC LIMIT :limit",
        **_values(text),
        **values,
        limit=limit,
    )
    return [Find("project", name, team, (name,)) for name, team in rows]


def find_collections(tx: Tx, teams: Sequence[int], hidden: Sequence[int], text: str, limit: int) -> list[Find]:
    """Collections of artifacts, of hidden projects none."""
    beyond, values = without("p.id", hidden, tx.dialect)
    rows = tx.all(
        "SELECT c.name, t.name, p.name, y.name FROM projects AS p JOIN teams AS t ON t.id = p.team_id"
        " JOIN artifact_collections AS c ON c.project_id = p.id JOIN artifact_types AS y ON y.id = c.type_id"
        f" WHERE p.team_id IN ({inlined(teams)}) AND p.deleted_at IS NULL AND c.deleted_at IS NULL"
        f" AND {NO_COPY} AND {_within(tx, 'c.name')}{beyond}"
        f" ORDER BY {_best('c.name')}, c.updated_at DESC LIMIT :limit",
        **_values(text),
        **values,
        limit=limit,
    )
    return [
        Find("collection", name, team, (project, kind, name), f"{kind} · {project}")
        for name, team, project, kind in rows
    ]


def _version(name: str, team: str, version: int, note: str) -> Find:
    shown = "" if note == "None" else note
    return Find("version", f"{name} v{version}", team, (name, str(version)), shown)


def _within(tx: Tx, column: str) -> str:
    return f"{position(tx.dialect, f'LOWER({column})', 'LOWER(:text)')} > 0"


def _best(column: str) -> str:
    return f"CASE WHEN {column} >= :text AND {column} < :end THEN 0 ELSE 1 END"


def _values(text: str) -> dict[str, str]:
    return {"text": text, "end": text + _LAST}
