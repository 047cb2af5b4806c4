"""Whatever is sent to MLflow's endpoints: the answer is one of the client's errors, never the server's, and afterwards
everything that is stored fits together.
"""

import gzip
import re
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mlflow.protos.databricks_pb2 import ErrorCode
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from podium.protocols.mlflow import artifacts, multipart, workspaces
from podium.protocols.mlflow.endpoint import ROOT, Call, Stream
from podium.protocols.mlflow.graph import endpoint as graph
from podium.protocols.mlflow.routes import ENDPOINTS
from support import fuzzing
from support.fuzzing import Sent, World
from support.server import running_server

CODES = set(ErrorCode.keys())
STATUSES = {400, 403, 404, 405, 408, 409, 413, 501}

# What the endpoints that read their messages themselves take: a struct, or names in the query.
TAKEN: dict[Any, type[msgspec.Struct]] = {
    artifacts.create_presigned_download_url: artifacts.CreatePresignedDownloadUrl,
    multipart.create_upload: multipart.CreateUpload,
    multipart.complete_upload: multipart.CompleteUpload,
    multipart.abort_upload: multipart.AbortUpload,
    workspaces.create: workspaces.CreateWorkspace,
    workspaces.delete: workspaces.DeleteWorkspace,
    graph.post: graph.Query,
    graph.get: graph.Query,
}
IN_QUERY = ["path", "run_id", "run_uuid", "name", "version", "request_id", "artifact_file_path", "variables", "query"]

QUERIES = [
    "{ test(inputString: 5) { output } }",
    "query A($i: MlflowSearchRunsInput) { mlflowSearchRuns(input: $i) { runs { info { runId } } } }",
    '{ mlflowGetRun(input: {runId: "RUN"}) { run { info { name } experiment { name } modelVersions { name } } } }',
    'mutation { mlflowSearchDatasets(input: {experimentIds: ["0"]}) { datasetSummaries { name } } }',
    '{ mlflowListArtifacts(input: {runId: "RUN", path: "../.."}) { files { path } apiError { message } } }',
    '{ mlflowGetMetricHistoryBulkInterval(input: {runIds: ["RUN"], metricKey: "m"}) { metrics { value step } } }',
    "{ " * 500,
    "{ test { output } " * 2000,
    "query { a: test { output } " + " ".join(f"a{i}: test {{ output }}" for i in range(50)) + "}",
    "fragment f on Query { ...f } { ...f }",
    "{ __schema { types { fields { type { fields { name } } } } } }",
]


def endpoint_name(endpoint: Call | Stream) -> str:
    return f"{endpoint.method} {endpoint.version} {endpoint.path}"


def url_of(endpoint: Call | Stream) -> str:
    if isinstance(endpoint, Call):
        return f"{endpoint.prefixes[0]}{endpoint.version}/mlflow/{endpoint.path}"
    return endpoint.prefixes[0] + ("" if endpoint.prefixes == ROOT else f"{endpoint.version}/") + endpoint.path


def new_world(http: httpx.Client) -> World:
    """Makes one of everything. What other requests deleted or renamed does not matter: the names are new."""
    label = f"w{time.time_ns()}"

    def ask(path: str, **body: Any) -> Any:
        release = "3.0" if path in ("datasets/create", "traces") else "2.0"
        answer = http.post(f"/api/{release}/mlflow/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    project = ask("experiments/create", name=label)["experiment_id"]
    run = ask("runs/create", experiment_id=project, start_time=1)["run"]["info"]
    points = [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(5)]
    ask("runs/log-batch", run_id=run["run_id"], metrics=points, params=[{"key": "p", "value": "1"}])
    files = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    http.put(f"/api/2.0/mlflow-artifacts/artifacts/{files}/model/a.txt", content=b"content").raise_for_status()
    ask("registered-models/create", name=label)
    ask("model-versions/create", name=label, source=f"runs:/{run['run_id']}/model", run_id=run["run_id"])
    ask("registered-models/alias", name=label, alias="champion", version="1")
    logged = ask("logged-models", experiment_id=project, name="logged")["model"]["info"]["model_id"]
    dataset = ask("datasets/create", name=label, experiment_ids=[project])["dataset"]["dataset_id"]
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": project}}
    info = {"trace_id": f"tr-{label}", "trace_location": place, "request_time": "2026-11-01T12:00:00Z", "state": "OK"}
    trace = ask("traces", trace={"trace_info": info})["trace"]["trace_info"]["trace_id"]
    hook = ask(
        "webhooks",
        name=label,
        url="http://127.0.0.1:9/",
        status="DISABLED",
        events=[{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    )["webhook"]["webhook_id"]
    upload = http.post("/api/2.0/mlflow-artifacts/mpu/create/fuzz", json={"path": "f", "num_parts": 1}).json()
    runs, projects, models = [run["run_id"]], [project], [logged]
    return World(
        {
            "run_id": runs,
            "run_uuid": runs,
            "run_ids": runs,
            "source_run_id": runs,
            "experiment_id": projects,
            "experiment_ids": projects,
            "model_id": models,
            "name": [label, "m", "name"],
            "new_name": [label + "-new", "../x"],
            "version": ["1"],
            "alias": ["champion", "latest", "v1"],
            "stage": ["Production", "None", "nonsense"],
            "key": ["k", "m", "p", "mlflow.runName"],
            "value": ["v", "t" * 200_000],
            "metric_key": ["m"],
            "source": [f"runs:/{runs[0]}/model", f"models:/{logged}", "mlflow-artifacts:/../x", "s3://bucket/a"],
            "dataset_id": [dataset],
            "trace_id": [trace],
            "trace_ids": [trace],
            "request_id": [trace],
            "webhook_id": [hook],
            "upload_id": [upload["upload_id"]],
            "path": ["model/a.txt", "model", f"{files}/model/a.txt", *fuzzing.PATHS],
            "folder": [files, "fuzz", *fuzzing.PATHS],
            "workspace_name": [label, "team", "a" * 300],  # never the default one, where everything is
            "records": ['[{"inputs": {"a": 1}}]', '[{"inputs": {"a": [[[]]]}, "tags": {"b": "c"}}]', "[{}]", "{"],
            "filter": ["", "metrics.m > 1", "name = 'a'", *fuzzing.TEXTS],
            "query": [query.replace("RUN", runs[0]) for query in QUERIES],
            "token": ["x", "a.b"],
            "number": ["1", "0", "99999", "x"],
        }
    )


def requests_for(endpoint: Call | Stream, world: World) -> st.SearchStrategy[Sent]:
    names = re.findall(r"\{(\w+)(?::path)?\}", endpoint.path)
    parameters = st.fixed_dictionaries({name: world.texts(name) | fuzzing.one_of(fuzzing.TEXTS) for name in names})

    def filled(values: dict[str, str]) -> str:
        path = url_of(endpoint).replace(":path}", "}")
        for name in names:
            path = path.replace(f"{{{name}}}", fuzzing.in_path(values[name]) or "-")
        return path

    url = parameters.map(filled)
    kind = endpoint.request if isinstance(endpoint, Call) else TAKEN.get(endpoint.handler)
    if endpoint.path == "v1/traces":
        return st.builds(Sent, url, exports(), otlp_headers(world))
    if kind is None:
        asked = st.fixed_dictionaries({}, optional={name: world.texts(name) for name in IN_QUERY}).map(fuzzing.query_of)
        content = st.just(b"content") | st.binary(max_size=10) if endpoint.method in ("PUT", "POST") else st.none()
        return st.builds(Sent, st.tuples(url, asked).map("?".join), content)
    message = world.request(kind)
    if endpoint.method == "GET" or (isinstance(endpoint, Stream) and endpoint.method == "DELETE"):
        return st.builds(Sent, st.tuples(url, message.map(fuzzing.query_of)).map("?".join))
    return st.builds(Sent, url, message.map(fuzzing.body_of).flatmap(fuzzing.damaged))


@st.composite
def exports(draw: st.DrawFn) -> bytes:
    """An export of one span, damaged and compressed at times."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id = draw(st.sampled_from([bytes(16), b"\x01" * 16, b"short", b""]))
    span.span_id = draw(st.sampled_from([b"\x01" * 8, b"\x00" * 8, b""]))
    span.name = draw(st.sampled_from(["a", "", "a\x00b", "n" * 300]))
    span.start_time_unix_nano = draw(st.sampled_from([0, 1, 2**62, 2**63, 2**64 - 1]))
    span.end_time_unix_nano = draw(st.sampled_from([0, 1, 2**62]))
    for key in draw(
        st.lists(st.sampled_from(["mlflow.spanType", "mlflow.traceInputs", "a\x00", "k" * 300]), max_size=3)
    ):
        value = span.attributes.add(key=key).value
        setattr(value, *draw(st.sampled_from([("string_value", "x\x00"), ("double_value", float("nan"))])))
    body = request.SerializeToString()
    at = draw(st.integers(0, len(body) * 3))
    body = body[:at] + draw(st.binary(max_size=3)) + body[at:] if at < len(body) else body
    return draw(st.sampled_from([body, gzip.compress(body), zlib.compress(body)]))


def otlp_headers(world: World) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {"content-type": st.sampled_from(["application/x-protobuf", "application/json", "x"])},
        optional={
            "x-mlflow-experiment-id": st.sampled_from([*world.known["experiment_id"], "0", "-1", "9" * 30]),
            "x-mlflow-run-id": st.sampled_from([*world.known["run_id"], "none"]),
            "content-encoding": st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, gzip"]),
        },
    )


def refused_rightly(answer: httpx.Response) -> bool:
    if answer.is_success or answer.status_code in (304, 416):
        return "Internal error" not in answer.text[:2000]
    error = answer.json()
    return answer.status_code in STATUSES and error["error_code"] in CODES and bool(error["message"])


# It waits for spans that are still on their way, for seconds.
WAITING = "traces/get"


def spends_the_world(endpoint: Call | Stream) -> bool:
    return endpoint.method == "DELETE" or "delete" in endpoint.path or "rename" in endpoint.path


def check(http: httpx.Client, world: World, endpoint: Call | Stream, examples: int) -> None:
    # Without shrinking: a request a step would take minutes, and what is wrong is plain from the server's log.
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate])
    @given(requests_for(endpoint, world))
    def attempt(sent: Sent) -> None:
        answer = http.request(endpoint.method, sent.url, content=sent.body, headers=sent.headers)
        assert refused_rightly(answer), (answer.status_code, answer.text[:500])

    attempt()


def check_whole(http: httpx.Client) -> None:
    assert http.get("/ready").status_code == 200
    assert http.get("/api/v1/audit/verify").json()["intact"] is True


def server_with_worlds(data: Path, database_url: str | None = None) -> Iterator[Callable[[Call | Stream, int], None]]:
    """A check of one endpoint. What is stored is looked through in the end."""
    with running_server(data, database_url) as url, httpx.Client(base_url=url, timeout=10) as http:
        world = new_world(http)

        def check_endpoint(endpoint: Call | Stream, examples: int) -> None:
            nonlocal world
            check(http, world, endpoint, 1 if endpoint.path == WAITING else fuzzing.EXAMPLES or examples)
            if spends_the_world(endpoint):
                world = new_world(http)

        yield check_endpoint
        check_whole(http)


@pytest.fixture(scope="module")
def check_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Call | Stream, int], None]]:
    yield from server_with_worlds(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=endpoint_name)
def test_no_request_is_answered_with_an_internal_error(check_on_sqlite, endpoint: Call | Stream):
    check_on_sqlite(endpoint, 8)


@pytest.fixture
def check_on_postgresql(tmp_path: Path, postgres_database: str) -> Iterator[Callable[[Call | Stream, int], None]]:
    yield from server_with_worlds(tmp_path, postgres_database)


def test_no_request_is_answered_with_an_internal_error_on_postgresql(check_on_postgresql):
    for endpoint in ENDPOINTS:
        check_on_postgresql(endpoint, 2)
