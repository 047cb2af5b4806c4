"""Whether the rows fit together, as far as the database itself and rules that no foreign key states can tell."""

from itertools import islice

import msgspec

from podium.store.transaction import Tx

LIMIT = 20


class _Rule(msgspec.Struct, frozen=True):
    """What a row of `table` does that it must not, and a statement that names such rows."""

    table: str
    wrong: str
    statement: str


# What has no foreign key, for its size or because it is a rule over two rows.
_RULES = (
    _Rule(
        "metrics",
        "has points and is not there",
        "SELECT 'Run ' || CAST(run_id AS TEXT) FROM (SELECT DISTINCT run_id FROM metrics) AS measured"
        " WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = measured.run_id)",
    ),
    _Rule(
        "model_aliases",
        "means a version of another model",
        "SELECT 'Alias ' || a.alias FROM model_aliases AS a JOIN model_versions AS v ON v.id = a.version_id"
        " WHERE v.model_id <> a.model_id",
    ),
    _Rule(
        "artifact_aliases",
        "means a version of another collection",
        "SELECT 'Alias ' || a.alias FROM artifact_aliases AS a JOIN artifact_memberships AS s ON s.id = a.membership_id"
        " WHERE s.collection_id <> a.collection_id",
    ),
    _Rule(
        "artifact_collections",
        "would give out a version's number again",
        # One that shows a model has the model's numbers, which the last of these rules is about.
        "SELECT 'Artifact ' || c.name FROM artifact_collections AS c"
        " WHERE c.model_id IS NULL AND c.deleted_at IS NULL AND EXISTS (SELECT 1 FROM artifact_memberships AS s"
        " WHERE s.collection_id = c.id AND s.version >= c.next_version)",
    ),
    _Rule(
        "artifact_versions",
        "is committed and has no bytes of its manifest",
        "SELECT 'Artifact version ' || CAST(v.id AS TEXT) FROM artifact_versions AS v"
        " JOIN artifact_collections AS c ON c.id = v.collection_id JOIN projects AS p ON p.id = c.project_id"
        # What a model registered has its list made when somebody first asks for it.
        " WHERE v.state = 'COMMITTED' AND NOT EXISTS (SELECT 1 FROM artifact_contents AS k"
        " WHERE k.team_id = p.team_id AND k.md5 = v.listing) AND NOT (v.listing IS NULL AND (v.manifest_id IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM model_version_artifacts AS x WHERE x.version_id = v.id)))",
    ),
    _Rule(
        "registered_models",
        "would give out a version's number again",
        "SELECT 'Model ' || m.name FROM registered_models AS m WHERE EXISTS"
        " (SELECT 1 FROM model_versions AS v WHERE v.model_id = m.id AND v.version >= m.next_version)",
    ),
)
_POSTGRES_KEYS = (
    "SELECT CAST(k.conrelid AS regclass)::text, CAST(k.confrelid AS regclass)::text, a.attname, b.attname"
    " FROM pg_constraint AS k"
    " JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]"
    " JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]"
    " WHERE k.contype = 'f' AND k.connamespace = CAST(current_schema() AS regnamespace) ORDER BY 1, 3"
)


class RowProblem(msgspec.Struct, frozen=True):
    """A table, or the database, and what is wrong there."""

    table: str
    message: str


def check_database(tx: Tx, *, quick: bool) -> list[RowProblem]:
    """What the database finds wrong with its pages, indexes and foreign keys, up to `LIMIT` of each."""
    if tx.dialect == "postgresql":
        return _postgres_orphans(tx)
    check = "quick_check" if quick else "integrity_check"
    pages = [RowProblem("database", row[0]) for row in tx.all(f"PRAGMA {check}({LIMIT})") if row[0] != "ok"]
    orphans = [
        RowProblem(table, f"Row {key if key is not None else 'without a number'} refers to nothing in {parent}.")
        for table, key, parent, _ in islice(tx.all("PRAGMA foreign_key_check"), LIMIT)
    ]
    return pages + orphans


def check_rules(tx: Tx) -> list[RowProblem]:
    """Rows that break a rule of Podium's own, up to `LIMIT` of each."""
    return [
        RowProblem(rule.table, f"{row[0]} {rule.wrong}.")
        for rule in _RULES
        for row in tx.all(f"{rule.statement} LIMIT {LIMIT}")
    ]


def _postgres_orphans(tx: Tx) -> list[RowProblem]:
    """PostgreSQL keeps its keys; what a restore with triggers switched off or a damaged disk left is found here."""
    found = []
    for table, parent, column, key in tx.all(_POSTGRES_KEYS):
        rows = tx.all(
            f"SELECT CAST(c.{column} AS TEXT) FROM {table} AS c WHERE c.{column} IS NOT NULL"
            f" AND NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE p.{key} = c.{column}) LIMIT {LIMIT}"
        )
        found += [RowProblem(table, f"{column} {row[0]} refers to nothing in {parent}.") for row in rows]
    return found
