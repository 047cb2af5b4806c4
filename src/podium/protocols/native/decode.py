"""Requests into structs. What does not fit is refused with the name of the field."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from podium.errors import InvalidArgument

T = TypeVar("T", bound=msgspec.Struct)

_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$?\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"(?:missing required|contains unknown) field `(?P<field>[^`]+)`")


class InvalidField(InvalidArgument):
    """A field of the request is wrong, missing or unknown; `field` names it, with dots between levels."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def decode_body(body: bytes, kind: type[T]) -> T:
    """The struct in a JSON body; an empty body counts as `{}`. Types have to be as declared."""
    try:
        request = msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidArgument(f"The request's body is not valid JSON: {error}.") from None
    _check_text(request, "")
    return request


def decode_fields(values: Mapping[str, str], kind: type[T]) -> T:
    """The struct of values that came as text, in a path or a query."""
    try:
        request = msgspec.convert(dict(values), kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(error) from None
    _check_text(request, "")
    return request


def _refusal(error: msgspec.ValidationError) -> InvalidArgument:
    match = _AT.match(str(error))
    assert match is not None, "the pattern matches any text"
    where, reason = match["path"] or "", match["reason"]
    named = _NAMED.search(reason)
    if named:
        field = f"{where}.{named['field']}" if where else named["field"]
        state = "unknown" if "unknown" in reason else "missing"
        return InvalidField(field, f"Field '{field}' is {state}.")
    if not where:
        return InvalidArgument(f"The request's body does not fit: {reason}.")
    return InvalidField(where, f"Field '{where}' does not fit: {reason}.")


def _check_text(value: Any, where: str) -> None:
    """Refuse what no database keeps as text: NUL, and halves of a surrogate pair."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise InvalidField(where, f"Field '{where}' holds a character that is no text.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key, where)
            _check_text(item, f"{where}.{key}")
    elif isinstance(value, list):
        for item in value:
            _check_text(item, where)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _check_text(getattr(value, name), f"{where}.{name}" if where else name)
