"""MLflow's JSON: requests into structs, answers out of structs, and its messages for what does not fit.

MLflow's messages are protobuf in JSON form: numbers may come as strings, `null` means not given, unknown fields are
passed over, 64-bit integers are plain numbers in answers, and NaN and the infinities are strings. A field of a request
struct without a default is required; MLflow counts an empty string as missing, so required text is a `Name`.
"""

import json
import math
import re
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin

import msgspec
from msgspec import Meta

from podium.domain.nesting import check_nesting
from podium.errors import InvalidArgument

T = TypeVar("T", bound=msgspec.Struct)

Name = Annotated[str, Meta(min_length=1)]

_SEE_DOCS = "See the API docs for more information about request parameters."
_PROBLEM = re.compile(r"^(?P<reason>.*?)(?: - at `\$?\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")
_SHOWN_CHARACTERS = 250


def missing(name: str) -> InvalidArgument:
    """The refusal of a request without its required parameter `name`."""
    return InvalidArgument(f"Missing value for required parameter '{name}'. {_SEE_DOCS}")


def decode_body(body: bytes, kind: type[T], path: dict[str, str]) -> T:
    """The request in `body`, with the parameters of its path. Raises InvalidArgument in MLflow's words."""
    if _holds_anything(kind):
        check_nesting(body)
    if not path:
        try:
            return msgspec.json.decode(body or b"{}", type=kind, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # told in MLflow's words below, or right after all: NaN, null, form fields
    fields = load_json(body)
    return decode_fields({**fields, **path}, kind)


def load_json(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Python's own `NaN` and `Infinity` are understood, as MLflow's server does.

    Half of a surrogate pair, which JSON can write and text cannot hold, is refused.
    """
    if not body.strip():
        return {}
    check_nesting(body)
    try:
        fields = json.loads(body)
        if isinstance(fields, str):  # some clients encode twice; MLflow's server copes
            check_nesting(fields)
            fields = json.loads(fields)
        if b"\\u" in body:
            json.dumps(fields, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"The request's body is not valid JSON: {error}. {_SEE_DOCS}") from error
    if not isinstance(fields, dict):
        raise InvalidArgument(f"The request's body has to be a JSON object. {_SEE_DOCS}")
    return fields


@cache
def _holds_anything(kind: Any) -> bool:
    """Whether JSON of any form gets through where this type is expected."""
    if kind is Any:
        return True
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return any(_holds_anything(field.type) for field in msgspec.structs.fields(kind))
    return any(_holds_anything(argument) for argument in get_args(kind) if not isinstance(argument, Meta | str | int))


def decode_query(pairs: list[tuple[str, str]], kind: type[T], path: dict[str, str]) -> T:
    """The request in a query string; a field that is a list takes every value of its name."""
    lists = list_fields(cast(Any, kind))  # the checker does not take a type for hashable
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return decode_fields({**fields, **path}, kind)


@cache
def list_fields(kind: type[Any]) -> frozenset[str]:
    """The names of a struct's fields that are lists or tuples."""
    return frozenset(f.encode_name for f in msgspec.structs.fields(kind) if _is_list(f.type))


def _is_list(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_origin(kind) in (list, tuple)


def decode_fields(fields: dict[str, Any], kind: type[T]) -> T:
    """A struct from already parsed fields."""
    given = _without_nulls(fields)
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidArgument(_message(str(error), given)) from error


def encode(answer: msgspec.Struct | dict[str, Any]) -> bytes:
    """The JSON of an answer. Floats that JSON lacks have to be wrapped by `json_float` before."""
    return msgspec.json.encode(answer)


def json_float(value: float) -> float | str:
    """A float as protobuf's JSON has it: NaN and the infinities are strings."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _message(problem: str, fields: dict[str, Any]) -> str:
    """MLflow's words for msgspec's: the name of the parameter, the value that came, and its type."""
    match = _PROBLEM.match(problem)
    assert match is not None, "the pattern matches any text"
    where = match["path"] or ""
    missing = _MISSING.search(match["reason"])
    if missing:
        name = f"{where}.{missing['field']}" if where else missing["field"]
        return f"Missing value for required parameter '{name}'. {_SEE_DOCS}"
    value = _value_at(fields, where)
    if value == "" and "length >= 1" in match["reason"]:
        return f"Missing value for required parameter '{where}'. {_SEE_DOCS}"
    shown = json.dumps(value, default=str)
    if len(shown) > _SHOWN_CHARACTERS:
        shown = shown[:_SHOWN_CHARACTERS] + "…"
    hint = f"Hint: Value was of type '{type(value).__name__}'. {match['reason']}."
    return f"Invalid value {shown} for parameter '{where}' supplied: {hint} {_SEE_DOCS}"


def _value_at(value: Any, path: str) -> Any:
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):  # `[...]`: somewhere within
            return value
    return value
