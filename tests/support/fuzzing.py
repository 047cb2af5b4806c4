"""Requests made up from the structs that the endpoints declare: mostly right, and wrong in every way one thinks of.

`World` gives names of things that are there, so that a request gets past the first look-up.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import quote, urlencode

import msgspec
from hypothesis import strategies as st

Json = Any

# How many requests an endpoint gets; `make fuzz` asks for many more.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

PATHS = [
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "%252e%252e%252fetc%252fpasswd",
    "..\\..\\windows",
    "..%5c..%5cwindows",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "C:\\windows",
    "C:/windows",
    "file:///etc/passwd",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    ".",
    "..",
    "a\x00b",
    "a\nb",
    "a\x85b",
    "a\u202eb",
    "x" * 300,
    "y/" * 3000 + "z",
    "dot.",
    "space ",
    " space",
    "caf\u00e9",
    "cafe\u0301",
    "\ud800",
    "registry/1/a",
    "teams/x/a",
]
TEXTS = [
    *PATHS,
    "",
    " ",
    "0",
    "-1",
    "9" * 20,
    "9" * 5000,
    "1e400",
    "NaN",
    "²",
    "null",
    "true",
    "[]",
    "{}",
    '{"a": "\\ud800"}',
    '{"a": "\\u0000"}',
    "[" * 5000,
    '{"a":' * 150 + "1" + "}" * 150,
    "x" * 3000,
    "\U0001f600" * 800,
    "t" * 200_000,
    "'",
    '"',
    "`",
    "%",
    "_",
    "\\",
    "a =",
    "a = 'b",
    "metrics.x > 1",
    "metrics.x > 1e999",
    "params.a LIKE '%'",
    "tags.`a b` IN ('c', 'd')",
    "name = 'a' AND name = 'b'",
    "attributes.start_time > 99999999999999999999",
    "trace.status = 'OK'",
    "name DESC",
    "metrics.x",
    "ALL",
    "models:/M/1",
    "models:/M@champion",
    "runs:/x/y",
    "mlflow-artifacts:/../x",
    "mlflow-artifacts:/0/x",
    "http://[",
    "http://127.0.0.1:9/",
    "s3://bucket/a?b#c",
    "dbfs:/x",
    "Production",
    "latest",
    "mlflow.runName",
    "mlflow.note.content",
    "2026-11-01T12:00:00Z",
    "1.5s",
]
NUMBERS = [0, 1, -1, 100, 1000, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400]
NUMBERS += [0.5, -0.0, 1e308, float("nan"), float("inf"), float("-inf"), True, "1", "0x1", "1.0", "1e3", " 1", ""]
OTHERS = [None, True, 5, "x", [], {}, [[]], [None], [{}], {"": None}, {"a": {"b": {"c": []}}}, ["x"] * 2000]
OTHERS += [{f"k{i}": "v" for i in range(2000)}]


def one_of(values: Sequence[Json]) -> st.SearchStrategy[Json]:
    """One of the values. Unlike with `sampled_from`, they are no part of what hypothesis calls the strategy."""
    return st.integers(0, len(values) - 1).map(lambda at: values[at])


def _mostly(usual: st.SearchStrategy[Json], odd: st.SearchStrategy[Json], *, one_in: int) -> st.SearchStrategy[Json]:
    return st.integers(1, one_in).flatmap(lambda n: usual if n > 1 else odd)


_numbers = st.integers(0, 100) | one_of(NUMBERS)
_odd_texts = one_of(TEXTS) | st.text(max_size=20)
_odd = one_of(OTHERS) | one_of(NUMBERS) | _odd_texts
_nested = st.recursive(_odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_odd_texts, inner, max_size=3))


class World(msgspec.Struct, frozen=True):
    """Texts by the name of the field that they are right for; `other` is for the rest."""

    known: Mapping[str, list[str]]

    def texts(self, field: str) -> st.SearchStrategy[str]:
        """Mostly something that is there."""
        if field == "url":  # never an address that leads anywhere
            return one_of(TEXTS)
        return one_of(self.known[field]) if field in self.known else _odd_texts

    def request(self, kind: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Json]]:
        """Something for a request struct: what is required, some of the rest, at times what nobody asked for."""
        required, optional = {}, {}
        for field in msgspec.structs.fields(kind):
            value = _mostly(self._value(field.type, field.encode_name), _nested, one_in=10)
            (required if field.required or field.encode_name in self.known else optional)[field.encode_name] = value
        whole = st.fixed_dictionaries(required, optional=optional)
        return _mostly(whole, st.dictionaries(_odd_texts, _nested, max_size=3), one_in=20)

    def _value(self, kind: Any, name: str) -> st.SearchStrategy[Json]:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (list, tuple):
            return st.lists(self._value(arguments[0], name), max_size=3)
        if origin is dict:
            return st.dictionaries(_odd_texts, self._value(arguments[1], ""), max_size=3)
        if origin is Literal:
            return st.sampled_from(arguments)
        if arguments:
            kinds = arguments[:1] if origin is Annotated else arguments
            return st.one_of(*[self._value(one, name) for one in kinds])
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.request(kind)
        simple = {str: self.texts(name), bool: st.booleans(), int: _numbers, float: _numbers}
        return simple.get(kind, _nested)


class Sent(msgspec.Struct, frozen=True):
    """A request to be sent. What is shown of a long one is its beginning."""

    url: str
    body: bytes | None = None
    headers: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Sent({self.url[:1000]!r}, {self.body[:1000] if self.body else self.body!r}, {self.headers!r})"


def query_of(fields: Mapping[str, Json]) -> str:
    """The fields as a query string, as long as libraries send them; lists become repeated names."""
    pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    return urlencode([(_bytes(name), _bytes(value)) for name, value in pairs[:200]], quote_via=quote)[:50_000]


def in_path(text: Json) -> str:
    """A value as a segment of a path, percent-encoded as far as it has to be."""
    return quote(_bytes(text)[:2000], safe="")


def body_of(fields: Json) -> bytes:
    """The fields as JSON, with NaN where there is one, as Python's clients send it."""
    return json.dumps(fields).encode()


def _bytes(value: Json) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode(errors="surrogatepass")


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """The body, at times cut off, doubled, or with other bytes in it."""
    match draw(st.integers(0, 29)):
        case 0:
            return body[: draw(st.integers(0, max(0, len(body) - 1)))]
        case 1:
            at = draw(st.integers(0, len(body)))
            return body[:at] + draw(st.binary(min_size=1, max_size=4)) + body[at:]
        case 2:
            return json.dumps(body.decode()).encode()
        case 3:
            return draw(st.binary(max_size=40))
    return body
