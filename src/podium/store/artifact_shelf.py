"""What pages show of artifacts over several teams: lists of collections, and what is in them."""

from collections.abc import Sequence

from podium.domain.shelf import CollectionContent, NamedRun, RegisteredPlace, ShelfPlace, WantedArtifacts
from podium.store.artifact_collections import JOINED
from podium.store.dialect import is_in, list_value, position
from podium.store.registries import outside, without
from podium.store.transaction import Tx

# The newest version of a collection is what changed it last; one without any was changed when it was made.
_CHANGED = (
    "COALESCE((SELECT s.created_at FROM artifact_memberships s WHERE s.collection_id = c.id"
    " ORDER BY s.version DESC LIMIT 1), c.created_at)"
)
# Registered models are shown as models: neither their copies in the registry, nor what holds the files of versions that
# were registered without an artifact, are things of their own.
NO_COPY = (
    "c.model_id IS NULL AND NOT (SUBSTR(c.name, 1, 11) = 'registered-' AND EXISTS (SELECT 1 FROM artifact_versions AS h"
    " JOIN model_version_artifacts AS x ON x.version_id = h.id WHERE h.collection_id = c.id))"
)
_LIVING = f"c.deleted_at IS NULL AND cp.deleted_at IS NULL AND {NO_COPY}"


def list_collections(
    tx: Tx, teams: Sequence[int], hidden: Sequence[int], wanted: WantedArtifacts, after: ShelfPlace | None, limit: int
) -> list[ShelfPlace]:
    """Collections of the teams, the last changed first or by name, those behind a place; of hidden projects none."""
    beyond, order = _order(wanted, after)
    rows = tx.all(
        f"SELECT x.id, x.name, x.changed FROM (SELECT c.id, c.name, {_CHANGED} AS changed"
        f" FROM artifact_collections AS c {JOINED} WHERE {_condition(tx, hidden, wanted)}) AS x{beyond}"
        f" ORDER BY {order} LIMIT :limit",
        **_parameters(tx, teams, hidden, wanted),
        **({} if after is None else {"last": after.id, "name": after.name, "at": after.changed_at}),
        limit=limit,
    )
    return [ShelfPlace(*row) for row in rows]


def count_collections(tx: Tx, teams: Sequence[int], hidden: Sequence[int], wanted: WantedArtifacts) -> int:
    """How many there are on all pages."""
    count: int = tx.value(
        f"SELECT COUNT(*) FROM artifact_collections AS c {JOINED} WHERE {_condition(tx, hidden, wanted)}",
        **_parameters(tx, teams, hidden, wanted),
    )
    return count


def list_types(tx: Tx, teams: Sequence[int], hidden: Sequence[int]) -> list[str]:
    """The types of the teams' collections, by name, without those of hidden projects."""
    beyond, values = without("cp.id", hidden, tx.dialect)
    rows = tx.all(
        f"SELECT DISTINCT ct.name FROM artifact_collections AS c {JOINED}"
        f" WHERE {_LIVING} AND {is_in('cp.team_id', 'teams', tx.dialect)}{beyond} ORDER BY ct.name",
        teams=list_value(teams, tx.dialect),
        **values,
    )
    return [row[0] for row in rows]


def contents_of(tx: Tx, collections: Sequence[int]) -> dict[int, CollectionContent]:
    """What is in each of the collections that have a version, in two statements."""
    keys = list_value(collections, tx.dialect)
    rows = tx.all(
        "SELECT s.collection_id, COUNT(*), MAX(s.version), SUM(v.size_bytes) FROM artifact_memberships AS s"
        f" JOIN artifact_versions AS v ON v.id = s.version_id WHERE {is_in('s.collection_id', 'keys', tx.dialect)}"
        " GROUP BY s.collection_id",
        keys=keys,
    )
    aliases: dict[int, dict[str, int]] = {}
    for collection, alias, number in tx.all(
        "SELECT a.collection_id, a.alias, s.version FROM artifact_aliases AS a"
        " JOIN artifact_memberships AS s ON s.id = a.membership_id"
        f" WHERE {is_in('a.collection_id', 'keys', tx.dialect)} ORDER BY s.version DESC, a.alias",
        keys=keys,
    ):
        aliases.setdefault(collection, {})[alias] = number
    return {row[0]: CollectionContent(row[1], row[2], int(row[3]), aliases.get(row[0], {})) for row in rows}


def list_members(tx: Tx, collection: int, hidden: Sequence[int], before: int | None, limit: int) -> list[int]:
    """The keys of the places in a collection that are not hidden, the newest first, with numbers below `before`."""
    beyond, values = without("id", hidden, tx.dialect)
    rows = tx.all(
        f"SELECT id FROM artifact_memberships WHERE collection_id = :collection{beyond}"
        f"{'' if before is None else ' AND version < :before'} ORDER BY version DESC LIMIT :limit",
        collection=collection,
        limit=limit,
        **values,
        **({} if before is None else {"before": before}),
    )
    return [row[0] for row in rows]


def name_runs(tx: Tx, teams: Sequence[int], runs: Sequence[int]) -> dict[int, NamedRun]:
    """Those of the runs that one of the teams has and did not delete, by their keys."""
    rows = tx.all(
        "SELECT r.id, r.run_id, r.slug, r.name, r.status, r.start_time, t.name, p.name FROM runs AS r"
        " JOIN projects AS p ON p.id = r.project_id JOIN teams AS t ON t.id = p.team_id"
        f" WHERE {is_in('r.id', 'runs', tx.dialect)} AND {is_in('t.id', 'teams', tx.dialect)}"
        f" AND r.deleted_at IS NULL AND {outside('p.id')}",
        runs=list_value(runs, tx.dialect),
        teams=list_value(teams, tx.dialect),
    )
    return {row[0]: NamedRun(*row) for row in rows}


def readers_of(tx: Tx, version: int, limit: int) -> list[int]:
    """The keys of runs that read a version, the last first."""
    rows = tx.all(
        "SELECT run_id FROM run_artifacts WHERE version_id = :version AND direction = 'input'"
        " ORDER BY created_at DESC, run_id DESC LIMIT :limit",
        version=version,
        limit=limit,
    )
    return [row[0] for row in rows]


def registered_of(tx: Tx, teams: Sequence[int], version: int) -> list[RegisteredPlace]:
    """The registered versions of the teams' models that have the files of an artifact's version."""
    rows = tx.all(
        "SELECT t.name, m.name, v.version, v.stage FROM model_version_artifacts AS x"
        " JOIN model_versions AS v ON v.id = x.model_version_id JOIN registered_models AS m ON m.id = v.model_id"
        " JOIN teams AS t ON t.id = m.team_id WHERE x.version_id = :version AND v.deleted_at IS NULL"
        f" AND m.deleted_at IS NULL AND {is_in('t.id', 'teams', tx.dialect)} ORDER BY m.name, v.version",
        version=version,
        teams=list_value(teams, tx.dialect),
    )
    return [RegisteredPlace(*row) for row in rows]


def _condition(tx: Tx, hidden: Sequence[int], wanted: WantedArtifacts) -> str:
    parts = [_LIVING, is_in("cp.team_id", "teams", tx.dialect) + without("cp.id", hidden, tx.dialect)[0]]
    if wanted.text:
        whole = "LOWER(c.name || ' ' || cp.name || ' ' || COALESCE(c.description, ''))"
        parts.append(f"{position(tx.dialect, whole, 'LOWER(:text)')} > 0")
    if wanted.type:
        parts.append("ct.name = :type")
    return " AND ".join(parts)


def _parameters(tx: Tx, teams: Sequence[int], hidden: Sequence[int], wanted: WantedArtifacts) -> dict[str, object]:
    given = {"text": wanted.text, "type": wanted.type}
    own = {"teams": list_value(teams, tx.dialect), **without("cp.id", hidden, tx.dialect)[1]}
    return {**own, **{name: value for name, value in given.items() if value}}


def _order(wanted: WantedArtifacts, after: ShelfPlace | None) -> tuple[str, str]:
    if wanted.by_name:
        beyond, order = "(x.name > :name OR (x.name = :name AND x.id > :last))", "x.name, x.id"
    else:
        beyond, order = "(x.changed < :at OR (x.changed = :at AND x.id < :last))", "x.changed DESC, x.id DESC"
    return ("" if after is None else f" WHERE {beyond}"), order
