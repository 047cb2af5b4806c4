"""One lineage: what MLflow's client made, W&B's went on with, and MLflow's registry has again."""

from typing import Any

import httpx
import pytest

from podium.domain.lineage import KINDS

Named = tuple[str, str]


class Graphs:
    """What the native API says, by kind and id."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def ask(self, thing: Named, **asked: Any) -> dict[str, Any]:
        answer = self._http.get(f"/api/v1/lineage/{thing[0]}/{thing[1]}", params=asked)
        assert answer.status_code == 200, (thing, answer.text)
        return answer.json()

    def reached(self, thing: Named, **asked: Any) -> list[Named]:
        """What a walk from a thing comes to, the thing itself first."""
        return [(node["kind"], node["id"]) for node in self.ask(thing, **asked)["nodes"]]


@pytest.fixture
def graphs(http: httpx.Client) -> Graphs:
    return Graphs(http)


@pytest.fixture
def last(wandb, mlflow, client, tmp_path) -> Named:
    """dataset -> run of MLflow -> logged model -> Fraud/1 -> run of W&B -> artifact -> Scores/1, which it names."""
    from mlflow.entities import Dataset, DatasetInput

    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"w")
    with mlflow.start_run(run_name="trainer", experiment_id="0") as trained:
        data = Dataset(name="data", digest="1", source_type="local", source="here")
        client.log_inputs(trained.info.run_id, [DatasetInput(data)])
        model = mlflow.create_external_model("m", source_run_id=trained.info.run_id)
    client.create_registered_model("Fraud")
    client.create_model_version("Fraud", f"models:/{model.model_id}", model_id=model.model_id)
    with wandb.init(project="score", settings=wandb.Settings(x_disable_stats=True)) as run:
        run.use_artifact("wandb-registry-model/Fraud:v0")
        scores = wandb.Artifact("scores", type="model")
        scores.add_dir(str(tmp_path / "model"))
        run.log_artifact(scores).wait()
        run.link_artifact(scores, "wandb-registry-model/Scores")
    return "model_version", "Scores/1"


def test_every_kind_is_reached_from_both_ends(graphs, last):
    everything = graphs.reached(last)
    kinds = [kind for kind, _ in everything]
    assert set(kinds) == set(KINDS)
    assert (kinds.count("run"), kinds.count("model_version")) == (2, 2)
    assert set(graphs.reached(last, direction="upstream")) == set(everything)
    up = {thing: set(graphs.reached(thing, direction="upstream")) for thing in everything}
    down = {thing: set(graphs.reached(thing, direction="downstream")) for thing in everything}
    for one in everything:
        assert graphs.reached(one)[0] == one
        assert set(graphs.reached(one, direction="both")) == up[one] | down[one]
        assert {other for other in everything if one in down[other]} == up[one]
    [data] = [thing for thing in everything if thing[0] == "dataset"]
    assert down[data] == set(everything)


def test_a_depth_is_a_number_of_steps(graphs, last, http):
    [data] = [thing for thing in graphs.reached(last) if thing[0] == "dataset"]
    whole = graphs.ask(data, direction="downstream")
    far = {0: 0}  # how many steps away each node is
    for edge in sorted(whole["edges"], key=lambda edge: (edge["source"], edge["target"])):
        far[edge["target"]] = min(far.get(edge["target"], 99), far[edge["source"]] + 1)
    for depth in range(max(far.values()) + 2):
        found = graphs.ask(data, direction="downstream", depth=depth)
        assert len(found["nodes"]) == sum(steps <= depth for steps in far.values())
        assert found["complete"]
    assert graphs.ask(data, depth=0) == {"nodes": whole["nodes"][:1], "edges": [], "complete": True}
    assert graphs.ask(data, depth=1000, direction="downstream") == whole
    for depth in ("-1", "1001", str(10**30), "1.5", "all", ""):
        refused = http.get("/".join(("/api/v1/lineage", *data)), params={"depth": depth})
        assert (refused.status_code, "depth" in refused.text) == (400, True), depth


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("run/unknown", 404),
        ("run/%00", 400),
        ("run/%F0%9F%98%80", 404),
        ("run/" + "a" * 5000, 404),
        ("run/a/b", 404),
        ("logged_model/m-1", 404),
        ("dataset/999999", 404),
        ("artifact/" + "9" * 18, 404),
        ("model_version/Fraud/99", 404),
        ("model_version/a/b/1", 404),
        ("dataset/-1", 400),
        ("artifact/" + "9" * 19, 400),
        ("artifact/%D9%A1", 400),
        ("artifact/1.0", 400),
        ("model_version/Fraud", 400),
        ("model_version//1", 400),
        ("model_version/Fraud/", 400),
        ("model_version/Fraud/latest", 400),
        ("model_version/Fraud/1_0", 400),
        ("model_version/Fraud/" + "9" * 30, 400),
        ("ship/1", 400),
        ("run/x?direction=sideways", 400),
        ("run/x?team=default", 400),
    ],
)
def test_what_names_nothing_is_refused(http, path, status):
    answer = http.get(f"/api/v1/lineage/{path}")
    assert answer.status_code == status, answer.text
