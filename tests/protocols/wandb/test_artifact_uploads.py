"""What the client never sends: files that are missing, other bytes than announced, made up URLs."""

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest

KEY = "local-" + "0" * 40

CREATE = """mutation CreateArtifact($input: CreateArtifactInput!) {
  createArtifact(input: $input) { artifact { id state artifactSequence { latestArtifact { id } } } } }"""
MANIFEST = """mutation M($id: ID!, $digest: String!, $type: ArtifactManifestType!) {
  createArtifactManifest(input: {artifactID: $id, name: "wandb_manifest.json", digest: $digest, entityName: "default",
    projectName: "p", runName: "r", type: $type}) {
    artifactManifest { id file { id uploadUrl uploadHeaders } } } }"""
FILES = """mutation F($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) {
  files { edges { node { storagePath uploadUrl uploadMultipartUrls { uploadID } artifact { id } } } } } }"""
COMMIT = "mutation C($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { id digest } } }"


def b64(raw: bytes) -> str:
    return base64.b64encode(hashlib.md5(raw).digest()).decode()


class Logger:
    """Sends what `wandb-core` sends for an artifact, step by step."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        asked = {"query": query, "variables": variables, "operationName": ""}
        answer = self.http.post("/graphql", json=asked, auth=("api", KEY))
        assert answer.status_code == 200
        return answer.json()

    def create(self, digest: str, name: str = "data", **more: Any) -> str:
        given = {"entityName": "default", "projectName": "p", "artifactTypeName": "dataset", "digest": digest}
        answer = self.ask(CREATE, input={**given, "artifactCollectionName": name, **more})
        return answer["data"]["createArtifact"]["artifact"]["id"]

    def offer(self, artifact: str, files: dict[str, bytes]) -> list[dict[str, Any]]:
        specs = [{"artifactID": artifact, "name": name, "md5": b64(raw)} for name, raw in files.items()]
        answer = self.ask(FILES, input={"artifactFiles": specs, "storageLayout": "V2"})
        return [edge["node"] for edge in answer["data"]["createArtifactFiles"]["files"]["edges"]]

    def put_manifest(self, artifact: str, text: bytes) -> None:
        answer = self.ask(MANIFEST, id=artifact, digest=b64(text), type="FULL")
        file = answer["data"]["createArtifactManifest"]["artifactManifest"]["file"]
        assert self.http.put(file["uploadUrl"], content=text).status_code == 200


@pytest.fixture
def logger(http: httpx.Client) -> Logger:
    return Logger(http)


def listing(files: dict[str, bytes]) -> tuple[bytes, str]:
    """A manifest and the digest of the artifact that has it."""
    contents = {name: {"digest": b64(raw), "size": len(raw)} for name, raw in files.items()}
    text = json.dumps({"version": 1, "storagePolicy": "wandb-storage-policy-v1", "contents": contents}).encode()
    lines = "".join(f"{name}:{b64(raw)}\n" for name, raw in sorted(files.items()))
    return text, hashlib.md5(f"wandb-artifact-manifest-v1\n{lines}".encode()).hexdigest()


def test_files_come_back_in_the_order_that_they_were_asked_for_and_known_ones_without_a_url(logger):
    files = {f"f{number}": str(number % 3).encode() for number in range(9)}
    artifact = logger.create("0" * 32)
    nodes = logger.offer(artifact, {"known": b"1"})
    assert logger.http.put(nodes[0]["uploadUrl"], content=b"1").status_code == 200
    nodes = logger.offer(artifact, files)
    assert [node["uploadUrl"] is None for node in nodes] == [raw == b"1" for raw in files.values()]
    assert [node["storagePath"] for node in nodes] == [
        f"wandb_artifacts/{hashlib.md5(raw).hexdigest()}" for raw in files.values()
    ]
    assert all(node["artifact"]["id"] == artifact and node["uploadMultipartUrls"] is None for node in nodes)


def test_a_commit_names_the_files_that_were_never_uploaded(logger):
    files = {"here": b"1", "missing": b"2", "sub/missing": b"3"}
    text, digest = listing(files)
    artifact = logger.create(digest)
    logger.http.put(logger.offer(artifact, {"here": b"1"})[0]["uploadUrl"], content=b"1")
    answer = logger.ask(COMMIT, id=artifact)
    assert "has no manifest" in answer["errors"][0]["message"]
    logger.put_manifest(artifact, text)
    answer = logger.ask(COMMIT, id=artifact)
    assert "never uploaded: 'missing', 'sub/missing'" in answer["errors"][0]["message"]
    for node, raw in zip(logger.offer(artifact, files)[1:], (b"2", b"3"), strict=True):
        logger.http.put(node["uploadUrl"], content=raw)
    assert logger.ask(COMMIT, id=artifact)["data"]["commitArtifact"]["artifact"] == {"id": artifact, "digest": digest}
    assert "errors" not in logger.ask(COMMIT, id=artifact)


def test_a_manifest_with_another_digest_than_announced_is_refused(logger):
    artifact = logger.create("0" * 32)
    logger.put_manifest(artifact, listing({})[0])
    assert (
        "not 00000000000000000000000000000000 as announced" in logger.ask(COMMIT, id=artifact)["errors"][0]["message"]
    )


@pytest.mark.parametrize("size", [1, 100_000, 3_000_000])
def test_other_bytes_than_announced_are_refused(logger, size):
    artifact = logger.create("0" * 32)
    url = logger.offer(artifact, {"f": b"a" * size})[0]["uploadUrl"]
    refused = logger.http.put(url, content=b"b" * size)
    assert (refused.status_code, "MD5" in refused.text) == (422, True)
    assert logger.http.put(url, content=b"a" * size).status_code == 200


def test_made_up_urls_are_refused_for_good(logger):
    url = logger.offer(logger.create("0" * 32), {"f": b"a"})[0]["uploadUrl"]
    for wrong in (f"{url}x", url[:-1], url.replace("/upload/", "/upload/A"), "/artifacts/upload/-"):
        assert logger.http.put(wrong, content=b"a").status_code == 403
    token = url.rpartition("/")[2]
    assert logger.http.get(f"/artifacts/content/wandb_artifacts/{token}/f").status_code == 403


def test_bytes_of_another_team_are_neither_known_nor_read(logger):
    artifact = logger.create("0" * 32)
    logger.http.put(logger.offer(artifact, {"f": b"secret"})[0]["uploadUrl"], content=b"secret")
    logger.http.post("/api/3.0/mlflow/workspaces", json={"name": "others"})
    other = logger.create("0" * 32, entityName="others")
    assert logger.offer(other, {"f": b"secret"})[0]["uploadUrl"] is not None
    md5 = hashlib.md5(b"secret").hexdigest()
    auth = ("api", KEY)
    assert logger.http.get(f"/artifacts/default/{md5}", auth=auth).content == b"secret"
    assert logger.http.get(f"/artifacts/others/{md5}", auth=auth).status_code == 404
    assert logger.http.get(f"/artifactsV2/default/default/p/data/birth/{md5}/f", auth=auth).status_code == 404


def test_a_committed_file_is_read_in_ranges(logger):
    raw = bytes(range(256)) * 1000
    text, digest = listing({"f": raw})
    artifact = logger.create(digest)
    logger.http.put(logger.offer(artifact, {"f": raw})[0]["uploadUrl"], content=raw)
    logger.put_manifest(artifact, text)
    logger.ask(COMMIT, id=artifact)
    url = f"/artifactsV2/default/default/p/data/{artifact}/{artifact}/{hashlib.md5(raw).hexdigest()}/f"
    part = logger.http.get(url, headers={"Range": "bytes=1000-1999"}, auth=("api", KEY))
    assert (part.status_code, part.content) == (206, raw[1000:2000])
    files = (
        "query Q($id: ID!) { artifact(id: $id) { files { totalCount edges { node { directUrl md5 sizeBytes } } } } }"
    )
    node = logger.ask(files, id=artifact)["data"]["artifact"]["files"]["edges"][0]["node"]
    assert (node["md5"], node["sizeBytes"]) == (b64(raw), len(raw))
    assert logger.http.get(node["directUrl"], headers={"Range": "bytes=5-"}).content == raw[5:]


def test_a_request_that_was_sent_twice_makes_one_version(logger):
    assert logger.create("0" * 32, clientID="x") == logger.create("0" * 32, clientID="x")
