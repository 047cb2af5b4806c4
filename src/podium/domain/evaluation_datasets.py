"""Evaluation datasets: inputs with what is expected of a model, gathered by people and from traces."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import msgspec

USER_TAG = "mlflow.user"

Schema = dict[str, Any]
_TYPES = {bool: "boolean", int: "integer", float: "float", str: "string", list: "array", dict: "object"}


class EvaluationDataset(msgspec.Struct, frozen=True):
    """A dataset without its records. `schema` names the types of the fields seen so far; None before any record."""

    key: int
    dataset_id: str
    name: str
    digest: str
    schema: Schema | None
    record_count: int
    created_at: int
    updated_at: int
    created_by: str | None
    updated_by: str | None
    tags: dict[str, str]
    project_ids: tuple[int, ...]


class RecordContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a client says in one record; `source` is where it came from, in the client's form."""

    inputs: dict[str, Any] = {}
    outputs: Any = None
    expectations: dict[str, Any] | None = None
    tags: dict[str, str] | None = None
    source: dict[str, Any] | None = None

    @property
    def user(self) -> str | None:
        """Who wrote it, as far as its tags tell."""
        return (self.tags or {}).get(USER_TAG)

    @property
    def input_hash(self) -> str:
        """The same for records with the same inputs, whatever the order of their keys."""
        return hashlib.sha256(json.dumps(self.inputs, sort_keys=True).encode()).hexdigest()


class EvaluationRecord(msgspec.Struct, frozen=True):
    """A record as it is stored."""

    key: int
    record_id: str
    content: RecordContent
    created_at: int
    updated_at: int
    created_by: str | None
    updated_by: str | None


def merged(known: RecordContent, told: RecordContent) -> RecordContent:
    """A known record with what is told anew: expectations and tags are joined, outputs replaced."""
    return msgspec.structs.replace(
        known,
        outputs=known.outputs if told.outputs is None else told.outputs,
        expectations={**(known.expectations or {}), **told.expectations} if told.expectations else known.expectations,
        tags={**(known.tags or {}), **told.tags} if told.tags else known.tags,
        source=told.source or known.source,
    )


def extended(schema: Schema | None, records: Iterable[RecordContent]) -> Schema:
    """The schema with the fields of more records; a field keeps the type that it was first seen with."""
    known: Schema = schema or {"inputs": {}, "outputs": {}, "expectations": {}, "version": "1.0"}
    parts = {name: known[name] for name in ("inputs", "outputs", "expectations")}
    for record in records:
        for name, values in parts.items():
            given = getattr(record, name)
            if isinstance(given, dict) and isinstance(values, dict):
                parts[name] = {**{key: type_name(value) for key, value in given.items()}, **values}
            elif given is not None and not values:
                parts[name] = type_name(given)
    return {**known, **parts}


def type_name(value: Any) -> str:
    """JSON's name for the type of a value."""
    return "null" if value is None else _TYPES.get(type(value), "unknown")


def dataset_digest(name: str, at: int) -> str:
    """Eight hex digits that change with each change of the dataset, as MLflow has them."""
    return hashlib.sha256(f"{name}:{at}".encode()).hexdigest()[:8]
