"""Networks that break and servers that die under the unmodified client: it tries again, and all is as if nothing was.

It waits two seconds before it does, and longer each time, whatever its settings say.
"""

import time
from contextlib import ExitStack

import httpx
import pytest

from podium.services.artifact_contents import UploadGrant
from podium.services.signed_urls import SignedUrls
from support.faulty_proxy import FaultyProxy, Handler, faulty_proxy
from support.ports import lasting_port
from support.process import ServerProcess

STREAM, PUT = "POST .*/file_stream", "PUT /artifacts/upload/"
NAMED = '{ project(name: "digits") { artifact(name: "data:latest") { state versionIndex } } }'


@pytest.fixture
def network(wandb_env, monkeypatch):
    """What the client reaches the server through."""
    with faulty_proxy(wandb_env) as proxy:
        monkeypatch.setenv("WANDB_BASE_URL", proxy.url)
        yield proxy


@pytest.fixture
def files(tmp_path):
    """The files of an artifact, large enough to be cut."""
    folder = tmp_path / "logged"
    folder.mkdir()
    for number in range(4):
        (folder / f"f{number}").write_bytes(bytes([number]) * 3_000_000)
    return folder


def begin(wandb):
    """A run that sends what it logs at once."""
    settings = wandb.Settings(x_file_stream_transmit_interval=0.05, x_disable_stats=True)
    return wandb.init(project="digits", id="r", settings=settings)


def log_files(wandb, run, files):
    artifact = wandb.Artifact("data", "dataset")
    artifact.add_dir(str(files), policy="immutable", skip_cache=True)
    return run.log_artifact(artifact)


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def check_artifact(wandb, files, folder):
    """There is one version of it, with all its bytes."""
    (version,) = wandb.Api().artifacts("dataset", "default/digits/data")
    assert (version.version, version.aliases) == ("v0", ["latest"])
    version.download(str(folder), skip_cache=True)
    assert contents(folder) == contents(files)


def test_connections_that_break_lose_and_double_nothing(network: FaultyProxy, wandb, client, files, tmp_path):
    network.plan += [
        (STREAM, Handler.cut),
        (STREAM, None),
        (STREAM, Handler.lose_answer),
        ("CreateArtifact$", Handler.lose_answer),
        ("CreateArtifactFiles", Handler.lose_answer),
        (PUT, Handler.cut),
        (PUT, Handler.lose_answer),
        ("CommitArtifact", Handler.lose_answer),
        ("PUT /files/uploads/.*/config.yaml", Handler.cut),
    ]
    with begin(wandb) as run:
        logged = log_files(wandb, run, files)
        for step in range(100):
            run.log({"loss": float(step)})
            time.sleep(0.01)
        logged.wait()
    assert network.plan == []
    (seen,) = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    history = client.get_metric_history(seen.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, float(step)) for step in range(100)]
    assert seen.info.status == "FINISHED"
    check_artifact(wandb, files, tmp_path / "down")
    assert wandb.Api().run("default/digits/r").file("config.yaml").size > 0
    assert list((tmp_path / "podium" / "blobs" / "tmp").iterdir()) == []


@pytest.fixture
def expired_urls(monkeypatch):
    """How many of the URLs for an artifact's uploads, from the next one on, have expired when the client uses them."""
    left, as_ever = [0], SignedUrls.sign

    def sign(self, grant, valid_ms=None):
        if left[0] and isinstance(grant, UploadGrant):
            left[0] -= 1
            valid_ms = -1
        return as_ever(self, grant, valid_ms)

    monkeypatch.setattr(SignedUrls, "sign", sign)
    return left


def test_an_upload_url_that_expired_is_asked_for_anew(network: FaultyProxy, wandb, files, tmp_path, expired_urls):
    """A client may have slept between asking and sending. It asks anew unless most of its uploads failed."""
    with begin(wandb) as run:
        expired_urls[0] = 1
        log_files(wandb, run, files).wait()
        assert sorted(network.statuses(PUT)) == [200, 200, 200, 200, 200, 403]
        check_artifact(wandb, files, tmp_path / "down")
        for file in files.iterdir():
            file.write_bytes(file.name.encode())
        expired_urls[0] = 4
        with pytest.raises(ValueError, match="most remaining uploads"):
            log_files(wandb, run, files).wait()
        assert network.statuses(PUT)[6:] == [403] * 4
        log_files(wandb, run, files).wait()
    assert wandb.Api().artifact("default/digits/data:latest").version == "v1"


def test_a_file_that_changes_after_it_was_hashed_is_refused_once(network: FaultyProxy, wandb, files):
    with begin(wandb) as run:
        artifact = wandb.Artifact("data", "dataset")
        artifact.add_file(str(files / "f1"), policy="immutable", skip_cache=True)
        (files / "f1").write_bytes(b"z" * 3_000_000)
        with pytest.raises(ValueError, match="most remaining uploads"):
            run.log_artifact(artifact).wait()
        assert network.statuses(PUT) == [422]
    assert not wandb.Api().artifact_exists("default/digits/data:latest")


@pytest.fixture
def mortal(wandb_env, tmp_path, monkeypatch):  # noqa: ARG001  it says the rest of the environment
    """As `wandb_env`, a server with a network before it, which the test kills and starts anew at the same place."""
    with Mortal(tmp_path / "own", tmp_path / "log", "--port", str(lasting_port())) as found:
        monkeypatch.setenv("WANDB_BASE_URL", found.network.url)
        yield found


class Mortal(ExitStack):
    def __init__(self, *options):
        super().__init__()
        self._options = options
        self.seen_between: list[object] = []  # by its name, of the artifact, after each restart
        self._server = ServerProcess(*options)
        self.callback(lambda: self._server.kill())  # noqa: PLW0108  the one that there is then
        self.network = self.enter_context(faulty_proxy(self._server.url))

    def die(self, handler: Handler, body: bytes) -> None:
        """The server dies in the middle of a request."""
        handler.cut(body)
        self._server.kill()
        self._server = ServerProcess(*self._options)
        answer = httpx.post(f"{self._server.url}/graphql", json={"query": NAMED}, auth=("api", "local-" + "0" * 40))
        self.seen_between.append(answer.json()["data"]["project"]["artifact"])


def test_a_server_killed_during_uploads_has_the_whole_artifact_in_the_end(mortal: Mortal, wandb, files, tmp_path):
    mortal.network.plan += [(PUT, None), (PUT, mortal.die), ("CommitArtifact", mortal.die)]
    with begin(wandb) as run:
        log_files(wandb, run, files).wait()
    assert mortal.seen_between == [None, None]
    check_artifact(wandb, files, tmp_path / "down")
