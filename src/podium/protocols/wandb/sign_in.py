"""Who signs in with W&B's client: basic auth whose user is `api` and whose password is the API key."""

import base64
import binascii

from starlette.types import Scope

from podium.asgi.headers import header

_USER = "api"


def api_key(scope: Scope) -> str | None:
    """The key that the request is signed in with, or None when it is not signed in in W&B's way."""
    scheme, _, encoded = header(scope, b"authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key if user == _USER and key else None


def from_wandb(scope: Scope) -> bool:
    """Whether the request comes from W&B's client: other clients have endpoints of the same paths."""
    return api_key(scope) is not None
