"""MLflow's JSON: what is taken in, and the words for what is not."""

import math

import msgspec
import pytest

from podium import errors
from podium.errors import InvalidArgument, PodiumError
from podium.protocols.mlflow.errors import ERRORS, shape_error
from podium.protocols.mlflow.wire import Name, decode_body, decode_query, json_float


class Point(msgspec.Struct):
    key: Name
    value: float = 0.0
    step: int = 0


class Batch(msgspec.Struct):
    run_id: Name
    points: list[Point] = []


@pytest.mark.parametrize(
    ("body", "point"),
    [
        (b'{"key":"k","value":"NaN","step":"12"}', Point("k", math.nan, 12)),
        (b'{"key":"k","value":NaN}', Point("k", math.nan)),
        (b'{"key":"k","value":"-Infinity","unknown":{}}', Point("k", -math.inf)),
        (b'{"key":"k","value":null,"step":9223372036854775807}', Point("k", 0.0, 2**63 - 1)),
        (b'"{\\"key\\":\\"k\\"}"', Point("k")),
    ],
)
def test_protobuf_json_is_understood(body: bytes, point: Point):
    decoded = decode_body(body, Point, {})
    assert repr(decoded) == repr(point)  # NaN is unlike itself


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Missing value for required parameter 'run_id'"),
        (b'{"run_id":""}', "Missing value for required parameter 'run_id'"),
        (b'{"run_id":7}', "Invalid value 7 for parameter 'run_id' supplied: Hint: Value was of type 'int'"),
        (b'{"run_id":"r","points":[{"value":1}]}', r"Missing value for required parameter 'points\[0\].key'"),
        (
            b'{"run_id":"r","points":[{"key":"k","value":"high"}]}',
            r"Invalid value \"high\" for parameter 'points\[0\].value'",
        ),
        (b'{"run_id":"r","points":{}}', "Invalid value {} for parameter 'points' supplied"),
        (b"[1]", "has to be a JSON object"),
        (b"{", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply; at most 100 levels"),
        (b'{"run_id":"\xff"}', "not valid JSON"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, said: str):
    with pytest.raises(InvalidArgument, match=said):
        decode_body(body, Batch, {})


def test_a_query_string_fills_lists_and_numbers():
    class Query(msgspec.Struct):
        name: Name
        ids: list[str] = []
        limit: int = 5

    assert decode_query([("name", "n"), ("ids", "1"), ("ids", "2"), ("limit", "7")], Query, {}) == Query(
        "n", ["1", "2"], 7
    )
    assert decode_query([], Query, {"name": "from the path"}) == Query("from the path")


@pytest.mark.parametrize(
    ("value", "shown"), [(1.5, 1.5), (math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
)
def test_floats_that_json_lacks_are_strings(value: float, shown: object):
    assert json_float(value) == shown


def every_error() -> list[type[PodiumError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PodiumError)]


@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind is not PodiumError])
def test_every_domain_error_has_its_form(kind: type[PodiumError]):
    assert any(parent in ERRORS for parent in kind.__mro__)
    request = type("Request", (), {"url": type("Url", (), {"path": "/x"})(), "scope": {}})()
    answer = shape_error(request, kind("what is wrong"))
    assert set(msgspec.json.decode(answer.body)) == {"error_code", "message"}
    assert answer.status_code >= 400
