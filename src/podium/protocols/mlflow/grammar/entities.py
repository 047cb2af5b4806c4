"""What can be searched, and by which names: one table for each kind of thing that the client searches."""

from collections.abc import Mapping
from enum import Enum, auto

from msgspec import Struct

from podium.domain.filters import Field, FieldKind, Operator
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar.tokens import unquote


class ValueType(Enum):
    """What a field is compared with. MLflow writes ids in quotes although they are numbers."""

    TEXT = auto()
    OPTIONAL_TEXT = auto()
    NUMBER = auto()
    METRIC = auto()
    ID = auto()
    ANY = auto()


_EQUAL = (Operator.EQ, Operator.NE)
_LISTS = (Operator.IN, Operator.NOT_IN)
_TEXT = (*_EQUAL, Operator.LIKE, Operator.ILIKE, *_LISTS)
_NUMERIC = (*_EQUAL, Operator.LT, Operator.LE, Operator.GT, Operator.GE)

OPERATORS: Mapping[ValueType, tuple[Operator, ...]] = {
    ValueType.TEXT: _TEXT,
    ValueType.OPTIONAL_TEXT: (*_TEXT, Operator.IS_NULL, Operator.IS_NOT_NULL),
    ValueType.NUMBER: _NUMERIC,
    ValueType.METRIC: _NUMERIC,
    ValueType.ID: (*_EQUAL, *_LISTS),
    ValueType.ANY: (*_TEXT, *_NUMERIC[2:], Operator.IS_NULL, Operator.IS_NOT_NULL),
}

_PREFIXES = {
    FieldKind.ATTRIBUTE: ("attribute", "attributes", "attr", "run"),
    FieldKind.METRIC: ("metric", "metrics"),
    FieldKind.PARAM: ("parameter", "parameters", "param", "params"),
    FieldKind.TAG: ("tag", "tags"),
    FieldKind.DATASET: ("dataset", "datasets"),
}
_KIND_BY_PREFIX = {prefix: kind for kind, prefixes in _PREFIXES.items() for prefix in prefixes}
_DATASET_KEYS = ("name", "digest", "context")
_TYPE_BY_KIND = {
    FieldKind.METRIC: ValueType.METRIC,
    FieldKind.PARAM: ValueType.OPTIONAL_TEXT,
    FieldKind.TAG: ValueType.OPTIONAL_TEXT,
    FieldKind.DATASET: ValueType.TEXT,
}


class Attribute(Struct, frozen=True):
    """An attribute by Podium's name, and what it is compared with."""

    key: str
    type: ValueType = ValueType.TEXT


class Entity(Struct, frozen=True):
    """One kind of thing that is searched.

    `attributes` has MLflow's names; `kinds` can be filtered by, `sort_kinds` sorted by. `bare_values` lets
    text stand without quotes. The two messages begin the errors that MLflow words differently here and there.
    """

    attributes: Mapping[str, Attribute]
    kinds: tuple[FieldKind, ...] = (FieldKind.ATTRIBUTE, FieldKind.TAG)
    sort_kinds: tuple[FieldKind, ...] = (FieldKind.ATTRIBUTE,)
    bare_values: bool = False
    bad_clause: str = "Invalid clause(s) in filter string"
    bad_operator: str = "Invalid comparator"

    def resolve(self, identifier: str) -> tuple[Field, ValueType]:
        """Return the field that an identifier names, with or without prefix, and what it is compared with.

        Raises InvalidArgument for a prefix or an attribute that this entity does not have.
        """
        prefix, dot, key = identifier.partition(".")
        kind = self._kind(unquote(prefix)) if dot else FieldKind.ATTRIBUTE
        key = unquote(key if dot else identifier)
        if kind is FieldKind.ATTRIBUTE:
            return self._attribute(key)
        if kind is FieldKind.DATASET and key not in _DATASET_KEYS:
            raise InvalidArgument(
                f"Invalid dataset key '{clip(key)}' specified. Valid keys are '{', '.join(_DATASET_KEYS)}'"
            )
        return Field(kind, key), _TYPE_BY_KIND[kind]

    def _kind(self, prefix: str) -> FieldKind:
        kind = _KIND_BY_PREFIX.get(prefix)
        if kind not in self.kinds:
            valid = [prefix for kind in self.kinds for prefix in _PREFIXES[kind]]
            raise InvalidArgument(f"Invalid entity type '{clip(prefix)}'. Valid values are {valid}")
        return kind

    def _attribute(self, key: str) -> tuple[Field, ValueType]:
        attribute = self.attributes.get(key)
        if attribute is None:
            valid = ", ".join(sorted(self.attributes))
            raise InvalidArgument(f"Invalid attribute key '{clip(key)}' specified. Valid keys are '{valid}'")
        return Field(FieldKind.ATTRIBUTE, attribute.key), attribute.type


def clip(text: str) -> str:
    """Return the text as an error message quotes it: whole unless it is long."""
    return text if len(text) <= 200 else f"{text[:200]}…"


_CREATED = Attribute("created_at", ValueType.NUMBER)
_UPDATED = Attribute("updated_at", ValueType.NUMBER)
_NAME = Attribute("name")
_START_TIME = Attribute("start_time", ValueType.NUMBER)

_RUN_KINDS = (FieldKind.ATTRIBUTE, FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG)

RUNS = Entity(
    attributes={
        "run_id": Attribute("run_id"),
        "run_name": _NAME,
        "run name": _NAME,
        "Run name": _NAME,
        "Run Name": _NAME,
        "user_id": Attribute("user_id"),
        "status": Attribute("status"),
        "artifact_uri": Attribute("artifact_uri"),
        "start_time": _START_TIME,
        "created": _START_TIME,
        "Created": _START_TIME,
        "end_time": Attribute("end_time", ValueType.NUMBER),
    },
    kinds=(*_RUN_KINDS, FieldKind.DATASET),
    sort_kinds=_RUN_KINDS,
)

EXPERIMENTS = Entity(
    attributes={
        "name": _NAME,
        "experiment_id": Attribute("id", ValueType.ID),
        "creation_time": _CREATED,
        "last_update_time": _UPDATED,
    },
)

REGISTERED_MODELS = Entity(
    attributes={
        "name": _NAME,
        "creation_timestamp": _CREATED,
        "last_updated_timestamp": _UPDATED,
        "timestamp": _UPDATED,
    },
)

MODEL_VERSIONS = Entity(
    attributes={
        "name": _NAME,
        "version_number": Attribute("version", ValueType.NUMBER),
        "run_id": Attribute("run_id"),
        "source_path": Attribute("source"),
        "creation_timestamp": _CREATED,
        "last_updated_timestamp": _UPDATED,
    },
)

LOGGED_MODELS = Entity(
    attributes={
        "name": _NAME,
        "model_id": Attribute("model_id"),
        "model_type": Attribute("model_type"),
        "status": Attribute("status"),
        "status_message": Attribute("status_message"),
        "source_run_id": Attribute("source_run_id"),
        "artifact_location": Attribute("artifact_location"),
        "experiment_id": Attribute("project_id", ValueType.ID),
        "creation_time": _CREATED,
        "creation_timestamp": _CREATED,
        "creation_timestamp_ms": _CREATED,
        "last_updated_time": _UPDATED,
        "last_updated_timestamp": _UPDATED,
        "last_updated_timestamp_ms": _UPDATED,
    },
    kinds=_RUN_KINDS,
    sort_kinds=(FieldKind.ATTRIBUTE, FieldKind.METRIC),
    bare_values=True,
    bad_clause="Invalid filter string, expected a list of comparisons separated by 'AND'",
    bad_operator="Invalid comparison operator",
)

EVALUATION_DATASETS = Entity(
    attributes={
        "name": _NAME,
        "created_time": _CREATED,
        "last_update_time": _UPDATED,
        "created_by": Attribute("created_by"),
        "last_updated_by": Attribute("updated_by"),
    },
)
