"""One header of a request, found without decoding the others: some are asked for with every request."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The value of the header, whose `name` is given in lower case; nothing when it is not there."""
    for key, value in scope["headers"]:
        if key == name:
            found: str = value.decode("latin-1")
            return found
    return ""
