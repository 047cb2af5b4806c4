"""Rows that tie registered models and versions to the collections and artifacts that show them."""

from collections.abc import Sequence

import msgspec

from podium.domain.registry import PROMPT_TAG
from podium.store.transaction import Tx
from podium.store.versions import inlined

_PROMPT = (
    "EXISTS (SELECT 1 FROM registered_model_tags AS t WHERE t.model_id = m.id AND t.key = :prompt"
    " AND LOWER(t.value) = 'true')"
)


class ModelRow(msgspec.Struct, frozen=True):
    """A model, and the key of the collection that shows it."""

    id: int
    name: str
    description: str | None
    created_at: int
    updated_at: int
    deleted_at: int | None
    revision: int
    collection_id: int | None


class VersionRow(msgspec.Struct, frozen=True):
    """A living version of a model. `artifact_id` is None where there is no artifact of its files, or no more."""

    id: int
    version: int
    description: str | None
    user_id: str | None
    run_id: int | None
    project_id: int | None
    manifest_id: int | None
    digest: str | None
    size_bytes: int | None
    file_count: int | None
    location: str
    created_at: int
    artifact_id: int | None
    synced: str | None


class Binding(msgspec.Struct, frozen=True):
    """A registered version: its team's and model's names, and its number."""

    team: str
    model: str
    version: int


def select_stale(tx: Tx, team_id: int) -> list[ModelRow]:
    """The team's models, without prompts, that have changed since they were shown last."""
    rows = tx.all(
        "SELECT m.id, m.name, m.description, m.created_at, m.updated_at, m.deleted_at, m.revision, c.id"
        " FROM registered_models AS m LEFT JOIN artifact_collections AS c ON c.model_id = m.id"
        " WHERE m.team_id = :team AND (c.id IS NULL AND m.deleted_at IS NULL OR c.synced_revision <> m.revision)"
        f" AND NOT {_PROMPT} ORDER BY m.id",
        team=team_id,
        prompt=PROMPT_TAG,
    )
    return [ModelRow(*row) for row in rows]


_STALE = (
    "SELECT t.name FROM artifact_collections AS c JOIN registered_models AS m ON m.id = c.model_id"
    " JOIN teams AS t ON t.id = m.team_id AND t.deleted_at IS NULL WHERE c.synced_revision <> m.revision AND c.id"
)


def find_team_of_stale_collection(tx: Tx, key: int) -> str | None:
    """The team whose model has changed since this collection showed it last."""
    name: str | None = tx.value(f"{_STALE} = :key", key=key)
    return name


def find_team_of_stale_version(tx: Tx, key: int) -> str | None:
    """The same of a collection that has this version of an artifact."""
    places = "SELECT collection_id FROM artifact_memberships WHERE version_id = :key"
    name: str | None = tx.value(f"{_STALE} IN ({places}) LIMIT 1", key=key)
    return name


def bind_collection(tx: Tx, key: int, model_id: int) -> None:
    """Make a collection the one that shows a model."""
    tx.run("UPDATE artifact_collections SET model_id = :model WHERE id = :key", key=key, model=model_id)


def update_collection(tx: Tx, key: int, name: str, model: ModelRow) -> None:
    """Write what a collection shows of a model, and of which revision that is."""
    tx.run(
        "UPDATE artifact_collections SET name = :name, description = :description, created_at = :created,"
        " updated_at = :updated, deleted_at = :deleted, synced_revision = :revision WHERE id = :key",
        key=key,
        name=name,
        description=model.description,
        created=model.created_at,
        updated=model.updated_at,
        deleted=model.deleted_at,
        revision=model.revision,
    )


def select_versions(tx: Tx, team_id: int, model_id: int) -> list[VersionRow]:
    """The model's living versions, oldest first, with the runs of the team that made them."""
    rows = tx.all(
        "SELECT v.id, v.version, v.description, v.user_id, r.id, p.id, v.manifest_id, f.digest, f.size_bytes,"
        " f.file_count, v.location, v.created_at, a.id, x.synced FROM model_versions AS v"
        " LEFT JOIN manifests AS f ON f.id = v.manifest_id"
        " LEFT JOIN runs AS r ON r.run_id = v.run_id AND r.deleted_at IS NULL"
        " LEFT JOIN projects AS p ON p.id = r.project_id AND p.team_id = :team AND p.deleted_at IS NULL"
        " LEFT JOIN model_version_artifacts AS x ON x.model_version_id = v.id"
        " LEFT JOIN artifact_versions AS a ON a.id = x.version_id AND a.state = 'COMMITTED'"
        " WHERE v.model_id = :model AND v.deleted_at IS NULL ORDER BY v.version",
        team=team_id,
        model=model_id,
    )
    return [VersionRow(*row) for row in rows]


def select_tags(tx: Tx, version_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The tags of each of these versions of models."""
    found: dict[int, dict[str, str]] = {key: {} for key in version_ids}
    for key, tag, value in tx.all(
        f"SELECT version_id, key, value FROM model_version_tags WHERE version_id IN ({inlined(version_ids)})"
    ):
        found[key][tag] = value
    return found


def select_model_tags(tx: Tx, model_id: int) -> dict[str, str]:
    """The tags of a model."""
    return dict(tx.all("SELECT key, value FROM registered_model_tags WHERE model_id = :id", id=model_id))


def select_aliases(tx: Tx, model_id: int) -> dict[str, int]:
    """Each alias of a model, with the number of the version that it points to."""
    return dict(
        tx.all(
            "SELECT a.alias, v.version FROM model_aliases AS a JOIN model_versions AS v ON v.id = a.version_id"
            " WHERE a.model_id = :id",
            id=model_id,
        )
    )


def upsert_link(tx: Tx, model_version_id: int, version_id: int, synced: str) -> None:
    """Say which artifact has the files of a registered version, and what it has of its description and tags."""
    tx.run(
        "INSERT INTO model_version_artifacts (model_version_id, version_id, synced) VALUES (:version, :artifact,"
        " :synced) ON CONFLICT (model_version_id) DO UPDATE SET version_id = excluded.version_id,"
        " synced = excluded.synced",
        version=model_version_id,
        artifact=version_id,
        synced=synced,
    )


def select_bindings(tx: Tx, version_id: int) -> list[Binding]:
    """The living registered versions that an artifact has the files of."""
    rows = tx.all(
        "SELECT e.name, m.name, v.version FROM model_version_artifacts AS x"
        " JOIN model_versions AS v ON v.id = x.model_version_id AND v.deleted_at IS NULL"
        " JOIN registered_models AS m ON m.id = v.model_id AND m.deleted_at IS NULL"
        " JOIN teams AS e ON e.id = m.team_id AND e.deleted_at IS NULL WHERE x.version_id = :version ORDER BY v.id",
        version=version_id,
    )
    return [Binding(*row) for row in rows]


def find_version_in(tx: Tx, model_id: int, version_id: int) -> int | None:
    """The number of the model's living version that an artifact has the files of."""
    found: int | None = tx.value(
        "SELECT MAX(v.version) FROM model_version_artifacts AS x JOIN model_versions AS v ON v.id = x.model_version_id"
        " WHERE x.version_id = :version AND v.model_id = :model AND v.deleted_at IS NULL",
        version=version_id,
        model=model_id,
    )
    return found


def find_shown(tx: Tx, collection_id: int) -> str | None:
    """The name of the living model that a collection shows; None when it shows none."""
    found: str | None = tx.value(
        "SELECT m.name FROM artifact_collections AS c JOIN registered_models AS m ON m.id = c.model_id"
        " WHERE c.id = :collection AND c.deleted_at IS NULL AND m.deleted_at IS NULL",
        collection=collection_id,
    )
    return found


def find_place_of(tx: Tx, model_id: int, number: int) -> int | None:
    """The key of the place with this number in the collection that shows a model."""
    found: int | None = tx.value(
        "SELECT s.id FROM artifact_collections AS c JOIN artifact_memberships AS s ON s.collection_id = c.id"
        " WHERE c.model_id = :model AND s.version = :number",
        model=model_id,
        number=number,
    )
    return found


def forget_incomplete(tx: Tx) -> None:
    """Let collections that lack a version of their model be made anew: its artifact was deleted."""
    tx.run(
        "UPDATE artifact_collections SET synced_revision = -1 WHERE model_id IS NOT NULL AND deleted_at IS NULL"
        " AND (SELECT COUNT(*) FROM artifact_memberships AS s WHERE s.collection_id = artifact_collections.id)"
        " <> (SELECT COUNT(*) FROM model_versions AS v WHERE v.model_id = artifact_collections.model_id"
        " AND v.deleted_at IS NULL)"
    )


def find_public_run(tx: Tx, run_id: int | None) -> str | None:
    """The public id of a run."""
    found: str | None = tx.value("SELECT run_id FROM runs WHERE id = :id", id=run_id)
    return found


def select_places(tx: Tx, collection_id: int) -> dict[int, tuple[int, int]]:
    """(key, version) of what has each number in a collection."""
    rows = tx.all(
        "SELECT version, id, version_id FROM artifact_memberships WHERE collection_id = :collection",
        collection=collection_id,
    )
    return {number: (key, version) for number, key, version in rows}


def delete_places(tx: Tx, keys: Sequence[int]) -> None:
    """Take versions out of a collection."""
    tx.run(f"DELETE FROM artifact_memberships WHERE id IN ({inlined(keys)})")


def select_place_aliases(tx: Tx, collection_id: int) -> dict[str, int]:
    """Each alias in a collection, with the key of the place that it points to."""
    return dict(
        tx.all(
            "SELECT alias, membership_id FROM artifact_aliases WHERE collection_id = :collection",
            collection=collection_id,
        )
    )


def delete_alias(tx: Tx, collection_id: int, alias: str) -> None:
    """Take an alias off, wherever it points."""
    tx.run(
        "DELETE FROM artifact_aliases WHERE collection_id = :collection AND alias = :alias",
        collection=collection_id,
        alias=alias,
    )


def insert_artifact(tx: Tx, collection_id: int, row: VersionRow, digest: str) -> int:
    """The key of a committed artifact with the files of a registered version; nothing lists them yet."""
    key: int = tx.value(
        "INSERT INTO artifact_versions (collection_id, state, digest, run_id, user_id, pending_aliases, manifest_id,"
        " size_bytes, file_count, created_at, updated_at) VALUES (:collection, 'COMMITTED', :digest, :run, :user, '[]',"
        " :manifest, :size, :count, :at, :at) RETURNING id",
        collection=collection_id,
        digest=digest,
        run=None if row.project_id is None else row.run_id,
        user=row.user_id or "",
        manifest=row.manifest_id,
        size=row.size_bytes or 0,
        count=1 if row.file_count is None else row.file_count,
        at=row.created_at,
    )
    return key


def update_description(tx: Tx, version_id: int, description: str | None) -> None:
    """Describe an artifact."""
    tx.run(
        "UPDATE artifact_versions SET description = :description WHERE id = :id", id=version_id, description=description
    )


def find_location(tx: Tx, version_id: int) -> str | None:
    """Where the files of the registered version that an artifact shows are."""
    found: str | None = tx.value(
        "SELECT v.location FROM model_version_artifacts AS x JOIN model_versions AS v ON v.id = x.model_version_id"
        " WHERE x.version_id = :version ORDER BY v.id LIMIT 1",
        version=version_id,
    )
    return found


def update_listing(tx: Tx, version_id: int, listing: str) -> None:
    """Say which text lists an artifact's files."""
    tx.run(
        "UPDATE artifact_versions SET listing = :listing WHERE id = :id AND listing IS NULL",
        id=version_id,
        listing=listing,
    )
