"""Rules of runs, on both databases."""

import asyncio
import json
from pathlib import Path

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.runs import Dataset, DatasetInput, ModelOutput, Point
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.datasets import Datasets
from podium.services.metrics import Metrics
from podium.services.projects import Projects
from podium.services.runs import Runs
from podium.store.engine import Store

ADA = Actor("ada")
NOW = 1_700_000_000_000


class Tracking:
    """The services under test, called without awaiting."""

    def __init__(self, store: Store, folder: Path):
        self.store = store
        context = Context(store=store, blobs=LocalBlobs(folder / "b"), clock=lambda: NOW)
        self.projects, self.runs = Projects(context), Runs(context)
        self.metrics, self.datasets = Metrics(context), Datasets(context)

    def new_run(self, *, project="0", name="", tags=None):
        made = self.runs.create(ADA, project, name=name, user_id="ada", start_time=NOW, tags=tags or {})
        return asyncio.run(made).info.run_id

    def get(self, run_id):
        return asyncio.run(self.runs.get(ADA, run_id))

    def batch(self, run_id, **given):
        asyncio.run(self.metrics.log_batch(ADA, run_id, **given))

    def history(self, run_id, key, limit=None, token=None):
        return asyncio.run(self.metrics.history(ADA, run_id, key, limit=limit, page_token=token))

    def actions(self):
        rows = asyncio.run(self.store.read(lambda tx: tx.all("SELECT entity, action FROM events ORDER BY seq")))
        return [tuple(row) for row in rows]


@pytest.fixture
def tracking(store: Store, tmp_path: Path) -> Tracking:
    return Tracking(store, tmp_path)


def test_a_run_without_a_name_gets_one_in_three_parts_and_its_tag(tracking):
    run = tracking.get(tracking.new_run())
    assert len(run.info.name.split("-")) == 3
    assert run.tags == {"mlflow.runName": run.info.name}
    assert (run.info.status, run.info.start_time, run.info.end_time) == ("RUNNING", NOW, None)
    assert run.info.artifact_uri == f"mlflow-artifacts:/0/{run.info.run_id}/artifacts"


def test_name_and_name_tag_are_one(tracking):
    run = tracking.new_run(tags={"mlflow.runName": "by tag"})
    assert tracking.get(run).info.name == "by tag"
    asyncio.run(tracking.runs.update(ADA, run, status=None, end_time=None, name="by update"))
    assert tracking.get(run).tags["mlflow.runName"] == "by update"
    asyncio.run(tracking.runs.set_tag(ADA, run, "mlflow.runName", "by set-tag"))
    assert tracking.get(run).info.name == "by set-tag"
    tracking.batch(run, tags=[("mlflow.runName", "by batch")])
    assert (tracking.get(run).info.name, tracking.get(run).tags["mlflow.runName"]) == ("by batch", "by batch")
    with pytest.raises(InvalidArgument, match="different values"):
        tracking.new_run(name="a", tags={"mlflow.runName": "b"})


def test_an_update_leaves_what_it_does_not_name(tracking):
    run = tracking.new_run(name="kept")
    row = asyncio.run(tracking.runs.update(ADA, run, status="FINISHED", end_time=NOW + 5, name=None))
    assert (row.name, row.status, row.end_time) == ("kept", "FINISHED", NOW + 5)
    row = asyncio.run(tracking.runs.update(ADA, run, status=None, end_time=None, name=""))
    assert (row.name, row.status, row.end_time) == ("kept", "FINISHED", NOW + 5)


def test_a_deleted_run_is_read_but_not_written_until_it_is_restored(tracking):
    run = tracking.new_run()
    tracking.batch(run, points=[Point("loss", 1.0, 1)])
    asyncio.run(tracking.runs.delete(ADA, run))
    asyncio.run(tracking.runs.delete(ADA, run))
    assert tracking.get(run).info.lifecycle == "deleted"
    assert len(tracking.history(run, "loss").points) == 1
    writes = [
        tracking.metrics.log(ADA, run, Point("loss", 1.0, 1)),
        tracking.metrics.log_batch(ADA, run, params=[("a", "1")]),
        tracking.runs.log_param(ADA, run, "a", "1"),
        tracking.runs.set_tag(ADA, run, "a", "1"),
        tracking.runs.delete_tag(ADA, run, "mlflow.runName"),
        tracking.runs.update(ADA, run, status="FAILED", end_time=None, name=None),
        tracking.datasets.log_inputs(ADA, run, [], ["m-1"]),
        tracking.datasets.log_outputs(ADA, run, [ModelOutput("m-1", 0)]),
    ]
    for write in writes:
        with pytest.raises(InvalidArgument, match=r"must be in the 'active' state\. Current state is deleted"):
            asyncio.run(write)
    asyncio.run(tracking.runs.restore(ADA, run))
    tracking.batch(run, params=[("a", "1")])
    assert tracking.actions() == [("run", "delete"), ("run", "restore")]


def test_a_run_needs_an_active_project_that_is_there(tracking):
    with pytest.raises(NotFound):
        tracking.new_run(project="77")
    project = str(asyncio.run(tracking.projects.create(ADA, "p", None, {})))
    asyncio.run(tracking.projects.delete(ADA, project))
    with pytest.raises(InvalidArgument, match="must be in the 'active' state"):
        tracking.new_run(project=project)


def test_a_run_of_another_team_is_not_there(tracking):
    run = tracking.new_run()
    asyncio.run(
        tracking.store.write(
            lambda tx: tx.run("INSERT INTO teams (name, created_at, updated_at) VALUES ('other', 0, 0)")
        )
    )
    stranger = Actor("eve", "other")
    for call in (
        tracking.runs.get(stranger, run),
        tracking.metrics.log(stranger, run, Point("a", 1.0, 1)),
        tracking.metrics.history(stranger, run, "a", limit=None, page_token=None),
    ):
        with pytest.raises(NotFound, match=f"Run with id={run} not found"):
            asyncio.run(call)
    assert asyncio.run(tracking.metrics.histories(stranger, [run], "a", 10)) == []


def test_params_are_written_once(tracking):
    run = tracking.new_run()
    asyncio.run(tracking.runs.log_param(ADA, run, "lr", "0.1"))
    asyncio.run(tracking.runs.log_param(ADA, run, "lr", "0.1"))
    with pytest.raises(InvalidArgument, match=r"Param with key='lr' was already logged with value='0\.1'"):
        asyncio.run(tracking.runs.log_param(ADA, run, "lr", "0.2"))
    with pytest.raises(InvalidArgument, match="Params were already logged="):
        tracking.batch(run, params=[("new", "1"), ("lr", "0.2")], points=[Point("loss", 1.0, 1)])
    found = tracking.get(run)
    assert (found.params, found.metrics) == ({"lr": "0.1"}, [])
    with pytest.raises(InvalidArgument, match=r"Duplicate parameter keys have been submitted: \['a'\]"):
        tracking.batch(run, params=[("a", "1"), ("a", "1")])


def test_long_values_are_cut_off_and_long_keys_refused(tracking):
    run = tracking.new_run()
    tracking.batch(run, params=[("p", "x" * 7000)], tags=[("t", "x" * 9000)])
    found = tracking.get(run)
    assert (len(found.params["p"]), len(found.tags["t"])) == (6000, 8000)
    for given in ({"params": [("k" * 251, "")]}, {"tags": [("k" * 251, "")]}, {"points": [Point("k" * 251, 1.0, 1)]}):
        with pytest.raises(InvalidArgument, match="exceeds the maximum length of 250 characters"):
            tracking.batch(run, **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"points": [Point("a", 1.0, 1)] * 1001}, "at most 1000 metrics"),
        ({"params": [(f"p{i}", "") for i in range(101)]}, "at most 100 params"),
        ({"tags": [(f"t{i}", "") for i in range(101)]}, "at most 100 tags"),
        ({"points": [Point("a", 1.0, 1)] * 1000, "tags": [("t", "")]}, "at most 1000 metrics, params, and tags"),
        ({"points": [Point("a", 1.0, 1), Point("../b", 1.0, 1)]}, r"parameter 'metrics\[1\].name' supplied"),
        ({"points": [Point("a", 1.0, -1)]}, r"Invalid value -1 for parameter 'metrics\[0\].timestamp' supplied"),
        ({"tags": [("a//b", "")]}, r"parameter 'tags\[0\].key' supplied"),
        ({"params": [("a", "nul\x00")]}, "NUL"),
    ],
)
def test_batches_that_are_refused(tracking, given, message):
    run = tracking.new_run()
    with pytest.raises(InvalidArgument, match=message):
        tracking.batch(run, **given)


def test_a_tag_that_is_not_there_cannot_be_deleted(tracking):
    run = tracking.new_run()
    asyncio.run(tracking.runs.set_tag(ADA, run, "a", ""))
    assert tracking.get(run).tags["a"] == ""
    asyncio.run(tracking.runs.delete_tag(ADA, run, "a"))
    with pytest.raises(NotFound, match=f"No tag with name: a in run with id {run}"):
        asyncio.run(tracking.runs.delete_tag(ADA, run, "a"))


def test_logged_models_are_kept_in_a_tag_without_their_configuration(tracking):
    run = tracking.new_run()
    model = {"run_id": run, "artifact_path": "m", "utc_time_created": "now", "flavors": {"f": {"v": 1, "config": 2}}}
    for _ in range(2):  # a retry adds nothing
        asyncio.run(tracking.runs.log_model(ADA, run, json.dumps({**model, "signature": "not kept"})))
    assert json.loads(tracking.get(run).tags["mlflow.log-model.history"]) == [{**model, "flavors": {"f": {"v": 1}}}]
    for broken, message in (("{", "not a valid JSON"), ("[]", "not a JSON object"), ("{}", "missing mandatory fields")):
        with pytest.raises(InvalidArgument, match=message):
            asyncio.run(tracking.runs.log_model(ADA, run, broken))


def test_inputs_and_outputs_are_noted_once(tracking):
    run = tracking.new_run()
    data = Dataset("iris", "abc", "local", "/data", schema="s")
    first = DatasetInput(data, {"mlflow.data.context": "training"})
    again = DatasetInput(data, {"mlflow.data.context": "other"})
    for given in (first, again):
        asyncio.run(tracking.datasets.log_inputs(ADA, run, [given, given], ["m-1"]))
    for step in (1, 2):
        asyncio.run(tracking.datasets.log_outputs(ADA, run, [ModelOutput("m-2", step)]))
    found = tracking.get(run)
    assert (found.datasets, found.model_inputs, found.model_outputs) == ([first], ["m-1"], [ModelOutput("m-2", 2)])
    (summary,) = asyncio.run(tracking.datasets.search(ADA, ["0", "77", "no id"]))
    assert (summary.project_id, summary.name, summary.context) == (0, "iris", "training")


@pytest.mark.parametrize("field", ["name", "digest", "source"])
def test_datasets_have_limits(tracking, field):
    fields = {"name": "n", "digest": "d", "source_type": "t", "source": "s", field: "x" * 70_000}
    with pytest.raises(InvalidArgument, match=f"'{field}' exceeds the maximum length"):
        asyncio.run(tracking.datasets.log_inputs(ADA, tracking.new_run(), [DatasetInput(Dataset(**fields), {})], []))
