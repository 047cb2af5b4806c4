"""What a search can ask of registered models and their versions."""

from collections.abc import Sequence

import msgspec

from podium.domain.registry import ModelVersion, RegisteredModel
from podium.store import registry, versions
from podium.store.filters import SideTable, Source
from podium.store.transaction import Tx

# What belongs to a model, and to a version, by name.
_LIVING = "(SELECT model_id, stage FROM model_versions WHERE deleted_at IS NULL) living"
_ALIASES = Source(rows="model_aliases a", key="a.alias", attributes={"alias": "a.alias"}, owner="a.model_id")

MODELS = Source(
    rows="registered_models m",
    key="m.id",
    attributes={"name": "m.name", "created_at": "m.created_at", "updated_at": "m.updated_at"},
    tags=SideTable("registered_model_tags", "model_id"),
    related={
        "versions": Source(rows=_LIVING, key="stage", attributes={"stage": "living.stage"}, owner="living.model_id"),
        "aliases": _ALIASES,
    },
)
MODELS_SCOPE = "m.team_id = :team AND m.deleted_at IS NULL"

VERSIONS = Source(
    rows=versions.TABLES,
    key="v.id",
    attributes={
        "name": "m.name",
        "version": "v.version",
        "stage": "v.stage",
        "run_id": "v.run_id",
        "source": "v.source",
        "created_at": "v.created_at",
        "updated_at": "v.updated_at",
    },
    nullable=frozenset({"run_id"}),
    tags=SideTable("model_version_tags", "version_id"),
    related={"aliases": msgspec.structs.replace(_ALIASES, owner="a.version_id")},
)
VERSIONS_SCOPE = versions.VISIBLE

# `:prompt` is the key of the tag that makes a model or a version a prompt.
NO_PROMPTS = (
    " AND NOT EXISTS (SELECT 1 FROM registered_model_tags x"
    " WHERE x.model_id = m.id AND x.key = :prompt AND x.value = 'true')"
)
NO_PROMPT_VERSIONS = (
    NO_PROMPTS + " AND NOT EXISTS (SELECT 1 FROM model_version_tags x"
    " WHERE x.version_id = v.id AND x.key = :prompt AND x.value = 'true')"
)


def select_models(tx: Tx, keys: Sequence[int]) -> list[RegisteredModel]:
    """The models with these keys, in this order."""
    rows = tx.all(f"SELECT {registry.COLUMNS} FROM registered_models m WHERE m.id IN ({versions.inlined(keys)})")
    by_key = {model.id: model for model in registry.with_parts(tx, rows)}
    return [by_key[key] for key in keys]


def select_versions(tx: Tx, keys: Sequence[int]) -> list[ModelVersion]:
    """The versions with these keys, in this order."""
    rows = tx.all(f"SELECT {versions.COLUMNS} FROM {versions.TABLES} WHERE v.id IN ({versions.inlined(keys)})")
    by_key = {version.id: version for version in versions.with_parts(tx, rows)}
    return [by_key[key] for key in keys]
