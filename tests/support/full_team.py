"""A team that has one of everything, and what is known of it."""

import base64
import hashlib
import json
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TEAM = "blue"
ORGANIZATION = "acme"
USER = "carl"  # whom no other caller of the tests works with
SECRET = "sesame"  # is in whatever the team has, and in no request
_PARAMS = '{ mlflowGetRun(input: {runId: "%s"}) { run { data { params { value } } } } }'


def fill_team(http: httpx.Client, label: str) -> dict[str, str]:
    """Makes one of everything for the team; returns right values by the name of the field that they are for.

    The label tells its names from those of other calls.
    """
    model, trace = f"M{label}", f"tr-{int(label):032x}"

    def ask(path: str, **body: Any) -> Any:
        release = "3.0" if path.startswith(("datasets/create", "traces")) else "2.0"
        answer = http.post(f"/api/{release}/mlflow/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    tags = [{"key": "k", "value": SECRET}]
    project = ask("experiments/create", name=f"p{label}", tags=tags)["experiment_id"]
    run = ask("runs/create", experiment_id=project, start_time=1, tags=tags)["run"]["info"]
    points = [{"key": "m", "value": 17.25, "timestamp": 1, "step": 1}]
    ask("runs/log-batch", run_id=run["run_id"], metrics=points, params=[{"key": "p", "value": SECRET}])
    files = run["artifact_uri"].removeprefix("mlflow-artifacts:/")
    for path in ("model/a.txt", "model/model/a.txt"):  # the latter is the former of the registered version
        _put(http, f"{files}/{path}")
    ask("registered-models/create", name=model, description=SECRET, tags=tags)
    source = f"runs:/{run['run_id']}/model"
    ask("model-versions/create", name=model, source=source, run_id=run["run_id"], description=SECRET, tags=tags)
    ask("registered-models/alias", name=model, alias="champion", version="1")
    ask("model-versions/create", name=model, source=source, run_id=run["run_id"])
    assert http.request("DELETE", f"/api/v1/models/{model}/versions/2").is_success
    logged = ask("logged-models", experiment_id=project, name="logged", tags=tags)["model"]["info"]
    _put(http, f"{logged['artifact_uri'].removeprefix('mlflow-artifacts:/')}/model/a.txt")
    gone = _gone(http, label, files)
    dataset = ask("datasets/create", name=f"q{label}", experiment_ids=[project], tags=json.dumps({"k": SECRET}))
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": project}}
    info = {"trace_location": place, "request_time": "2026-11-01T12:00:00Z", "state": "OK", "tags": {"k": SECRET}}
    ask("traces", trace={"trace_info": {"trace_id": trace, **info}})
    _export(http, trace, project)
    judged = {"assessment_name": "good", "source": {"source_type": "HUMAN", "source_id": "x"}, "feedback": {"value": 1}}
    judgement = ask(f"traces/{trace}/assessments", assessment={**judged, "rationale": SECRET})["assessment"]
    events = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
    hook = ask("webhooks", name="h", url="http://127.0.0.1:9/", status="DISABLED", events=events, description=SECRET)
    upload = http.post(f"/api/2.0/mlflow-artifacts/mpu/create/{files}", json={"path": "f", "num_parts": 1})
    part = http.put(upload.json()["credentials"][0]["url"], content=SECRET.encode())
    artifact = _artifact(http, f"p{label}")
    said = http.post("/api/v1/comments", json={"kind": "model", "id": model, "text": SECRET})
    me = http.get("/api/v1/me").json()["name"]
    key = http.post(f"/api/v1/users/{me}/keys", json={"description": "d"})
    assert key.is_success, key.text
    manifest = http.get(f"/api/v1/models/{model}/versions/1/manifest").json()["digest"]
    return {
        **dict.fromkeys(("run_id", "run_ids", "source_run_id"), run["run_id"]),
        **dict.fromkeys(("experiment_id", "experiment_ids", "project", "project_id", "id"), project),
        **dict.fromkeys(("trace_id", "trace_ids", "request_id"), trace),
        **gone,
        "comment": str(said.json()["id"]),
        "model_id": logged["model_id"],
        "self": me,
        "key_number": str(key.json()["id"]),
        "assessment_id": judgement["assessment_id"],
        **dict.fromkeys(("trace_location", "mlflow_experiment", "feedback"), ""),  # whatever is in it
        "assessment_name": "good",
        "update_mask": "feedback",
        "request_time": "2026-11-01T12:00:00Z",
        "request_ids": trace,
        **dict.fromkeys(("filter_string1", "filter_string2"), "tags.k = 'a'"),
        "model_json": json.dumps(
            {"run_id": run["run_id"], "artifact_path": "model", "utc_time_created": "x", "flavors": {}}
        ),
        "etag": part.headers["etag"],
        "name": model,
        "model": model,
        "new_name": f"N{label}",
        "project_name": f"p{label}",
        "time": "2099-01-01T00:00:00Z",
        "experiment_name": f"p{label}",
        "artifact_file_path": "model/a.txt",
        "run_uuid": run["run_id"],
        "tag_key": "k",
        "version": "1",
        "alias": "champion",
        "stage": "Production",
        "key": "k",
        "value": "v",
        "metric_key": "m",
        "metric": "m",
        "dataset_id": dataset["dataset"]["dataset_id"],
        "webhook_id": hook["webhook"]["webhook_id"],
        "upload_id": upload.json()["upload_id"],
        "path": "model/a.txt",
        "folder": files,
        "files": f"{files}/model/a.txt",
        "digest": manifest,
        "number": "1",
        "source": f"runs:/{run['run_id']}/model",
        "user": USER,
        "organization": ORGANIZATION,
        "workspace_name": TEAM,
        "role": "viewer",
        "query": _PARAMS % run["run_id"],
        "against": "1",
        "username": "emil",
        "resource_type": "workspace",
        "resource_id": TEAM,
        **artifact,
        "records": '[{"inputs": {"a": 1}}]',
        "tags": '{"a": "b"}',
        "entity": "REGISTERED_MODEL",
        "action": "CREATED",
        "status": "DISABLED",
        "mode": "CASCADE",
        "description": "d",
        "url": "http://127.0.0.1:9/",
    }


def _put(http: httpx.Client, path: str) -> None:
    stored = http.put(f"/api/2.0/mlflow-artifacts/artifacts/{path}", content=SECRET.encode())
    assert stored.is_success, stored.text


def _gone(http: httpx.Client, label: str, files: str) -> dict[str, str]:
    """What was deleted and can be restored."""
    made = http.post("/api/2.0/mlflow/experiments/create", json={"name": f"gone{label}"})
    http.post("/api/2.0/mlflow/registered-models/create", json={"name": f"Gone{label}"})
    found = {"gone_project": made.json()["experiment_id"], "gone_model": f"Gone{label}", "gone_file": f"{files}/gone"}
    _put(http, found["gone_file"])
    for path in (f"projects/{found['gone_project']}", f"models/Gone{label}", f"artifacts/{found['gone_file']}"):
        deleted = http.delete(f"/api/v1/{path}")
        assert deleted.is_success, (path, deleted.text)
    return found


def _export(http: httpx.Client, trace: str, project: str) -> None:
    """Sends the only span of a trace."""
    headers = {"content-type": "application/x-protobuf", "x-mlflow-experiment-id": project}
    answer = http.post("/v1/traces", content=spans_of(trace), headers=headers)
    assert answer.is_success, answer.text


def spans_of(trace: str) -> bytes:
    exported = ExportTraceServiceRequest()
    span = exported.resource_spans.add().scope_spans.add().spans.add(name="s", start_time_unix_nano=1)
    span.trace_id, span.span_id, span.end_time_unix_nano = bytes.fromhex(trace[3:]), b"\x01" * 8, 2
    key, value = "mlflow.traceRequestId", span.attributes.add
    value(key=key).value.string_value = json.dumps(trace)
    return exported.SerializeToString()


def _artifact(http: httpx.Client, project: str) -> dict[str, str]:
    """The ids of a version of an artifact, of its collection, and of a run, as W&B's client gets them."""

    def ask(document: str) -> Any:
        answer = http.post("/graphql", json={"query": document}).json()
        assert answer["data"], answer
        return answer["data"]

    def put(url: str, content: bytes) -> None:
        assert http.put(url, content=content).is_success

    md5 = base64_md5(SECRET.encode())
    listed = json.dumps(
        {"version": 1, "storagePolicy": "s", "contents": {"n": {"digest": md5, "size": len(SECRET)}}}
    ).encode()
    digest = hashlib.md5(f"wandb-artifact-manifest-v1\nn:{md5}\n".encode()).hexdigest()
    made = ask(
        f'mutation {{ createArtifact(input: {{entityName: "{TEAM}", projectName: "{project}", artifactTypeName: "t", '
        f'artifactCollectionName: "a", digest: "{digest}", description: "{SECRET}"}}) '
        "{ artifact { id artifactSequence { id } } } }"
    )["createArtifact"]["artifact"]
    offered = ask(
        f'mutation {{ createArtifactFiles(input: {{artifactFiles: [{{artifactID: "{made["id"]}", name: "n", '
        f'md5: "{md5}"}}]}}) {{ files {{ edges {{ node {{ uploadUrl }} }} }} }} }}'
    )["createArtifactFiles"]["files"]["edges"][0]["node"]
    if offered["uploadUrl"]:
        put(offered["uploadUrl"], SECRET.encode())
    manifest = ask(
        f'mutation {{ createArtifactManifest(input: {{artifactID: "{made["id"]}", name: "wandb_manifest.json", '
        f'digest: "{base64_md5(listed)}", entityName: "{TEAM}", projectName: "{project}", runName: "", type: FULL}}) '
        "{ artifactManifest { file { uploadUrl } } } }"
    )["createArtifactManifest"]["artifactManifest"]["file"]
    put(manifest["uploadUrl"], listed)
    ask(f'mutation {{ commitArtifact(input: {{artifactID: "{made["id"]}"}}) {{ artifact {{ id }} }} }}')
    run = ask(
        f'mutation {{ upsertBucket(input: {{entityName: "{TEAM}", modelName: "{project}", name: "r", '
        f'config: "{{\\"s\\": {{\\"value\\": \\"{SECRET}\\"}}}}"}}) {{ bucket {{ id }} }} }}'
    )["upsertBucket"]["bucket"]
    return {"artifact_key": made["id"], "collection_key": made["artifactSequence"]["id"], "run_key": run["id"]}


def base64_md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()
