"""`/graphql` as the pages of MLflow 3.17 ask it: one POST with a query, errors as a list of messages."""

import math
import subprocess
import sys

import httpx
import pytest

RUN = """
query Run($id: String!) @component(name: "Page") {
  mlflowGetRun(input: {runId: $id}) {
    run {
      info { runId status experimentId startTime endTime }
      experiment { name tags { key value } }
      modelVersions { name version aliases status }
      data { metrics { key value timestamp step } params { key value } tags { key } }
      inputs { datasetInputs { dataset { name } tags { value } } }
    }
    apiError { message }
  }
}
"""


def ask(http: httpx.Client, query: str, **variables):
    answer = http.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def run_id(client) -> str:
    """A finished run with a metric, a NaN, a param, a file and a registered version."""
    run = client.create_run(client.create_experiment("pages", tags={"a": "b"}))
    run_id = run.info.run_id
    client.log_metric(run_id, "loss", 0.5, timestamp=2**40, step=2**33)
    client.log_metric(run_id, "bad", math.nan)
    client.log_metric(run_id, "big", math.inf)
    client.log_param(run_id, "depth", "3")
    client.log_text(run_id, "hello", "notes/a.txt")
    client.set_terminated(run_id)
    client.create_registered_model("M")
    client.create_model_version("M", f"runs:/{run_id}/notes", run_id)
    client.set_registered_model_alias("M", "best", "1")
    return run_id


def test_a_run_comes_with_its_experiment_and_versions(http, run_id):
    answer = ask(http, RUN, id=run_id)
    assert answer["errors"] is None
    assert answer["data"]["mlflowGetRun"]["apiError"] is None
    run = answer["data"]["mlflowGetRun"]["run"]
    assert (run["info"]["runId"], run["info"]["status"]) == (run_id, "FINISHED")
    assert run["experiment"] == {"name": "pages", "tags": [{"key": "a", "value": "b"}]}
    assert run["modelVersions"] == [{"name": "M", "version": "1", "aliases": ["best"], "status": "READY"}]
    metrics = {metric["key"]: metric for metric in run["data"]["metrics"]}
    assert metrics["loss"] == {"key": "loss", "value": 0.5, "timestamp": str(2**40), "step": str(2**33)}
    assert (metrics["bad"]["value"], metrics["big"]["value"]) == (None, None)
    assert run["data"]["params"] == [{"key": "depth", "value": "3"}]
    assert run["inputs"] == {"datasetInputs": []}


def test_runs_of_a_search_share_what_is_read_for_them(http, client, run_id):
    experiment_id = client.get_run(run_id).info.experiment_id
    other = client.create_run(experiment_id).info.run_id
    search = """mutation Search($ids: [String]) {
      mlflowSearchRuns(input: {experimentIds: $ids, runViewType: ALL, maxResults: 5}) {
        runs { info { runId endTime } experiment { name } modelVersions { version } }
        nextPageToken
      }
    }"""
    found = ask(http, search, ids=[experiment_id])["data"]["mlflowSearchRuns"]
    by_id = {run["info"]["runId"]: run for run in found["runs"]}
    assert by_id[run_id]["modelVersions"] == [{"version": "1"}]
    assert by_id[other]["modelVersions"] == []
    assert by_id[other]["info"]["endTime"] == "0"
    assert {run["experiment"]["name"] for run in found["runs"]} == {"pages"}
    assert found["nextPageToken"] == ""


def test_files_metrics_and_versions(http, run_id):
    answer = ask(
        http,
        """query Parts($run: String!, $most: LongString) {
          root: mlflowListArtifacts(input: {runId: $run}) { files { path isDir fileSize } }
          inner: mlflowListArtifacts(input: {runId: $run, path: "notes"}) { files { path isDir fileSize } }
          mlflowGetMetricHistoryBulkInterval(input: {runIds: [$run], metricKey: "bad"}) { metrics { value runId } }
          mlflowSearchModelVersions(input: {filter: "name = 'M'", maxResults: $most}) { modelVersions { version } }
          ...More
        }
        fragment More on Query { test(inputString: "abc") { output } }""",
        run=run_id,
        most=5,
    )
    assert answer["errors"] is None
    data = answer["data"]
    assert data["root"]["files"] == [{"path": "notes", "isDir": True, "fileSize": "0"}]
    assert data["inner"]["files"] == [{"path": "notes/a.txt", "isDir": False, "fileSize": "5"}]
    assert data["mlflowGetMetricHistoryBulkInterval"]["metrics"] == [{"value": None, "runId": run_id}]
    assert data["mlflowSearchModelVersions"]["modelVersions"] == [{"version": "1"}]
    assert data["test"] == {"output": "abc"}


def test_a_query_by_get(http, run_id):
    answer = http.get("/graphql", params={"query": RUN, "variables": f'{{"id": "{run_id}"}}', "operationName": "Run"})
    assert answer.json()["data"]["mlflowGetRun"]["run"]["info"]["runId"] == run_id
    refused = http.get("/graphql", params={"query": RUN, "variables": "{"})
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_errors_are_messages_beside_the_data(http):
    answer = ask(http, RUN, id="0" * 32)
    assert answer["data"] == {"mlflowGetRun": None}
    assert answer["errors"] == [f"Run with id={'0' * 32} not found"]
    assert "Missing value for required parameter 'experiment_id'" in str(
        ask(http, "{ mlflowGetExperiment { experiment { name } } }")["errors"]
    )
    other = http.post("/graphql", json={"query": RUN, "variables": {"id": "x"}}, headers={"x-mlflow-workspace": "none"})
    assert "Workspace 'none' not found" in str(other.json()["errors"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ test(", "Syntax Error"),
        ("{ nothing }", "Cannot query field 'nothing'"),
        ("{ " + " ".join(f'k{n}: test(inputString: "a") {{ output }}' for n in range(11)) + " }", "at most 10 root"),
        ("{ test { " + " ".join(f"k{n}: output" for n in range(11)) + " } }", "at most 10 aliases"),
        ("{ test { ...F } } fragment F on Test { " + " ".join(f"k{n}: output" for n in range(11)) + " }", "aliases"),
        ("{ a " * 11 + "}" * 11, "maximum depth of 10"),
        ("{ a " * 5_000 + "}" * 5_000, ""),
        ("{ test { " + "output " * 1_001 + "} }", "maximum total selections of 1000"),
        ("{ test { ...F } } fragment F on Test { output ...F }", "Cannot spread fragment 'F' within itself"),
        ("{ test { " + "output " * 90_000 + "} }", "maximum length"),
        ("query Q($n: LongString) { mlflowSearchModelVersions(input: {maxResults: $n}) { nextPageToken } }", "no Long"),
    ],
)
def test_what_is_too_large_or_wrong_is_refused(http, query: str, message: str):
    [error] = ask(http, query, n="ten")["errors"]
    assert message in error


def test_the_library_is_not_loaded_at_the_start():
    code = "import sys, podium.app; sys.exit('graphql' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
