"""Who a request comes from."""

import base64
import binascii

from starlette.requests import Request

from podium.asgi.headers import header

ANONYMOUS = "anonymous"


def user_name(request: Request) -> str:
    """The name in basic auth, taken at its word: a server without accounts is open, and the name is for the audit
    trail alone.
    """
    scheme, _, encoded = header(request.scope, b"authorization").partition(" ")
    if scheme.lower() != "basic":
        return ANONYMOUS
    try:
        name = base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ANONYMOUS
    return name if name and name.isprintable() else ANONYMOUS
