"""A request for every endpoint of every protocol that does what it is for, and a team that has one of everything."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin
from urllib.parse import quote, urlencode

import httpx
import msgspec

from podium.protocols.mlflow import artifacts, endpoint, multipart, workspaces
from podium.protocols.mlflow import routes as mlflow
from podium.protocols.mlflow.graph import endpoint as mlflow_graph
from podium.protocols.native import routes as native
from podium.protocols.native.endpoint import PREFIX, has_body

TEAM = "blue"
ORGANIZATION = "acme"
USER = "carl"  # whom no other caller of the tests works with
SAID = "hello"
SECRET = "sesame"  # is in whatever the team has, and in no request
HEADERS = {"x-podium-team": TEAM, "x-mlflow-workspace": TEAM}

# What the endpoints take that read their messages themselves.
_TAKEN: dict[Any, type[msgspec.Struct]] = {
    artifacts.create_presigned_download_url: artifacts.CreatePresignedDownloadUrl,
    multipart.create_upload: multipart.CreateUpload,
    multipart.complete_upload: multipart.CompleteUpload,
    multipart.abort_upload: multipart.AbortUpload,
    workspaces.create: workspaces.CreateWorkspace,
    workspaces.delete: workspaces.DeleteWorkspace,
    mlflow_graph.post: mlflow_graph.Query,
    mlflow_graph.get: mlflow_graph.Query,
}
# What an endpoint wants otherwise than its fields' names tell.
_RATHER = {
    "registered-models/create": {"name": "another"},
    "mlflow/workspaces": {"name": "green"},
    "users/create": {"username": "emil"},
}
_NEW = {
    "/teams": "pink",
    "/organizations": "else",
    "/users": "dora",
    "/models": "new",
    "/projects": "new",
    "/organizations/{organization}/teams": "yellow",
}
_WITHOUT = {
    "model-versions/create": ("model_id",),
    "traces/delete-traces": ("request_ids", "max_timestamp_millis", "max_traces"),
    "artifacts/presigned-upload-url": ("model_id",),
}
_PARAMS = '{ mlflowGetRun(input: {runId: "%s"}) { run { data { params { value } } } } }'
_IN_QUERY = ("path", "run_id", "run_uuid", "name", "version", "request_id", "artifact_file_path")


class Request(msgspec.Struct, frozen=True):
    """What to send, and which endpoint that is for."""

    endpoint: str
    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}

    @property
    def turn(self) -> int:
        """When to send it: later ones end what the earlier ones are about."""
        if any(word in self.endpoint for word in ("teams", "organizations", "workspaces", "users")):
            whole = self.endpoint.endswith(("{name}", "{workspace_name}")) and self.method in ("DELETE", "PATCH")
            return 4 if whole else 2 + (self.method == "DELETE")
        return int(self.method == "DELETE" or any(word in self.url for word in ("delete", "rename", "abort")))


def requests(known: Mapping[str, str]) -> list[Request]:
    """All of them, those last that end what the others are about."""
    return sorted([*_native(known), *_mlflow(known), *_wandb(known)], key=lambda request: request.turn)


def fill_team(http: httpx.Client, label: str) -> dict[str, str]:
    """Makes one of everything for the team; returns right values by the name of the field that they are for.

    The label tells its names from those of other calls.
    """
    model, trace = f"M{label}", f"tr-{label}"

    def ask(path: str, **body: Any) -> Any:
        release = "3.0" if path in ("datasets/create", "traces") else "2.0"
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
        stored = http.put(f"/api/2.0/mlflow-artifacts/artifacts/{files}/{path}", content=SECRET.encode())
        assert stored.is_success, stored.text
    ask("registered-models/create", name=model, description=SECRET, tags=tags)
    source = f"runs:/{run['run_id']}/model"
    ask("model-versions/create", name=model, source=source, run_id=run["run_id"], description=SECRET, tags=tags)
    ask("registered-models/alias", name=model, alias="champion", version="1")
    logged = ask("logged-models", experiment_id=project, name="logged", tags=tags)["model"]["info"]["model_id"]
    dataset = ask("datasets/create", name=f"q{label}", experiment_ids=[project], tags=json.dumps({"k": SECRET}))
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": project}}
    info = {"trace_location": place, "request_time": "2026-11-01T12:00:00Z", "state": "OK", "tags": {"k": SECRET}}
    ask("traces", trace={"trace_info": {"trace_id": trace, **info}})
    events = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
    hook = ask("webhooks", name="h", url="http://127.0.0.1:9/", status="DISABLED", events=events, description=SECRET)
    upload = http.post(f"/api/2.0/mlflow-artifacts/mpu/create/{files}", json={"path": "f", "num_parts": 1})
    artifact = _artifact(http, f"p{label}")
    manifest = http.get(f"/api/v1/models/{model}/versions/1/manifest").json()["digest"]
    said = http.post("/api/v1/comments", json={"kind": "model", "id": model, "text": SECRET}).json()
    return {
        "comment": str(said["id"]),
        **dict.fromkeys(("run_id", "run_ids", "source_run_id"), run["run_id"]),
        **dict.fromkeys(("experiment_id", "experiment_ids", "project", "project_id", "id"), project),
        **dict.fromkeys(("trace_id", "trace_ids", "request_id"), trace),
        "model_id": logged,
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


def _artifact(http: httpx.Client, project: str) -> dict[str, str]:
    """The ids of a version of an artifact, of its collection, and of a run, as W&B's client gets them."""

    def ask(document: str) -> Any:
        return http.post("/graphql", json={"query": document}).json()["data"]

    made = ask(
        f'mutation {{ createArtifact(input: {{entityName: "{TEAM}", projectName: "{project}", artifactTypeName: "t", '
        f'artifactCollectionName: "a", digest: "d", description: "{SECRET}"}}) '
        "{ artifact { id artifactSequence { id } } } }"
    )["createArtifact"]["artifact"]
    run = ask(
        f'mutation {{ upsertBucket(input: {{entityName: "{TEAM}", modelName: "{project}", name: "r", '
        f'config: "{{\\"s\\": {{\\"value\\": \\"{SECRET}\\"}}}}"}}) {{ bucket {{ id }} }} }}'
    )["upsertBucket"]["bucket"]
    return {"artifact_key": made["id"], "collection_key": made["artifactSequence"]["id"], "run_key": run["id"]}


def _native(known: Mapping[str, str]) -> Iterator[Request]:
    for topic in native.TOPICS:
        named = {
            "teams": TEAM,
            "organizations": ORGANIZATION,
            "users": USER,
            "api keys": USER,
            "projects": known["project_name"],
        }
        common = {**known, "name": named.get(topic.name, known["name"])}
        if topic.name == "artifacts":
            common["path"] = known["files"]
        if topic.name == "lineage":
            common |= {"kind": "run", "id": known["run_id"], "direction": "both", "depth": "1"}
        if topic.name in ("comments", "watching"):
            common |= {"kind": "run", "id": known["run_id"], "text": SAID}
        for one in topic.endpoints:
            if one.path == "/comments/{id}":
                common["id"] = known["comment"]
            values = {**common, "path": "model/a.txt"} if "{run_id}" in one.path else dict(common)
            path = _filled(one.path, values)
            if one.method == "POST" and one.path in _NEW:
                values["name"] = _NEW[one.path]
            message = _message(one.request, values, set(re.findall(r"\{(\w+)", one.path)))
            name, url = f"{one.method} {one.path}", PREFIX + path
            if has_body(one):
                yield Request(name, one.method, url, json.dumps(message).encode())
            elif one.method == "PUT":
                yield Request(name, one.method, url, b"content")
            else:
                yield Request(name, one.method, f"{url}?{urlencode(message, doseq=True)}")


def _mlflow(known: Mapping[str, str]) -> Iterator[Request]:
    for one in mlflow.ENDPOINTS:
        name = f"{one.method} {one.version} {one.path}"
        values = {**known, "path": known["files"]} if "mlflow-artifacts/" in one.path else known
        if isinstance(one, endpoint.Call):
            url = f"{one.prefixes[0]}{one.version}/mlflow/{_filled(one.path, values)}"
        else:
            start = "" if one.prefixes == endpoint.ROOT else f"{one.version}/"
            url = one.prefixes[0] + start + _filled(one.path, values)
        kind = one.request if isinstance(one, endpoint.Call) else _TAKEN.get(one.handler)
        message = {} if kind is None else _message(kind, {**known, **_RATHER.get(one.path, {})}, set())
        for unwanted in _WITHOUT.get(one.path, ()):
            message.pop(unwanted, None)
        if kind is None and one.method != "GET":
            yield Request(name, one.method, url, b"content", {"x-mlflow-experiment-id": known["experiment_id"]})
        elif kind is None:
            yield Request(name, one.method, f"{url}?{urlencode({name: known.get(name, '') for name in _IN_QUERY})}")
        elif one.method == "GET":
            yield Request(name, one.method, f"{url}?{urlencode(message, doseq=True)}")
        else:
            yield Request(name, one.method, url, json.dumps(message).encode())


def _wandb(known: Mapping[str, str]) -> Iterator[Request]:
    """What W&B's client asks by name and by number, which anybody can guess."""
    project, run, digest = known["project_name"], known["run_key"], "d41d8cd98f00b204e9800998ecf8427e"
    version, collection = known["artifact_key"], known["collection_key"]
    of_team = f'entityName: "{TEAM}"'
    documents = {
        "entity": f'{{ entity(name: "{TEAM}") {{ storageBytes members {{ username }} organization {{ name }} }} }}',
        "organization": f'{{ organization(name: "{ORGANIZATION}") {{ id orgEntity {{ name }} }} }}',
        "project": f'{{ project(name: "{project}", {of_team}) {{ id runs {{ edges {{ node {{ config }} }} }} }} }}',
        "models": f"{{ models({of_team}) {{ edges {{ node {{ name }} }} }} }}",
        "artifact": f'{{ artifact(id: "{version}") {{ description metadata }} }}',
        "invite": f'mutation {{ createInvite(input: {{{of_team}, username: "{USER}"}}) {{ invite {{ id }} }} }}',
        "service": f"mutation {{ createServiceAccount(input: {{{of_team}}}) {{ user {{ id }} }} }}",
        "upsertModel": f'mutation {{ upsertModel(input: {{{of_team}, name: "x"}}) {{ inserted }} }}',
        "upsertBucket": f'mutation {{ upsertBucket(input: {{{of_team}, modelName: "{project}", name: "n"}}) '
        "{ inserted } }",
        "changeBucket": f'mutation {{ upsertBucket(input: {{id: "{run}", notes: "n"}}) {{ inserted }} }}',
        "stopRun": f'mutation {{ stopRun(input: {{id: "{run}"}}) {{ success }} }}',
        "updateArtifact": f'mutation {{ updateArtifact(input: {{artifactID: "{version}", description: "d"}}) '
        "{ artifact { id } } }",
        "moveSequence": f'mutation {{ updateArtifactSequence(input: {{artifactSequenceID: "{collection}", '
        'description: "d"}) { artifactCollection { name } } }',
        "deleteSequence": f'mutation {{ deleteArtifactSequence(input: {{artifactSequenceID: "{collection}"}}) '
        "{ artifactCollection { name } } }",
        "deleteArtifact": f'mutation {{ deleteArtifact(input: {{artifactID: "{version}", deleteAliases: true}}) '
        "{ artifact { id } } }",
        "deleteRun": f'mutation {{ deleteRun(input: {{id: "{run}"}}) {{ clientMutationId }} }}',
    }
    for name, document in documents.items():
        body = json.dumps({"query": document}).encode()
        yield Request(f"POST /graphql {name}", "POST", "/graphql", body)
    stream = json.dumps({"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"a": 1}']}}}).encode()
    place = f"{TEAM}/{project}/{known['run_id']}"
    yield Request("POST file_stream", "POST", f"/files/{place}/file_stream", stream)
    yield Request("GET /artifacts/{entity}/{md5}", "GET", f"/artifacts/{TEAM}/{digest}")
    yield Request("GET /artifactsV2", "GET", f"/artifactsV2/r/{TEAM}/{project}/a/1/{digest}/n")


def _filled(path: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)(:path)?\}", lambda m: quote(values.get(m[1], "1"), safe="/" if m[2] else ""), path)


def _message(kind: type[msgspec.Struct], known: Mapping[str, str], without: set[str]) -> dict[str, Any]:
    """A value for each field that is required or known."""
    return {
        field.encode_name: _value(field.type, field.encode_name, known)
        for field in msgspec.structs.fields(kind)
        if field.name not in without and (field.required or field.encode_name in known)
    }


def _value(kind: Any, name: str, known: Mapping[str, str]) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return known.get(name) if known.get(name) in arguments else arguments[0]
    if origin in (list, tuple, dict):
        return {} if origin is dict else [_value(arguments[0], name, known)]
    if arguments:
        return _value(next(one for one in arguments if one is not type(None)), name, known)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _message(kind, known, set())
    text = known.get(name, "x")
    number = int(text) if text.isdecimal() else 1
    return {bool: False, int: number, float: number}.get(kind, text)
