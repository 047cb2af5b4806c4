"""A request for every endpoint of every protocol that does what it is for."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin
from urllib.parse import quote, urlencode

import msgspec

from podium.protocols.mlflow import artifacts, endpoint, multipart, workspaces
from podium.protocols.mlflow import routes as mlflow
from podium.protocols.mlflow.graph import endpoint as mlflow_graph
from podium.protocols.native import routes as native
from podium.protocols.native.endpoint import PREFIX, has_body
from support.full_team import ORGANIZATION, SECRET, TEAM, USER, base64_md5, spans_of

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
_WORKSPACE = "mlflow/workspaces/{workspace_name}"
# What an endpoint wants otherwise than its fields' names tell; `@name` is what is known by that name.
_RATHER = {
    "registered-models/create": {"name": "another"},
    "users/create": {"username": "emil"},
    "/users/{name}/keys/{id}": {"name": "@self", "id": "@key_number"},
    "/models/{name}/restore": {"name": "@gone_model"},
    "/models/{name}/versions/{version}/restore": {"version": "2"},
    "/projects/{project_id}/restore": {"project_id": "@gone_project"},
    "experiments/restore": {"experiment_id": "@gone_project"},
    "/artifacts/restore": {"path": "@gone_file"},
    "/comments/{id}": {"id": "@comment"},
    "mlflow/get-trace-artifact": {"path": ""},
    "mlflow-artifacts/mpu/complete/{folder:path}": {"path": "f"},
    "traces": {"trace_id": "tr-" + "f" * 32},
    **{f"{place}2.0": {"name": "green2", "workspace_name": "navy2"} for place in ("mlflow/workspaces", _WORKSPACE)},
    **{f"{place}3.0": {"name": "green3", "workspace_name": "navy3"} for place in ("mlflow/workspaces", _WORKSPACE)},
}
_LAST = ("DELETE /teams/{name}", "POST /teams/{name}/restore", "DELETE /organizations/{name}")
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
    "traces/delete-traces": ("max_timestamp_millis", "max_traces"),
    "/models/{name}/at": ("stage",),
    "/models/{name}/restore": ("key",),
    "artifacts/presigned-upload-url": ("model_id",),
}
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
            if self.endpoint in _LAST:
                return 6 + _LAST.index(self.endpoint)
            whole = self.endpoint.endswith(("{name}", "{workspace_name}")) and self.method in ("DELETE", "PATCH")
            return 4 + (self.method == "DELETE") if whole else 2 + (self.method == "DELETE")
        return int(self.method == "DELETE" or any(word in self.url for word in ("delete", "rename", "abort")))


def requests(known: Mapping[str, str]) -> list[Request]:
    """All of them, those last that end what the others are about."""
    return sorted([*_native(known), *_mlflow(known), *_wandb(known)], key=lambda request: request.turn)


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
            common |= {"kind": "run", "id": known["run_id"], "text": "hello"}
        for one in topic.endpoints:
            values = {**common, "path": "model/a.txt"} if "{run_id}" in one.path else dict(common)
            values |= _rather(one.path, known)
            path = _filled(one.path, values)
            if one.method == "POST" and one.path in _NEW:
                values["name"] = _NEW[one.path]
            without = {*re.findall(r"\{(\w+)", one.path), *_WITHOUT.get(one.path, ())}
            message = _message(one.request, values, without)
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
        values = {**known, "path": known["files"]} if "mlflow-artifacts/" in one.path else dict(known)
        values |= {**_rather(one.path, known), **_rather(one.path + one.version, known)}
        if isinstance(one, endpoint.Call):
            url = f"{one.prefixes[0]}{one.version}/mlflow/{_filled(one.path, values)}"
        else:
            start = "" if one.prefixes == endpoint.ROOT else f"{one.version}/"
            url = one.prefixes[0] + start + _filled(one.path, values)
        kind = one.request if isinstance(one, endpoint.Call) else _TAKEN.get(one.handler)
        message = {} if kind is None else _message(kind, values, set())
        for unwanted in _WITHOUT.get(one.path, ()):
            message.pop(unwanted, None)
        query = urlencode({field: values.get(field, "") for field in _IN_QUERY})
        if one.path == "v1/traces":
            headers = {"content-type": "application/x-protobuf", "x-mlflow-experiment-id": known["experiment_id"]}
            yield Request(name, one.method, url, spans_of("tr-" + "e" * 32), headers)
        elif kind is None and one.method != "GET":
            url = f"{url}?{query}" if one.path == "mlflow/upload-artifact" else url
            yield Request(name, one.method, url, b"content", {"x-mlflow-experiment-id": known["experiment_id"]})
        elif kind is None:
            yield Request(name, one.method, f"{url}?{query}")
        elif one.method == "GET":
            yield Request(name, one.method, f"{url}?{urlencode(message, doseq=True)}")
        else:
            yield Request(name, one.method, url, json.dumps(message).encode())


def _wandb(known: Mapping[str, str]) -> Iterator[Request]:
    """What W&B's client asks by name and by number, which anybody can guess."""
    project, run, digest = known["project_name"], known["run_key"], hashlib.md5(SECRET.encode()).hexdigest()
    version, collection = known["artifact_key"], known["collection_key"]
    of_team = f'entityName: "{TEAM}"'
    documents = {
        "entity": f'{{ entity(name: "{TEAM}") {{ storageBytes members {{ username }} organization {{ name }} }} }}',
        "organization": f'{{ organization(name: "{ORGANIZATION}") {{ id orgEntity {{ name }} }} }}',
        "project": f'{{ project(name: "{project}", {of_team}) {{ id runs {{ edges {{ node {{ config }} }} }} }} }}',
        "models": f"{{ models({of_team}) {{ edges {{ node {{ name }} }} }} }}",
        "artifact": f'{{ artifact(id: "{version}") {{ description metadata }} }}',
        "artifactFiles": f'{{ artifact(id: "{version}") {{ files {{ edges {{ node {{ name directUrl }} }} }} '
        "currentManifest { file { directUrl } } } }",
        "collection": f'{{ artifactCollection(id: "{collection}") '
        "{ artifacts { edges { node { description } } } } }",
        "createRunFiles": f'mutation {{ createRunFiles(input: {{{of_team}, projectName: "{project}", runName: "r", '
        'files: ["f"]}) { files { uploadUrl } } }',
        "createArtifactFiles": f'mutation {{ createArtifactFiles(input: {{artifactFiles: [{{artifactID: "{version}", '
        f'name: "o", md5: "{base64_md5(b"o")}"}}]}}) {{ files {{ edges {{ node {{ uploadUrl }} }} }} }} }}',
        "commitArtifact": f'mutation {{ commitArtifact(input: {{artifactID: "{version}"}}) {{ artifact {{ id }} }} }}',
        "useArtifact": f'mutation {{ useArtifact(input: {{{of_team}, projectName: "{project}", runName: "r", '
        f'artifactID: "{version}"}}) {{ artifact {{ id }} }} }}',
        "addAliases": f'mutation {{ addAliases(input: {{artifactID: "{version}", aliases: [{{{of_team}, '
        f'projectName: "{project}", artifactCollectionName: "a", alias: "z"}}]}}) {{ success }} }}',
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


def _rather(path: str, known: Mapping[str, str]) -> dict[str, str]:
    return {name: known[value[1:]] if value.startswith("@") else value for name, value in _RATHER.get(path, {}).items()}


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
