"""Reads protobuf's wire format: the fields of a message, without a schema. What they mean is the caller's to know."""

import struct
from collections.abc import Iterator

from podium.errors import InvalidArgument

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number and value of each field in order; fixed numbers come as unsigned integers, submessages as bytes.

    Raises InvalidArgument for what is no protobuf message.
    """
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in _FIXED_SIZES:
            size = _FIXED_SIZES[kind]
        else:
            raise _broken()
        content = message[at : at + size]
        if len(content) != size:
            raise _broken()
        at += size
        yield tag >> 3, content if kind == BYTES else int.from_bytes(content, "little")


def as_bytes(value: int | bytes) -> bytes:
    """The field's bytes. Raises InvalidArgument when it is a number."""
    if isinstance(value, int):
        raise _broken()
    return value


def as_int(value: int | bytes) -> int:
    """The field's unsigned number. Raises InvalidArgument when it is bytes."""
    if not isinstance(value, int):
        raise _broken()
    return value


def as_text(value: int | bytes) -> str:
    """The field's text. NUL, which PostgreSQL does not take, and what is not UTF-8 become U+FFFD."""
    return as_bytes(value).decode("utf-8", "replace").replace("\x00", "\ufffd")


def as_signed(value: int | bytes) -> int:
    """The field's signed number of 64 bits."""
    number = as_int(value) & 0xFFFF_FFFF_FFFF_FFFF
    return number - (1 << 64) if number >> 63 else number


def as_double(value: int | bytes) -> float:
    """The field's floating-point number."""
    number: float = struct.unpack("<d", struct.pack("<Q", as_int(value)))[0]
    return number


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _broken()


def _broken() -> InvalidArgument:
    return InvalidArgument("Invalid OpenTelemetry format")
