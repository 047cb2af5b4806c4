"""Tokens within URLs: who has one may do what it says until it expires, without any other permission."""

import base64
import binascii
import hmac
from typing import TypeVar

import msgspec

from podium.errors import PermissionDenied
from podium.services.context import Context

VALID_MS = 24 * 3600 * 1000

Grant = TypeVar("Grant", bound=msgspec.Struct)
_SIGNATURE_BYTES = 16


class SignedUrls:
    """Signs grants with the server's key, and reads them again."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def sign(self, grant: msgspec.Struct, valid_ms: int | None = None) -> str:
        """A token of characters that need no escaping in a URL's path. It is valid for a day, if nothing else is said.

        Who has it can read the grant.
        """
        kind, expires_at = type(grant).__name__, self._context.clock() + (VALID_MS if valid_ms is None else valid_ms)
        text = msgspec.msgpack.encode((kind, expires_at, grant))
        return _encode(text + self._signature(text))

    def read(self, token: str, kind: type[Grant]) -> Grant:
        """The grant in a token. Raises PermissionDenied for one that this server did not sign so, or that expired."""
        raw = _decode(token)
        text, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(text)):
            raise PermissionDenied("The URL was not signed by this server.")
        name, expires_at, grant = msgspec.msgpack.decode(text, type=tuple[str, int, msgspec.Raw])
        if name != kind.__name__:
            raise PermissionDenied("The URL was signed for something else.")
        if expires_at < self._context.clock():
            raise PermissionDenied("The URL has expired: ask for a new one.")
        return msgspec.msgpack.decode(grant, type=kind)

    def _signature(self, text: bytes) -> bytes:
        return self._context.secrets.sign(text)[:_SIGNATURE_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(token: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return b""
