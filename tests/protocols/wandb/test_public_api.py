"""What `wandb.Api()` reads and edits: projects, runs by filter and order, histories, and MLflow's runs among them."""

import math
from datetime import UTC, datetime, timedelta

import pytest


@pytest.fixture
def log_run(wandb):
    """Logs a run: its values are a list of what is logged at each step."""

    def log(slug: str, values=(), **options) -> None:
        with wandb.init(project="p", id=slug, name=options.pop("name", f"Run {slug}"), **options) as run:
            for step in values:
                run.log(step)

    return log


@pytest.fixture
def three_runs(log_run):
    """One without, one with, and one with other of everything."""
    log_run("a", [{"loss": 2.0}], config={"lr": 0.1, "opt": "sgd"})
    log_run(
        "b",
        [{"loss": 1.0}, {"loss": 0.5, "acc": 1}],
        config={"lr": 10, "opt": "adam", "model": {"depth": 4}},
        tags=["good", "x"],
        group="g",
        job_type="train",
        notes="noted",
    )
    log_run("c", [{"loss": 1.5}], config={"lr": 2, "on": True}, tags=["bad"])


def slugs(wandb, **options) -> list[str]:
    return [run.id for run in wandb.Api().runs("default/p", **options)]


@pytest.mark.usefixtures("three_runs")
def test_runs_are_found_by_what_belongs_to_them(wandb):
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for filters, found in (
        ({}, "abc"),
        ({"config.lr": {"$gt": 1}}, "bc"),
        ({"config.lr.value": 10}, "b"),
        ({"config.model.depth": {"$exists": True}}, "b"),
        ({"config.opt": {"$ne": "adam"}}, "ac"),
        ({"config.opt": {"$regex": "^(sgd|a)"}}, "ab"),
        ({"config.on": True}, "c"),
        ({"summary_metrics.loss": {"$lte": 1.5}}, "bc"),
        ({"summary_metrics.acc": {"$exists": False}}, "ac"),
        ({"tags": "good"}, "b"),
        ({"tags": {"$in": ["bad", "x"]}}, "bc"),
        ({"tags": {"$nin": ["bad", "x"]}}, "a"),
        ({"state": "finished", "group": "g", "jobType": "train"}, "b"),
        ({"state": {"$ne": "finished"}}, ""),
        ({"display_name": {"$regex": "Run [bc]"}}, "bc"),
        ({"$or": [{"name": "a"}, {"$and": [{"name": "c"}, {"config.lr": 2}]}]}, "ac"),
        ({"$nor": [{"name": "a"}]}, "bc"),
        ({"created_at": {"$gt": hour_ago}}, "abc"),
        ({"created_at": {"$lt": hour_ago}}, ""),
    ):
        runs = wandb.Api().runs("default/p", filters=filters)
        assert ("".join(run.id for run in runs), len(runs)) == (found, len(found)), filters


@pytest.mark.usefixtures("three_runs")
def test_runs_come_in_order_and_page_by_page(wandb):
    for order, found in (
        ("+created_at", "abc"),
        ("-created_at", "cba"),
        ("+summary_metrics.loss", "bca"),
        ("-config.lr", "bca"),
        ("-heartbeat_at", "cba"),
        ("display_name", "abc"),
    ):
        assert "".join(slugs(wandb, order=order, per_page=1)) == found, order


@pytest.mark.usefixtures("three_runs")
def test_a_filter_that_cannot_be_read_is_refused_at_once(wandb):
    with pytest.raises(
        wandb.sdk.lib.service.service_connection.WandbApiFailedError, match=r"there is no operator '\$near'"
    ):
        slugs(wandb, filters={"config.lr": {"$near": 1}})


@pytest.mark.usefixtures("three_runs")
def test_a_run_shows_all_that_was_said_of_it(wandb):
    for lazy in (True, False):
        (run,) = wandb.Api().runs("default/p", filters={"name": "b"}, lazy=lazy)
        assert (run.name, run.state, run.group, run.job_type) == ("Run b", "finished", "g", "train")
        assert (run.tags, run.notes, run.path) == (["good", "x"], "noted", ["default", "p", "b"])
        assert run.config == {"lr": 10, "opt": "adam", "model": {"depth": 4}}
        assert (run.summary["loss"], run.summary["acc"], run.summary["_step"]) == (0.5, 1, 1)
        assert run.lastHistoryStep == 1
        assert run.user.username


def test_a_history_is_read_whole_sampled_and_in_pages(wandb, log_run):
    log_run("h", [{"loss": 1 / (step + 1), "n": {"x": step}, "odd": math.nan} for step in range(25)])
    run = wandb.Api().run("default/p/h")
    assert [row["n"]["x"] for row in run.history(pandas=False)] == list(range(25))
    assert [row["_step"] for row in run.history(samples=5, pandas=False)] == [0, 6, 12, 18, 24]
    assert run.history(keys=["n.x"], samples=3, pandas=False) == [{"_step": s, "n.x": s} for s in (0, 12, 24)]
    assert run.history(keys=["odd"], samples=1, pandas=False) == [{"_step": 24, "odd": "NaN"}]
    scanned = list(run.scan_history(page_size=10))
    assert [row["_step"] for row in scanned] == list(range(25))
    assert math.isnan(scanned[0]["odd"])
    assert list(run.scan_history(keys=["loss"], min_step=5, max_step=7)) == [
        {"_step": 5, "loss": 1 / 6},
        {"_step": 6, "loss": 1 / 7},
    ]
    assert list(run.scan_history(keys=["none"])) == []


@pytest.mark.usefixtures("three_runs")
def test_a_run_is_edited_and_deleted(wandb):
    run = wandb.Api().run("default/p/b")
    run.config["lr"] = 3
    run.tags.append("new")
    run.notes, run.name = "other", "Renamed"
    run.summary["best"] = 0.25
    run.update()
    del run
    run = wandb.Api().run("default/p/b")
    assert (run.config["lr"], run.tags, run.notes, run.name) == (3, ["good", "x", "new"], "other", "Renamed")
    assert run.summary["best"] == 0.25
    assert slugs(wandb, filters={"summary_metrics.best": {"$lt": 1}, "config.lr": 3}) == ["b"]
    run.delete()
    assert slugs(wandb) == ["a", "c"]
    with pytest.raises(wandb.errors.CommError, match="Could not find run"):
        wandb.Api().run("default/p/b")


def test_projects_are_listed_and_made(wandb, log_run):
    wandb.Api().create_project("empty", "default")
    log_run("a")
    names = [project.name for project in wandb.Api().projects("default", per_page=1)]
    assert names == ["p", "empty", "Default"]
    assert wandb.Api().project("p", "default").id
    with pytest.raises(ValueError, match="Could not find project"):
        list(wandb.Api().runs("default/none"))


@pytest.mark.usefixtures("three_runs")
def test_files_of_a_run_are_listed_and_downloaded(wandb, tmp_path):
    run = wandb.Api().run("default/p/b")
    names = {file.name for file in run.files()}
    assert {"config.yaml", "wandb-summary.json"} <= names
    assert [file.name for file in run.files(pattern="%.yaml")] == ["config.yaml"]
    with run.file("config.yaml").download(root=str(tmp_path)) as file:
        assert "adam" in file.read()


def test_runs_of_mlflow_are_read_too(wandb, mlflow):
    mlflow.set_experiment("p")
    with mlflow.start_run(run_name="theirs", tags={"wandb.group": "g"}) as started:
        mlflow.log_params({"lr": 0.5, "opt": "adam"})
        for step in range(4):
            mlflow.log_metrics({"loss": 4 - step, "acc": math.nan if step == 1 else step}, step=step * 10)
    (run,) = wandb.Api().runs("default/p", filters={"config.lr": {"$lt": 1}, "summary_metrics.loss": 1, "group": "g"})
    assert (run.id, run.name, run.state) == (started.info.run_id, "theirs", "finished")
    assert run.config == {"lr": "0.5", "opt": "adam"}
    assert (run.summary["loss"], run.summary["acc"]) == (1, 3)
    assert [(row["_step"], row["loss"]) for row in run.scan_history()] == [(0, 4), (10, 3), (20, 2), (30, 1)]
    assert run.history(keys=["acc"], samples=2, pandas=False) == [{"_step": 0, "acc": 0}, {"_step": 30, "acc": 3}]
    assert math.isnan(run.history(pandas=False)[1]["acc"])


@pytest.mark.usefixtures("three_runs")
def test_runs_of_wandb_are_searched_by_mlflow(mlflow):
    found = mlflow.search_runs(
        experiment_names=["p"], filter_string="params.opt = 'adam' AND metrics.loss < 1", output_format="list"
    )
    assert [run.info.run_name for run in found] == ["Run b"]
    assert found[0].data.params["model.depth"] == "4"
