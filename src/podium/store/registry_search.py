"""What a search can ask of registered models and their versions."""

from collections.abc import Sequence

import msgspec

from podium.domain.filters import Comparison, Field, FieldKind, Node, Operator, conjuncts
from podium.domain.registry import PROMPT_TAG, ModelVersion, RegisteredModel
from podium.store import registry, versions
from podium.store.dialect import fence
from podium.store.filters import INDEXED_LENGTH, Indexed, SideTable, Source, Walk
from podium.store.paging import Page, PageQuery, search_page
from podium.store.transaction import Tx

# What belongs to a model, and to a version, by name.
_LIVING = "(SELECT model_id, stage FROM model_versions WHERE deleted_at IS NULL) living"
_ALIASES = Source(rows="model_aliases a", key="a.alias", attributes={"alias": "a.alias"}, owner="a.model_id")

MODELS = Source(
    rows="registered_models m",
    key="m.id",
    attributes={"name": "m.name", "created_at": "m.created_at", "updated_at": "m.updated_at"},
    tags=SideTable("registered_model_tags", "model_id", indexed=True),
    related={
        "versions": Source(rows=_LIVING, key="stage", attributes={"stage": "living.stage"}, owner="living.model_id"),
        "aliases": _ALIASES,
    },
    indexed={"name": Indexed("m.name")},
    walks={"name": Walk("registered_models m"), "updated_at": Walk("registered_models m")},
    identity=("name",),
)
_MODELS_SCOPE = "m.team_id = :team AND m.deleted_at IS NULL"

# The order of the tables is the order in which they are read: SQLite takes it from CROSS JOIN.
_FROM_VERSIONS = "model_versions v CROSS JOIN registered_models m"
_FROM_MODELS = "registered_models m CROSS JOIN model_versions v"

VERSIONS = Source(
    rows=_FROM_VERSIONS,
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
    tags=SideTable("model_version_tags", "version_id", indexed=True),
    related={"aliases": msgspec.structs.replace(_ALIASES, owner="a.version_id")},
    indexed={
        "run_id": Indexed("v.run_id", rows="model_versions v"),
        "source": Indexed(f"SUBSTR(v.source, 1, {INDEXED_LENGTH})", rows="model_versions v", length=INDEXED_LENGTH),
        "name": Indexed("m.name"),
    },
    walks={
        "name": Walk(_FROM_MODELS),
        **{name: Walk(_FROM_VERSIONS, within_scope=False) for name in ("version", "created_at", "updated_at")},
    },
    start=_FROM_MODELS,
    identity=("name", "version"),
)
_VERSIONS_SCOPE = f"m.id = v.model_id AND {versions.VISIBLE}"
# Of one model whose name is known already.
_OF_ONE_MODEL = msgspec.structs.replace(
    VERSIONS,
    rows="model_versions v",
    attributes={**VERSIONS.attributes, "name": "CAST(:model_name AS TEXT)"},
    indexed={name: how for name, how in VERSIONS.indexed.items() if name != "name"},
    walks={name: Walk("model_versions v") for name in ("version", "updated_at")},
    start="",
)
_NAME = Field(FieldKind.ATTRIBUTE, "name")


def search_models(tx: Tx, team_id: int, *, prompts: bool, query: PageQuery) -> Page:
    """The keys of a page of the team's models; without `prompts` those are left out."""
    scope = _MODELS_SCOPE + ("" if prompts else _no_prompts(tx, "m.id"))
    return search_page(tx, MODELS, scope=scope, scope_parameters=_parameters(team_id), query=query)


def search_versions(tx: Tx, team_id: int, *, prompts: bool, query: PageQuery) -> Page:
    """The keys of a page of versions of the team's models; without `prompts` those are left out."""
    name = _name_asked_for(query.condition)
    if name is not None:
        return _search_versions_of(tx, team_id, name, prompts=prompts, query=query)
    scope = _VERSIONS_SCOPE + ("" if prompts else _no_prompts(tx, "m.id", "v.id"))
    return search_page(tx, VERSIONS, scope=scope, scope_parameters=_parameters(team_id), query=query)


def _search_versions_of(tx: Tx, team_id: int, name: str, *, prompts: bool, query: PageQuery) -> Page:
    model = registry.find_key(tx, team_id, name)
    if model is None:
        return Page([], None)
    scope = f"v.model_id = {model} AND v.deleted_at IS NULL"
    if not prompts:
        scope += _no_prompts(tx, str(model), "v.id")
    parameters = {**_parameters(team_id), "model_name": name}
    return search_page(tx, _OF_ONE_MODEL, scope=scope, scope_parameters=parameters, query=query)


def find_model_asked_for(tx: Tx, team_id: int, condition: Node) -> tuple[int, int] | None:
    """(key, revision) of the one model whose versions a search with this condition can find, if there is one."""
    name = _name_asked_for(condition)
    return None if name is None else registry.find_ref(tx, team_id, name)


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


def _no_prompts(tx: Tx, model_id: str, version_id: str | None = None) -> str:
    """The condition that leaves out prompts: a tag of a model, or of a version, makes it one."""
    mark = f"x.key = :prompt AND x.value = 'true'{fence(tx.dialect)}"
    scope = f" AND NOT EXISTS (SELECT 1 FROM registered_model_tags x WHERE x.model_id = {model_id} AND {mark})"
    if version_id is not None:
        scope += f" AND NOT EXISTS (SELECT 1 FROM model_version_tags x WHERE x.version_id = {version_id} AND {mark})"
    return scope


def _parameters(team_id: int) -> dict[str, int | str]:
    return {"team": team_id, "prompt": PROMPT_TAG}


def _name_asked_for(condition: Node) -> str | None:
    """The one name that a model can have whose versions fit."""
    for part in conjuncts(condition):
        if isinstance(part, Comparison) and part.field == _NAME and part.operator is Operator.EQ:
            return str(part.value)
    return None
