"""Files of 2 GiB and more, which the client uploads and downloads in parts: small ones here, sent as it sends those.

Where its Go program decides to send parts is compiled into it; what it asks and sends is written here as it does, and
downloads, which are Python, are its own.
"""

import base64
import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from podium.services import artifact_parts
from podium.services.links import FileGrant
from podium.services.signed_urls import SignedUrls
from support.faulty_proxy import Handler, faulty_proxy
from support.server import running_server

AUTH = ("api", "local-" + "0" * 40)
CHUNK = 300_000
RAW = os.urandom(3 * CHUNK + 17)
PARTS = [RAW[at : at + CHUNK] for at in range(0, len(RAW), CHUNK)]

CREATE = """mutation CreateArtifact ($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact {
  id state artifactSequence { id latestArtifact { id versionIndex } } } } }"""
FILES = """mutation CreateArtifactFiles ($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) {
  files { edges { node { storagePath uploadUrl uploadHeaders uploadMultipartUrls { uploadID uploadUrlParts {
    partNumber uploadUrl } } artifact { id } } } } } }"""
COMPLETE = """mutation CompleteMultipartUploadArtifact ($completeMultipartAction: CompleteMultipartAction!,
  $completedParts: [UploadPartsInput!]!, $artifactID: ID!, $storagePath: String!, $uploadID: String!) {
  completeMultipartUploadArtifact(input: {completeMultipartAction: $completeMultipartAction,
    completedParts: $completedParts, artifactID: $artifactID, storagePath: $storagePath, uploadID: $uploadID}) {
    digest } }"""
MANIFEST = """mutation CreateArtifactManifest ($artifactID: ID!, $digest: String!) { createArtifactManifest(input: {
  artifactID: $artifactID, name: "wandb_manifest.json", digest: $digest, entityName: "default", projectName: "p",
  runName: "r", type: FULL}) { artifactManifest { id file { id uploadUrl uploadHeaders } } } }"""
COMMIT = "mutation CommitArtifact ($id: ID!) { commitArtifact(input: {artifactID: $id}) { artifact { id digest } } }"


@pytest.fixture(params=["local", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def server_url(kind, request, tmp_path, monkeypatch):
    """In place of the server that keeps its files in a folder: one each in a folder and in an object store."""
    monkeypatch.setattr(artifact_parts, "MAX_WHOLE", 0)
    more = {} if kind == "local" else {"artifact_store": request.getfixturevalue("s3").new_store()}
    with running_server(tmp_path / "podium", **more) as url:
        yield url


def b64(raw: bytes) -> str:
    return base64.b64encode(hashlib.md5(raw).digest()).decode()


def announced(parts: list[bytes]) -> list[dict[str, Any]]:
    return [{"partNumber": number, "hexMD5": hashlib.md5(part).hexdigest()} for number, part in enumerate(parts, 1)]


class Saver:
    """What `core/pkg/artifacts/saver.go` does for an artifact with one large file."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60)
        lines = f"wandb-artifact-manifest-v1\nbig.bin:{b64(RAW)}\n"
        self.digest = hashlib.md5(lines.encode()).hexdigest()
        self.artifact = ""

    def ask(self, query: str, **variables: Any) -> Any:
        asked = {"query": query, "variables": variables, "operationName": query.split()[1]}
        answer = self.http.post("/graphql", json=asked, auth=AUTH)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def begin(self) -> dict[str, Any]:
        """The version begun; what the server says of its file."""
        given = {"entityName": "default", "projectName": "p", "artifactTypeName": "dataset"}
        more = {"artifactCollectionName": "data", "digest": self.digest, "digestAlgorithm": "MANIFEST_MD5"}
        made = self.ask(CREATE, input={**given, **more, "aliases": []})["data"]["createArtifact"]["artifact"]
        self.artifact = made["id"]
        spec = {"artifactID": self.artifact, "name": "big.bin", "md5": b64(RAW), "uploadPartsInput": announced(PARTS)}
        answer = self.ask(FILES, input={"artifactFiles": [spec], "storageLayout": "V2"})
        return answer["data"]["createArtifactFiles"]["files"]["edges"][0]["node"]

    def put(self, url: str, part: bytes, md5: str = "") -> httpx.Response:
        headers = {"Content-Md5": md5 or b64(part), "Content-Type": "application/octet-stream"}
        return self.http.put(url, content=part, headers=headers)  # without credentials

    def complete(self, node: dict[str, Any], etags: list[str]) -> Any:
        return self.ask(
            COMPLETE,
            completeMultipartAction="Complete",
            completedParts=[{"partNumber": number, "hexMD5": etag} for number, etag in enumerate(etags, 1)],
            artifactID=node["artifact"]["id"],
            storagePath=node["storagePath"],
            uploadID=node["uploadMultipartUrls"]["uploadID"],
        )

    def commit(self) -> Any:
        contents = {"big.bin": {"digest": b64(RAW), "size": len(RAW), "birthArtifactID": self.artifact}}
        policy = {"storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {"storageLayout": "V2"}}
        text = json.dumps({"version": 1, **policy, "contents": contents}).encode()
        answer = self.ask(MANIFEST, artifactID=self.artifact, digest=b64(text))
        file = answer["data"]["createArtifactManifest"]["artifactManifest"]["file"]
        assert self.http.put(file["uploadUrl"], content=text).status_code == 200
        return self.ask(COMMIT, id=self.artifact)

    def save(self) -> None:
        """All of it, as it goes when nothing fails."""
        node = self.begin()
        urls = [each["uploadUrl"] for each in node["uploadMultipartUrls"]["uploadUrlParts"]]
        etags = [self.put(url, part).headers["ETag"] for url, part in zip(urls, PARTS, strict=True)]
        assert "errors" not in self.complete(node, etags)
        assert "errors" not in self.commit()


@pytest.fixture
def saver(server_url):
    made = Saver(server_url)
    yield made
    made.http.close()


def test_parts_go_where_they_are_kept_and_are_checked(saver, kind, s3, server_url):
    node = saver.begin()
    parts = node["uploadMultipartUrls"]["uploadUrlParts"]
    assert [part["partNumber"] for part in parts] == [1, 2, 3, 4]
    assert node["uploadUrl"].startswith(f"{server_url}/artifacts/upload/")
    assert {urlsplit(part["uploadUrl"]).netloc for part in parts} == {
        urlsplit(server_url if kind == "local" else s3.url).netloc
    }
    urls = [part["uploadUrl"] for part in parts]
    broken = saver.put(urls[0], b"broken on the way", b64(PARTS[0]))
    if kind == "local":
        assert broken.status_code == 422
    else:  # which S3 refuses, too, but not the one of these tests
        etag = broken.headers["ETag"]
        [error] = saver.complete(node, [etag])["errors"]
        assert "MD5" in error["message"]
    etags = [saver.put(url, part).headers["ETag"] for url, part in zip(urls, PARTS, strict=True)]
    assert saver.put(urls[2], PARTS[2]).headers["ETag"] == etags[2]  # its answer was lost
    [error] = saver.complete(node, [*etags[:3], '"' + "0" * 64 + '"'])["errors"]
    assert "Part 4 was not received" in error["message"]
    [error] = saver.complete(node, [etags[1]])["errors"]
    assert "Part 1 was not received" in error["message"]
    [error] = saver.complete(node, etags[:3])["errors"]
    assert "MD5" in error["message"]
    [error] = saver.commit()["errors"]
    assert "never uploaded: 'big.bin'" in error["message"]
    for _ in range(2):
        assert "errors" not in saver.complete(node, etags)
    assert saver.ask(COMMIT, id=saver.artifact)["data"]["commitArtifact"]["artifact"]["digest"] == saver.digest
    assert saver.begin()["uploadUrl"] is None


@pytest.mark.parametrize("kind", ["local"], indirect=True)
@pytest.mark.parametrize("fault", [Handler.cut, Handler.lose_answer])
def test_a_part_that_breaks_off_is_sent_again_alone(server_url, fault, tmp_path):
    with faulty_proxy(server_url) as network:
        saver = Saver(network.url)
        node = saver.begin()
        urls = [each["uploadUrl"] for each in node["uploadMultipartUrls"]["uploadUrlParts"]]
        etags = [saver.put(url, part).headers["ETag"] for url, part in zip(urls[:-1], PARTS[:-1], strict=True)]
        network.plan += [("PUT /artifacts/parts/", fault), ("CompleteMultipartUploadArtifact", Handler.lose_answer)]
        with pytest.raises(httpx.TransportError):
            saver.put(urls[-1], PARTS[-1])
        etags.append(saver.put(urls[-1], PARTS[-1]).headers["ETag"])
        with pytest.raises(httpx.TransportError):
            saver.complete(node, etags)
        assert "errors" not in saver.complete(node, etags)
        assert "errors" not in saver.commit()
        saver.http.close()
    folder = tmp_path / "podium" / "blobs"
    assert [path.stat().st_size for path in (folder / "sha256").rglob("*") if path.is_file()] == [len(RAW)]
    assert [*(folder / "uploads").iterdir(), *(folder / "tmp").iterdir()] == []


def test_what_a_client_may_not_announce_is_refused_for_good(saver):
    given = {"entityName": "default", "projectName": "p", "artifactTypeName": "t", "artifactCollectionName": "d"}
    made = saver.ask(CREATE, input={**given, "digest": "0" * 32})["data"]["createArtifact"]["artifact"]
    for parts, told in (
        ([{"partNumber": 2, "hexMD5": "0" * 32}], "in order"),
        ([{"partNumber": 1, "hexMD5": ""}], "MD5"),
    ):
        spec = {"artifactID": made["id"], "name": "big.bin", "md5": b64(RAW), "uploadPartsInput": parts}
        [error] = saver.ask(FILES, input={"artifactFiles": [spec], "storageLayout": "V2"})["errors"]
        assert told in error["message"]


@pytest.fixture
def small_ranges(monkeypatch):
    """The client downloads in parts of a size that these files have several of."""
    from wandb.sdk.artifacts.storage_policies import wandb_storage_policy as policy

    smaller = functools.partial(policy.multipart_download, part_size=CHUNK)
    monkeypatch.setattr(policy, "multipart_download", smaller)


@pytest.fixture
def expiring(monkeypatch):
    """How many of the URLs to read from, from the next one on, have expired when the client uses them."""
    left, as_ever = [0], SignedUrls.sign

    def sign(self, grant, valid_ms=None):
        if left[0] and isinstance(grant, FileGrant):
            left[0] -= 1
            valid_ms = -1
        return as_ever(self, grant, valid_ms)

    monkeypatch.setattr(SignedUrls, "sign", sign)
    return left


@pytest.mark.usefixtures("small_ranges")
def test_a_large_file_is_downloaded_in_ranges_at_once(saver, wandb, wandb_env, monkeypatch, tmp_path, expiring):
    saver.save()
    with faulty_proxy(wandb_env) as network:
        monkeypatch.setenv("WANDB_BASE_URL", network.url)
        for number, expired in enumerate((0, 1)):
            artifact = wandb.Api().artifact("default/p/data:v0")
            artifact.manifest  # noqa: B018  which is read by such a URL, too
            expiring[0] = expired
            folder = tmp_path / str(number)
            artifact.download(str(folder), skip_cache=True, multipart=True)
            assert (folder / "big.bin").read_bytes() == RAW
            statuses = network.statuses("GET /artifacts/content/wandb_artifacts/")
            network.seen.clear()
            assert statuses.count(206) == len(PARTS)
            assert set(statuses) == {206, 403} if expired else {206}
        entry = wandb.Api().artifact("default/p/data:v0").get_entry("big.bin")
        assert Path(entry.download(str(tmp_path / "one"), skip_cache=True)).read_bytes() == RAW
