"""How deep JSON may be nested: what reads it afterwards goes into each level by a call of its own."""

import re

from podium.errors import InvalidArgument

MAX_JSON_DEPTH = 100  # as protobuf's JSON reader has it, with which `mlflow server` reads requests

# The last quote may be missing: a search that fails there would begin anew at each quote before.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(rb"([\[{])|[\]}]")


def check_nesting(text: bytes | str, what: str = "The request's body") -> None:
    """Raise InvalidArgument when the JSON in `text` is nested too deeply. Whether it is JSON shows when it is read."""
    if isinstance(text, str):
        if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
            return
        text = text.encode(errors="surrogatepass")
    elif text.count(b"[") + text.count(b"{") <= MAX_JSON_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", text)):
        depth += 1 if bracket[1] else -1
        if depth > MAX_JSON_DEPTH:
            raise InvalidArgument(f"{what} is nested too deeply; at most {MAX_JSON_DEPTH} levels are taken.")
