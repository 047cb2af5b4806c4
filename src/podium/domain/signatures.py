"""What a model takes and gives, as its `MLmodel` file says, and which changes of it break those who call it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

Part = Literal["inputs", "outputs", "params"]
Sort = Literal["added", "removed", "renamed", "retyped", "required", "optional", "default"]
PARTS: tuple[Part, ...] = ("inputs", "outputs", "params")


class Field(msgspec.Struct, frozen=True):
    """An input, output or param. Tensors without a name are known by their place."""

    name: str
    type: str
    required: bool = True
    default: str | None = None


class Signature(msgspec.Struct, frozen=True):
    """What a model takes (inputs and params) and gives."""

    inputs: tuple[Field, ...] = ()
    outputs: tuple[Field, ...] = ()
    params: tuple[Field, ...] = ()


class SignatureChange(msgspec.Struct, frozen=True):
    """A difference between two signatures; a `breaking` one makes callers of the old one fail, or misread answers."""

    part: Part
    sort: Sort
    name: str
    before: str | None
    after: str | None
    breaking: bool


def parse_signature(mlmodel: Mapping[str, Any]) -> Signature | None:
    """The signature in what an `MLmodel` file holds; None when it has none that can be read."""
    given = mlmodel.get("signature")
    if not isinstance(given, Mapping):
        return None
    try:
        parts = [tuple(_field(place, each) for place, each in enumerate(_listed(given.get(part)))) for part in PARTS]
    except (ValueError, TypeError, RecursionError):
        return None
    return Signature(*parts) if any(parts) else None


def signature_changes(old: Signature, new: Signature) -> list[SignatureChange]:
    """What is other in the new one, the breaking changes first."""
    changes = [change for part in PARTS for change in _changes(part, getattr(old, part), getattr(new, part))]
    return sorted(changes, key=lambda change: not change.breaking)


def _changes(part: Part, old: Sequence[Field], new: Sequence[Field]) -> list[SignatureChange]:
    before, after = {field.name: field for field in old}, {field.name: field for field in new}
    gone = [field for field in old if field.name not in after]
    come = [field for field in new if field.name not in before]
    changes = []
    for field in gone:
        other = next((each for each in come if each.type == field.type and new.index(each) == old.index(field)), None)
        if other is not None:
            come.remove(other)
            changes.append(SignatureChange(part, "renamed", field.name, field.name, other.name, breaking=True))
        else:
            changes.append(SignatureChange(part, "removed", field.name, field.type, None, breaking=True))
    for field in come:
        # Who calls the old one does not send a new input; a new output is one that its answers did not have.
        breaking = part == "outputs" or (part == "inputs" and field.required)
        changes.append(SignatureChange(part, "added", field.name, None, field.type, breaking=breaking))
    for name in before.keys() & after.keys():
        changes += _changes_of(part, before[name], after[name])
    return sorted(changes, key=lambda change: change.name)


def _changes_of(part: Part, old: Field, new: Field) -> list[SignatureChange]:
    if old.type != new.type:
        return [SignatureChange(part, "retyped", old.name, old.type, new.type, breaking=True)]
    if old.required != new.required:
        sort: Sort = "required" if new.required else "optional"
        breaking = new.required if part == "inputs" else part == "outputs"
        return [SignatureChange(part, sort, old.name, _need(old), _need(new), breaking=breaking)]
    if old.default != new.default:
        return [SignatureChange(part, "default", old.name, old.default, new.default, breaking=False)]
    return []


def _need(field: Field) -> str:
    return "required" if field.required else "optional"


def _listed(part: Any) -> list[Any]:
    """The part's fields: MLflow writes them as JSON within the file."""
    found = json.loads(part) if isinstance(part, str) else part
    return found if isinstance(found, list) else []


def _field(place: int, given: Any) -> Field:
    if not isinstance(given, Mapping):
        raise TypeError("a field of a signature is an object")
    default = json.dumps(given["default"]) if "default" in given else None
    return Field(str(given.get("name", place)), _type(given), given.get("required") is not False, default)


def _type(given: Mapping[str, Any]) -> str:
    tensor = given.get("tensor-spec")
    if isinstance(tensor, Mapping):
        return f"{tensor.get('dtype')} {_shape(tensor.get('shape'))}"
    kind = given.get("type", given.get("dtype"))
    if isinstance(given.get("shape"), list):
        return f"{kind} {_shape(given['shape'])}"
    inner = {key: given[key] for key in ("items", "properties", "values") if key in given}
    return f"{kind} {json.dumps(inner, sort_keys=True)}" if inner else str(kind)


def _shape(shape: Any) -> str:
    return f"({', '.join(str(size) for size in shape)})" if isinstance(shape, list) else "()"
