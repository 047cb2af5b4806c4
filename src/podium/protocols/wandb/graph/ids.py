"""Ids as the client gets them: base64 of `Kind:number`. It decodes those of artifacts, and puts them in URL paths."""

import base64
import binascii

from podium.errors import InvalidArgument


def global_id(kind: str, key: int | str) -> str:
    """The id of a row of one kind."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def key_of(kind: str, given: str) -> int:
    """The key within an id of this kind. Raises InvalidArgument."""
    try:
        found, _, key = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        found, key = "", ""
    if found != kind or not (key.isascii() and key.isdecimal()):
        raise InvalidArgument(f"'{given[:100]}' is no id of a {kind}.")
    return int(key)
