"""Rows of aliases."""

from podium.store.transaction import Answer, Tx
from podium.store.versions import inlined


def find_alias(tx: Tx, model_id: int, alias: str) -> tuple[int, int] | None:
    """(key, number) of the version that an alias of the model points to."""
    row = tx.one(
        "SELECT v.id, v.version FROM model_aliases a JOIN model_versions v ON v.id = a.version_id"
        " WHERE a.model_id = :model AND a.alias = :alias",
        model=model_id,
        alias=alias,
    )
    return None if row is None else (row[0], row[1])


def ask_number(tx: Tx, team_id: int, name: str, alias: str) -> Answer:
    """The number of the version that an alias of the team's model of this name points to."""
    return tx.ask(
        "SELECT v.version FROM registered_models m JOIN model_aliases a ON a.model_id = m.id"
        " JOIN model_versions v ON v.id = a.version_id"
        " WHERE m.team_id = :team AND m.name = :name AND m.deleted_at IS NULL AND a.alias = :alias",
        team=team_id,
        name=name,
        alias=alias,
    )


def upsert_alias(tx: Tx, model_id: int, alias: str, version_id: int) -> None:
    """Point an alias to a version, wherever it pointed before."""
    tx.run(
        "INSERT INTO model_aliases (model_id, alias, version_id) VALUES (:model, :alias, :version)"
        " ON CONFLICT (model_id, alias) DO UPDATE SET version_id = excluded.version_id",
        model=model_id,
        alias=alias,
        version=version_id,
    )


def delete_alias(tx: Tx, model_id: int, alias: str) -> None:
    """Take an alias off."""
    tx.run("DELETE FROM model_aliases WHERE model_id = :model AND alias = :alias", model=model_id, alias=alias)


def select_of_models(tx: Tx, model_ids: list[int]) -> dict[int, dict[str, int]]:
    """Alias -> version number of each model."""
    found: dict[int, dict[str, int]] = {key: {} for key in model_ids}
    for model_id, alias, version in tx.all(
        "SELECT a.model_id, a.alias, v.version FROM model_aliases a JOIN model_versions v ON v.id = a.version_id"
        f" WHERE a.model_id IN ({inlined(model_ids)}) ORDER BY a.alias"
    ):
        found[model_id][alias] = version
    return found
