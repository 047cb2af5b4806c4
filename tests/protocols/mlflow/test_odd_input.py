"""Requests that no client means to send: refused in MLflow's form, with the field and what would be right in the
message, and nothing written. tests/fuzz makes up more of them.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from podium.protocols.mlflow.endpoint import BOTH, Call
from podium.protocols.mlflow.routes import ENDPOINTS
from support.server import running_server

API = "/api/2.0/mlflow"
MEGABYTES = "x" * 10_000_000

# As they stand in a request's path; each means a place outside of the tree, or none at all.
BAD_PATHS = [
    "../../etc/passwd",
    "a/../../etc/passwd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "%25252e%25252e%25252fetc",
    "..%5c..%5cwindows",
    "%255c..%255cwindows/..",
    "%2fetc%2fpasswd",
    "%252fetc%252fpasswd",
    "/etc/passwd",
    "C:/windows",
    "C:%5cwindows",
    "c%3a%5cwindows",
    "a%00b",
    "a%0ab",
    "a%7fb",
    "a%c2%85b",
    "a//b",
    "a%2f%2fb",
    "%ff",
    "%ed%a0%80",
    "x" * 256,
    "y/" * 2100 + "z",
]


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all: hardly anything here is to leave a trace."""
    with running_server(tmp_path_factory.mktemp("odd")) as url:
        yield url


def raw(server_url: str, method: str, path: str, body: bytes = b"x") -> tuple[int, str]:
    """Status and answer of a request whose path is sent as it is; libraries tidy it up."""
    connection = HTTPConnection(server_url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def run_id(http: httpx.Client) -> str:
    created = http.post(f"{API}/runs/create", json={"experiment_id": "0", "start_time": 1})
    return created.json()["run"]["info"]["run_id"]


def refusal(answer: httpx.Response) -> str:
    assert 400 <= answer.status_code < 500, answer.text[:500]
    error = answer.json()
    assert error["error_code"] == "INVALID_PARAMETER_VALUE"
    assert len(answer.content) < 10_000
    return error["message"]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_paths_that_lead_elsewhere_are_refused_wherever_a_file_is_named(server_url: str, http, run_id, path: str):
    files = http.get("/api/2.0/mlflow-artifacts/artifacts").json()
    as_query, folder = path.replace("/", "%2f"), f"{path}/" if not path.endswith("/") else path
    for method, place, body in (
        ("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", b"x"),
        ("GET", f"/api/2.0/mlflow-artifacts/artifacts/{path}", b""),
        ("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{path}", b""),
        ("GET", f"/api/2.0/mlflow-artifacts/artifacts?path={as_query}", b""),
        ("GET", f"/api/2.0/mlflow-artifacts/presigned/{path}", b""),
        ("POST", f"/api/2.0/mlflow-artifacts/mpu/create/{folder}", b'{"path": "f", "num_parts": 1}'),
        ("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={as_query}", b"x"),
        ("GET", f"/get-artifact?run_id={run_id}&path={as_query}", b""),
        ("PUT", f"/api/v1/artifacts/{path}", b"x"),
        ("PUT", f"/api/v1/runs/{run_id}/files/{path}", b"x"),
    ):
        status, answer = raw(server_url, method, place, body)
        assert status == 400, (method, place, answer)
        assert len(answer) < 10_000
    assert http.get("/api/2.0/mlflow-artifacts/artifacts").json() == files


def test_names_that_look_alike_stay_apart(http: httpx.Client):
    names = ["caf\u00e9", "cafe\u0301", "dot", "dot.", "space", "space ", " space", "100%25", "%2e", "A", "a"]
    for name in names:
        assert http.put(f"/api/2.0/mlflow-artifacts/artifacts/{quote(name)}", content=name.encode()).is_success
    for name in names:
        assert http.get(f"/api/2.0/mlflow-artifacts/artifacts/{quote(name)}").text == name


@pytest.mark.parametrize(
    ("method", "path", "request_of", "limit"),
    [
        ("POST", "runs/set-tag", lambda run: {"run_id": run, "key": "k", "value": MEGABYTES}, "8000"),
        ("POST", "runs/log-parameter", lambda run: {"run_id": run, "key": "k", "value": MEGABYTES}, "6000"),
        ("POST", "runs/log-batch", lambda run: {"run_id": run, "tags": [{"key": "k", "value": MEGABYTES}]}, "8000"),
        ("POST", "runs/log-batch", lambda run: {"run_id": run, "params": [{"key": "k", "value": MEGABYTES}]}, "6000"),
        ("POST", "runs/update", lambda run: {"run_id": run, "run_name": MEGABYTES}, "8000"),
        ("POST", "runs/create", lambda _: {"user_id": MEGABYTES}, "256"),
        ("POST", "runs/create", lambda _: {"run_name": MEGABYTES}, "8000"),
        ("POST", "runs/create", lambda _: {"tags": [{"key": "k", "value": MEGABYTES}]}, "1000000"),
        ("POST", "runs/outputs", lambda run: {"run_id": run, "models": [{"model_id": MEGABYTES}]}, "250"),
        (
            "POST",
            "experiments/set-experiment-tag",
            lambda _: {"experiment_id": "0", "key": "k", "value": MEGABYTES},
            "20000",
        ),
        ("POST", "experiments/create", lambda _: {"name": MEGABYTES}, "500"),
        ("POST", "registered-models/create", lambda _: {"name": "M", "description": MEGABYTES}, "100000"),
        (
            "POST",
            "registered-models/create",
            lambda _: {"name": "M", "tags": [{"key": "k", "value": MEGABYTES}]},
            "100000",
        ),
        ("POST", "registered-models/create", lambda _: {"name": MEGABYTES}, "256"),
        ("POST", "logged-models", lambda _: {"experiment_id": "0", "tags": [{"key": "k", "value": MEGABYTES}]}, "8000"),
    ],
)
def test_ten_megabytes_are_refused_with_the_limit(
    http: httpx.Client, run_id: str, method: str, path: str, request_of: Callable[[str], Any], limit: str
):
    before = stored(http, run_id)
    assert limit in refusal(http.request(method, f"{API}/{path}", json=request_of(run_id)))
    assert stored(http, run_id) == before


def stored(http: httpx.Client, run_id: str) -> list[Any]:
    """Whatever the requests here could change."""
    return [
        http.get(f"{API}/runs/get", params={"run_id": run_id}).json(),
        http.post(f"{API}/runs/search", json={"experiment_ids": ["0"]}).json(),
        http.get(f"{API}/experiments/search", params={"max_results": 100}).json(),
        http.get(f"{API}/registered-models/search").json(),
        http.post(f"{API}/logged-models/search", json={"experiment_ids": ["0"]}).json(),
    ]


def test_messages_do_not_quote_megabytes(http: httpx.Client):
    answer = http.post(f"{API}/runs/delete", json={"run_id": MEGABYTES})
    assert answer.status_code == 404
    assert len(answer.content) < 10_000


def test_a_body_over_the_limit_is_refused(http: httpx.Client):
    assert "at most 67108864" in refusal(http.post(f"{API}/runs/set-tag", content=b" " * ((64 << 20) + 1)))
    assert "over 67108864" in refusal(http.post(f"{API}/runs/set-tag", content=(b" " * (1 << 20) for _ in range(65))))


@pytest.mark.parametrize("depth", [101, 500, 5000])
def test_no_endpoint_fails_over_nested_json(http: httpx.Client, depth: int):
    """Where no field takes such a thing, a moderately deep one is passed over as any unknown field is."""
    lists, objects = b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth
    for call in ENDPOINTS:
        if not isinstance(call, Call) or call.method == "GET" or call.prefixes != BOTH:
            continue
        url = f"/api/{call.version}/mlflow/{call.path}"
        for body in (b'{"name": 5, "x": %s}' % lists, b'{"tags": %s, "run_id": NaN}' % objects):
            answer = http.request(call.method, url, content=body)
            assert answer.status_code in (200, 400, 404), (call.path, answer.text)
            assert depth < 1000 or "at most 100 levels" in answer.text


def test_json_that_is_kept_is_nested_within_the_limit(http: httpx.Client):
    deep = "[" * 101 + "]" * 101
    assessment = b'{"assessment": {"assessment_name": "a", "feedback": {"value": %s}}}' % deep.encode()
    assert "at most 100 levels" in refusal(http.post("/api/3.0/mlflow/traces/tr-1/assessments", content=assessment))
    serialized = {"serialization_format": "JSON_FORMAT", "value": deep}
    told = {"assessment_name": "a", "expectation": {"serialized_value": serialized}}
    answer = http.post("/api/3.0/mlflow/traces/tr-1/assessments", json={"assessment": told})
    assert "at most 100 levels" in refusal(answer)
    dataset = {"name": "d", "tags": f'{{"a": {deep}}}'}
    assert "at most 100 levels" in refusal(http.post("/api/3.0/mlflow/datasets/create", json=dataset))


def test_tags_that_the_server_reads_may_hold_anything(http: httpx.Client, run_id: str):
    model = {"artifact_path": "m", "flavors": {}, "utc_time_created": "now", "run_id": run_id}
    for junk in ("x", "5", "[" * 5000, '{"a": 1}'):
        tag = {"run_id": run_id, "key": "mlflow.log-model.history", "value": junk}
        assert http.post(f"{API}/runs/set-tag", json=tag).is_success
        assert http.post(f"{API}/runs/log-model", json={"run_id": run_id, "model_json": json.dumps(model)}).is_success
    [tag] = [tag for tag in stored(http, run_id)[0]["run"]["data"]["tags"] if tag["key"].endswith("history")]
    assert [shown["artifact_path"] for shown in json.loads(tag["value"])] == ["m"]


def test_names_that_are_not_utf8_do_not_become_the_same_name(http: httpx.Client):
    answer = http.put("/api/2.0/mlflow-artifacts/artifacts/%ff", content=b"x")
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["message"]


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_what_unpacks_to_more_than_the_limit_is_refused(http: httpx.Client, pack: Callable[[bytes], bytes]):
    headers = {
        "content-type": "application/x-protobuf",
        "content-encoding": "gzip" if pack is gzip.compress else "deflate",
        "x-mlflow-experiment-id": "0",
    }
    bomb = pack(bytes(100 << 20))
    assert len(bomb) < 200_000
    assert "over 67108864 bytes" in refusal(http.post("/v1/traces", content=bomb, headers=headers))
    assert "decompress" in refusal(http.post("/v1/traces", content=b"no" + bomb, headers=headers))
