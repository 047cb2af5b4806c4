"""Rows of manifests, the immutable lists of files that registered versions are made of."""

from podium.domain.manifests import Manifest, ManifestEntry
from podium.store.dialect import for_update
from podium.store.transaction import Tx
from podium.store.trees import manifest_tree, select_files


def insert_manifest(tx: Tx, manifest: Manifest, at: int) -> int:
    """The key of the manifest; an equal one that is there already is taken, and kept from collection meanwhile."""
    digest = manifest.digest
    while True:
        key: int | None = tx.value(
            "INSERT INTO manifests (digest, file_count, size_bytes, created_at) VALUES (:digest, :count, :size, :at)"
            " ON CONFLICT (digest) DO NOTHING RETURNING id",
            digest=digest,
            count=len(manifest.entries),
            size=manifest.size_bytes,
            at=at,
        )
        if key is not None:
            _insert_entries(tx, key, manifest)
            return key
        key = tx.value(f"SELECT id FROM manifests WHERE digest = :digest{for_update(tx.dialect)}", digest=digest)
        if key is not None:
            return key
        # Collected between the two statements, by another process: the next insert succeeds.


def select_entries(tx: Tx, manifest_id: int, folder: str = "") -> list[ManifestEntry]:
    """The files below `folder` ("" is the root), with paths relative to it, in order."""
    return select_files(tx, manifest_tree(manifest_id), folder)


def find_version_manifest(tx: Tx, team_id: int, version_key: int) -> int | None:
    """The manifest of the team's model version with this key; None when it is deleted or has no files here."""
    found: int | None = tx.value(
        "SELECT model_versions.manifest_id FROM model_versions"
        " JOIN registered_models ON registered_models.id = model_versions.model_id"
        " WHERE model_versions.id = :version AND registered_models.team_id = :team"
        " AND registered_models.deleted_at IS NULL AND model_versions.deleted_at IS NULL",
        version=version_key,
        team=team_id,
    )
    return found


def find_manifest(tx: Tx, team_id: int, digest: str) -> int | None:
    """The manifest with this digest, if a version of the team has it."""
    found: int | None = tx.value(
        "SELECT manifests.id FROM manifests JOIN model_versions ON model_versions.manifest_id = manifests.id"
        " JOIN registered_models ON registered_models.id = model_versions.model_id"
        " WHERE manifests.digest = :digest AND registered_models.team_id = :team"
        " AND registered_models.deleted_at IS NULL AND model_versions.deleted_at IS NULL",
        digest=digest,
        team=team_id,
    )
    return found


def _insert_entries(tx: Tx, key: int, manifest: Manifest) -> None:
    tx.many(
        "INSERT INTO manifest_entries (manifest_id, path, digest, size_bytes)"
        " VALUES (:manifest, :path, :digest, :size)",
        [
            {"manifest": key, "path": entry.path, "digest": entry.digest, "size": entry.size_bytes}
            for entry in manifest.entries
        ],
    )
