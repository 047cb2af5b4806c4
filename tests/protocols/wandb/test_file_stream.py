"""What clients send while they run, and the files that they put: as raw HTTP, which can be wrong and come twice."""

import json
import time
from pathlib import Path

import httpx
import pytest

from podium.services import signed_urls
from support.ports import lasting_port
from support.process import ServerProcess, server_process

KEY = ("api", "local-" + "0" * 40)
UPSERT = """
mutation Upsert($name: String, $id: String, $host: String, $config: JSONString) {
  upsertBucket(input: {name: $name, id: $id, modelName: "digits", host: $host, config: $config}) {
    bucket { id name historyLineCount } inserted
  }
}"""
FILES = """
mutation Files($files: [String!]!, $run: String!) {
  createRunFiles(input: {entityName: "default", projectName: "digits", runName: $run, files: $files}) {
    runID uploadHeaders files { name uploadUrl }
  }
}"""


class Raw:
    """Requests as the client sends them."""

    def __init__(self, url):
        self.http = httpx.Client(base_url=url, timeout=30)

    def query(self, document, **variables):
        answer = self.http.post("/graphql", auth=KEY, json={"query": document, "variables": variables})
        assert answer.status_code == 200
        return answer.json()

    def begin(self, name, **more):
        return self.query(UPSERT, name=name, host="h", **more)["data"]["upsertBucket"]

    def stream(self, body, run="r", headers=None):
        return self.http.post(f"/files/default/digits/{run}/file_stream", auth=KEY, content=body, headers=headers)

    def history(self, offset, *lines, **more):
        content = {"files": {"wandb-history.jsonl": {"offset": offset, "content": list(lines)}}, **more}
        return self.stream(json.dumps(content))


@pytest.fixture
def raw(server_url):
    sender = Raw(server_url)
    yield sender
    sender.http.close()


def points(client, name):
    """(step, value) of a metric of the only run there is."""
    (run,) = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, name)]


def test_a_writer_has_a_name_that_can_be_stored(raw):
    raw.begin("r")
    body = json.dumps({"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step": 0}']}}})
    statuses = [raw.stream(body, headers={"x-wandb-async-client-id": "w" * length}) for length in (256, 257, 8000)]
    assert [answer.status_code for answer in statuses] == [200, 400, 400]
    assert "x-wandb-async-client-id" in statuses[1].text


def test_a_chunk_that_is_sent_again_is_kept_once(raw, client):
    assert raw.begin("r")["inserted"]
    for _ in range(2):
        answer = raw.history(0, '{"_step":0,"a":1}', '{"_step":1,"a":2}')
        assert (answer.status_code, answer.json()) == (200, {"stopped": False})
    assert raw.stream("{}").status_code == 200
    assert points(client, "a") == [(0, 1.0), (1, 2.0)]
    goes_on = raw.query(UPSERT, name="r", config='{"lr": {"value": 1}}')["data"]["upsertBucket"]
    assert (goes_on["inserted"], goes_on["bucket"]["historyLineCount"]) == (False, 2)
    assert raw.begin("r")["bucket"]["historyLineCount"] == 0


def test_what_can_never_be_taken_is_refused_with_a_status_that_is_not_tried_again(raw):
    assert raw.stream("{}", run="none").status_code == 404
    raw.begin("r")
    assert raw.stream("[]").status_code == 400
    refused = raw.history(0, "no json")
    assert (refused.status_code, "no JSON" in refused.json()["errors"][0]["message"]) == (400, True)
    refused = raw.query(UPSERT, name="r", config="[]")
    assert "a JSON object is expected" in refused["errors"][0]["message"]
    assert "a run's id" in raw.query(UPSERT, name="a/b", host="h")["errors"][0]["message"]
    assert "no id of a Run" in raw.query(UPSERT, id="x")["errors"][0]["message"]
    assert "There is no run" in raw.query(FILES, run="none", files=["a"])["errors"][0]["message"]
    assert raw.query(FILES, run="r", files=["../a"])["errors"]


def test_a_file_is_put_by_whoever_has_the_url_until_it_expires(raw, client, monkeypatch, tmp_path):
    raw.begin("r")
    created = raw.query(FILES, run="r", files=["media/ä b.txt", "empty"])["data"]["createRunFiles"]
    assert created["runID"]
    urls = {file["name"]: file["uploadUrl"] for file in created["files"]}
    assert httpx.put(urls["media/ä b.txt"], content=b"bytes").status_code == 200
    assert httpx.put(urls["empty"]).status_code == 200
    (run,) = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    assert Path(client.download_artifacts(run.info.run_id, "media/ä b.txt", str(tmp_path))).read_bytes() == b"bytes"
    forged = urls["empty"].replace("/uploads/", "/uploads/x")
    assert httpx.put(forged, content=b"x").status_code == 403
    monkeypatch.setattr(signed_urls, "VALID_MS", -1)
    expired = raw.query(FILES, run="r", files=["late"])["data"]["createRunFiles"]["files"][0]["uploadUrl"]
    answer = httpx.put(expired, content=b"x")
    assert (answer.status_code, "has expired" in answer.text) == (403, True)


def read_run(server):
    """The only run of the project, and the points of its loss."""
    with server.http() as http:
        found = http.get("/mlflow/experiments/get-by-name", params={"experiment_name": "digits"}).json()
        body = {"experiment_ids": [found["experiment"]["experiment_id"]]}
        (seen,) = http.post("/mlflow/runs/search", json=body).json()["runs"]
        asked = {"run_id": seen["info"]["run_id"], "metric_key": "loss"}
        return seen, http.get("/mlflow/metrics/get-history", params=asked).json()["metrics"]


@pytest.mark.usefixtures("wandb_env")
def test_a_history_is_exact_after_the_server_was_killed_while_a_script_logged(tmp_path, monkeypatch):
    import wandb

    options = (tmp_path / "own", tmp_path / "log", "--port", str(lasting_port()))
    with server_process(*options) as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.url)
        settings = wandb.Settings(
            x_file_stream_transmit_interval=0.05, x_file_stream_retry_wait_min_seconds=0.2, x_disable_stats=True
        )
        run = wandb.init(project="digits", id="r", settings=settings)
        for step in range(150):
            run.log({"loss": float(step)})
            time.sleep(0.01)
            if step == 50:
                server.kill()
            if step == 100:
                server = ServerProcess(*options)  # noqa: PLW2901  the same place, the same address
        run.finish()
        wandb.teardown()
        try:
            seen, history = read_run(server)
        finally:
            server.kill()
    assert seen["info"]["status"] == "FINISHED"
    assert [(point["step"], point["value"]) for point in history] == [(step, float(step)) for step in range(150)]
