"""Runs of the unmodified client: begun, logged to, resumed, forked, shared, edited; and what MLflow's client sees."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = "digits"


@pytest.fixture
def history(client):
    """The (step, value) points of a metric of a W&B run, as MLflow reads them."""

    def read(slug, name="loss"):
        key = mlflow_run(client, slug).info.run_id
        return [(point.step, point.value) for point in client.get_metric_history(key, name)]

    return read


def mlflow_run(client, slug):
    """The run that W&B knows by this id, as MLflow sees it: its files tell which it is."""
    project = client.get_experiment_by_name(PROJECT)
    (run,) = client.search_runs([project.experiment_id], f"tags.slug = '{slug}'")
    return run


def begin(wandb, slug, **more):
    """A run that notes its id among its tags."""
    return wandb.init(project=PROJECT, id=slug, **more)


def mark(client, *slugs):
    """Tag runs with their ids, in the order in which they were begun."""
    project = client.get_experiment_by_name(PROJECT)
    found = client.search_runs([project.experiment_id], order_by=["start_time ASC"])
    for run, slug in zip(found, slugs, strict=True):
        client.set_tag(run.info.run_id, "slug", slug)


def environment():
    """For a process that is to have a background process of its own."""
    return {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}


def test_mlflow_sees_what_a_script_logs(wandb, client, history, tmp_path):
    config = {"lr": 0.1, "net": {"depth": 3}, "layers": [1, 2]}
    run = begin(wandb, "a", config=config, tags=["first"], notes="n", group="g", job_type="train", name="nice")
    for step in range(3):
        run.log({"loss": 1 / (step + 1), "acc": {"top1": step}})
    run.log({"loss": math.nan})
    run.summary["best"] = 0.5
    run.config["late"] = True
    (tmp_path / "notes.txt").write_text("kept")
    run.save(str(tmp_path / "notes.txt"), base_path=str(tmp_path))
    run.finish()

    mark(client, "a")
    seen = mlflow_run(client, "a")
    assert (seen.info.run_name, seen.info.status) == ("nice", "FINISHED")
    assert seen.data.params == {"lr": "0.1", "net.depth": "3", "layers": "[1, 2]", "late": "True"}
    assert (seen.data.metrics["best"], seen.data.metrics["acc.top1"]) == (0.5, 2)
    assert history("a")[:3] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    assert math.isnan(history("a")[3][1])
    tags = seen.data.tags
    assert (tags["mlflow.note.content"], tags["wandb.group"], tags["wandb.jobType"]) == ("n", "g", "train")
    assert json.loads(tags["wandb.tags"]) == ["first"]
    files = {file.path for file in client.list_artifacts(seen.info.run_id)}
    assert {"notes.txt", "config.yaml", "wandb-summary.json", "wandb-metadata.json"} <= files
    read = Path(client.download_artifacts(seen.info.run_id, "notes.txt", str(tmp_path)))
    assert read.read_text() == "kept"

    found = wandb.Api().run(f"default/{PROJECT}/a")
    assert (found.state, found.name, found.tags, found.notes) == ("finished", "nice", ["first"], "n")
    assert (found.group, found.job_type, found.config) == ("g", "train", {**config, "late": True})
    assert (found.summary["best"], found.summary["acc"]["top1"]) == (0.5, 2)
    with found.file("notes.txt").download(root=str(tmp_path / "down")) as file:
        assert file.read() == "kept"


def test_wandb_sees_what_mlflow_logs(wandb, mlflow, client):
    mlflow.set_experiment(PROJECT)
    with mlflow.start_run(run_name="theirs") as run:
        mlflow.log_params({"depth": 4})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.set_tag("mlflow.note.content", "from mlflow")
    found = wandb.Api().run(f"default/{PROJECT}/{run.info.run_id}")
    assert (found.name, found.state, found.notes) == ("theirs", "finished", "from mlflow")
    assert (found.config, dict(found.summary)) == ({"depth": "4"}, {"loss": 0.5})
    assert [file.name for file in found.files()] == ["notes/hello.txt"]
    found.tags.append("seen")
    found.config["width"] = 2
    found.update()
    seen = client.get_run(run.info.run_id)
    assert (seen.data.params, seen.data.tags["wandb.tags"]) == ({"depth": "4", "width": "2"}, '["seen"]')
    assert seen.info.status == "FINISHED"


def test_a_run_goes_on_ends_badly_and_begins_anew(wandb, client, history):
    with begin(wandb, "r", config={"lr": 1}, tags=["kept"]) as run:
        run.log({"loss": 0.0})
    mark(client, "r")
    with begin(wandb, "r", resume="must") as run:
        assert (run.resumed, run.starting_step, run.config["lr"], run.tags) == (True, 1, 1, ("kept",))
        run.log({"loss": 1.0})
    run = begin(wandb, "r", resume="allow")
    run.log({"loss": 2.0})
    run.finish(exit_code=3)
    assert history("r") == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert mlflow_run(client, "r").info.status == "FAILED"
    assert wandb.Api().run(f"default/{PROJECT}/r").state == "failed"
    with begin(wandb, "r") as run:
        run.log({"loss": 9.0})
    assert history("r") == [(0, 9.0)]
    assert mlflow_run(client, "r").info.status == "FINISHED"
    with pytest.raises(wandb.errors.UsageError, match="already exists"):
        begin(wandb, "r", resume="never")
    with pytest.raises(wandb.errors.UsageError, match="does not exist"):
        begin(wandb, "other", resume="must")


def test_a_run_is_forked_and_rewound(wandb, client, history):
    with begin(wandb, "r", config={"lr": 1}) as run:
        for step in range(6):
            run.log({"loss": float(step)})
    with begin(wandb, "fork", fork_from="r?_step=2") as run:
        run.log({"loss": 30.0})
    with wandb.init(project=PROJECT, resume_from="r?_step=1") as run:
        run.log({"loss": 20.0})
    mark(client, "r", "fork")
    assert history("fork") == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 30.0)]
    assert history("r") == [(0, 0.0), (1, 1.0), (2, 20.0)]


def test_several_processes_share_a_run(wandb, client, history):
    shared = {"mode": "shared", "x_primary": True, "x_label": "first"}
    run = begin(wandb, "s", settings=wandb.Settings(**shared), config={"a": 1})
    script = f"""
import wandb
shared = dict(mode="shared", x_primary=False, x_label="second", x_update_finish_state=False)
with wandb.init(project="{PROJECT}", id="s", settings=wandb.Settings(**shared), config={{"b": 2}}) as run:
    run.log({{"second": 1.0}})
    run.log({{"loss": 10.0}})
"""
    subprocess.run([sys.executable, "-c", script], env=environment(), check=True)
    run.log({"loss": 0.0})
    run.finish()
    mark(client, "s")
    assert sorted(value for _, value in history("s")) == [0.0, 10.0]
    assert history("s", "second") == [(0, 1.0)]
    seen = wandb.Api().run(f"default/{PROJECT}/s")
    assert (seen.config, seen.summary["second"], seen.state) == ({"a": 1, "b": 2}, 1, "finished")


def test_two_processes_that_resume_a_run_at_once_lose_and_double_nothing(wandb, client, history):
    with begin(wandb, "r") as run:
        run.log({"loss": 0.0})
    run = begin(wandb, "r", resume="must")
    script = f"""
import wandb
with wandb.init(project="{PROJECT}", id="r", resume="must") as run:
    for value in (10.0, 11.0, 12.0):
        run.log({{"loss": value}})
"""
    subprocess.run([sys.executable, "-c", script], env=environment(), check=True)
    run.log({"loss": 20.0})
    run.log({"loss": 21.0})
    run.finish()
    mark(client, "r")
    assert sorted(history("r")) == [(0, 0.0), (1, 10.0), (1, 20.0), (2, 11.0), (2, 21.0), (3, 12.0)]


def test_an_offline_run_is_synced_once_however_often(wandb, client, history):
    with begin(wandb, "off", mode="offline", config={"a": 1}) as run:
        for step in range(3):
            run.log({"loss": float(step)})
        folder = Path(run.dir).parent
    for _ in range(2):
        command = [str(Path(sys.executable).parent / "wandb"), "sync", "--include-synced", str(folder)]
        subprocess.run(command, env=environment(), check=True, capture_output=True)
    mark(client, "off")
    assert history("off") == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert mlflow_run(client, "off").data.params == {"a": "1"}


def test_runs_are_edited_from_outside(wandb, client, http, tmp_path):
    with begin(wandb, "r", config={"a": 1}) as run:
        run.log({"loss": 1.0})
        run.alert("Loss is low", "text", level="WARN")
    found = wandb.Api().run(f"default/{PROJECT}/r")
    found.display_name = "renamed"
    found.tags.append("t")
    found.config["nested"] = {"b": 2}
    found.summary["more"] = 7
    found.update()
    (tmp_path / "up.txt").write_text("up")
    found.upload_file(str(tmp_path / "up.txt"), root=str(tmp_path))

    mark(client, "r")
    seen = mlflow_run(client, "r")
    assert (seen.info.run_name, seen.info.status) == ("renamed", "FINISHED")
    assert seen.data.params == {"a": "1", "nested.b": "2"}
    assert seen.data.metrics == {"loss": 1.0, "more": 7.0}
    assert "up.txt" in {file.path for file in client.list_artifacts(seen.info.run_id)}

    again = wandb.Api().run(f"default/{PROJECT}/r")
    assert (again.name, again.tags, again.state) == ("renamed", ["t"], "finished")
    assert len(again.files(pattern="up%")) == len(list(again.files()))  # the count is of all
    again.file("up.txt").delete()
    assert "up.txt" not in {file.name for file in again.files()}
    events = http.get("/api/v1/events", params={"entity": "run"}).json()["items"]
    (alert,) = [event["after"] for event in events if event["action"] == "alert"]
    assert alert == {"title": "Loss is low", "text": "text", "severity": "WARN"}

    made = wandb.Api().create_run(project=PROJECT, run_id="made")
    assert (made.id, made.state) == ("made", "running")
    again.delete()
    (left,) = client.search_runs([seen.info.experiment_id])
    assert left.info.run_id != seen.info.run_id
