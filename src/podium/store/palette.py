"""Names that begin as a text does, and then those that have it within: each sort in one statement.

Beginnings are looked up in the indexes of names. Of runs and what they log there may be many: within, only the newest
are looked at.
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

NEWEST = 3000
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
    fitting = _fitting(tx, "runs", teams, "x.run_id", in_project="SUBSTR(x.name, 1, 250)")
    rows = tx.all(
        "SELECT r.name, t.name, p.name, r.slug, LOWER(r.status) FROM runs AS r"
        " JOIN projects AS p ON p.id = r.project_id JOIN teams AS t ON t.id = p.team_id"
        f" WHERE r.deleted_at IS NULL AND r.id IN ({fitting}) ORDER BY {_best('r.name')}, r.id DESC LIMIT :limit",
        **_values(text[:250]),
        limit=limit,
    )
    return [
        Find("run", name, team, (project, slug), f"{project} · {status}") for name, team, project, slug, status in rows
    ]


def find_datasets(tx: Tx, teams: Sequence[int], text: str, limit: int) -> list[Find]:
    """Data that runs read, by name; the newest of those that are called the same in a project."""
    fitting = _fitting(tx, "datasets", teams, "x.name")
    rows = tx.all(
        "SELECT d.name, t.name, p.name, d.id, d.digest FROM datasets AS d"
        " JOIN projects AS p ON p.id = d.project_id JOIN teams AS t ON t.id = p.team_id WHERE d.id IN ("
        f" SELECT MAX(f.id) FROM datasets AS f WHERE f.id IN ({fitting}) GROUP BY f.project_id, f.name)"
        f" ORDER BY {_best('d.name')}, d.id DESC LIMIT :limit",
        **_values(text),
        limit=limit,
    )
    return [
        Find("dataset", name, team, (str(key),), f"{project} · {digest}") for name, team, project, key, digest in rows
    ]


def find_logged_models(tx: Tx, teams: Sequence[int], text: str, limit: int) -> list[Find]:
    """What MLflow's client logged as models, by the names of the newest, or by id."""
    fitting = _fitting(tx, "logged_models", teams, "x.model_id")
    rows = tx.all(
        "SELECT l.name, t.name, p.name, l.model_id, COALESCE(NULLIF(r.name, ''), l.model_id) FROM logged_models AS l"
        " JOIN projects AS p ON p.id = l.project_id JOIN teams AS t ON t.id = p.team_id"
        " LEFT JOIN runs AS r ON r.run_id = l.source_run_id AND r.project_id = l.project_id AND r.deleted_at IS NULL"
        f" WHERE l.deleted_at IS NULL AND l.id IN ({fitting}) ORDER BY {_best('l.name')}, l.id DESC LIMIT :limit",
        **_values(text),
        limit=limit,
    )
    return [
        Find("logged_model", name, team, (model_id,), f"{project} · {source}")
        for name, team, project, model_id, source in rows
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


def _fitting(tx: Tx, table: str, teams: Sequence[int], indexed: str, in_project: str = "") -> str:
    """The SQL of keys of rows in projects: of those that begin so, and of the newest that are named so.

    Beginnings are of a column with an index of its own, and of one that the index has behind the project.
    """
    projects = f"SELECT p.id FROM projects AS p WHERE p.team_id IN ({inlined(teams)}) AND p.deleted_at IS NULL"
    projects += f" AND {outside('p.id')}"
    # The `+ 0` keeps from going through all rows of all projects: the column's own index is walked instead, and for the
    # newest the keys, from the last one back.
    begins = [(indexed, "x.project_id + 0"), *([(in_project, "x.project_id")] if in_project else [])]
    parts = [
        f"SELECT id FROM (SELECT x.id FROM {table} AS x WHERE {column} >= :text AND {column} < :end"
        f" AND {project} IN ({projects}) LIMIT 50) AS known"
        for column, project in begins
    ]
    newest = f"SELECT x.id, x.name FROM {table} AS x WHERE x.project_id + 0 IN ({projects})"
    newest += f" ORDER BY x.id DESC LIMIT {NEWEST}"
    return " UNION ".join([*parts, f"SELECT id FROM ({newest}) AS x WHERE {_within(tx, 'x.name')}"])


def _within(tx: Tx, column: str) -> str:
    return f"{position(tx.dialect, f'LOWER({column})', 'LOWER(:text)')} > 0"


def _best(column: str) -> str:
    return f"CASE WHEN {column} >= :text AND {column} < :end THEN 0 ELSE 1 END"


def _values(text: str) -> dict[str, str]:
    return {"text": text, "end": text + _LAST}
