"""One registry for two clients: what MLflow registers, W&B's client finds, and the other way round."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest


@pytest.fixture
def registered(client, tmp_path: Path) -> bytes:
    """`Fraud` with one version of two files, under the alias `champion`; the bytes of one file."""
    content = bytes(range(256)) * 100
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "weights.bin").write_bytes(content)
    (tmp_path / "model" / "sub" / "note.txt").write_text("note")
    run = client.create_run(client.create_experiment("fraud"))
    client.log_artifacts(run.info.run_id, str(tmp_path / "model"), "model")
    client.create_registered_model("Fraud", description="finds fraud")
    client.create_model_version(
        "Fraud", f"runs:/{run.info.run_id}/model", run.info.run_id, tags={"stage_1": "yes", "good": ""}
    )
    client.set_registered_model_alias("Fraud", "champion", "1")
    return content


def files_below(folder: str | Path) -> dict[str, bytes]:
    """What a client downloaded; MLflow's adds a file of its own that says where a model came from."""
    root = Path(folder)
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    found.pop("registered_model_meta", None)
    return found


def test_what_mlflow_registered_shows_in_wandb(wandb, mlflow, client, registered, tmp_path):
    api = wandb.Api()
    artifact = api.artifact("wandb-registry-model/Fraud:champion")
    assert (artifact.version, artifact.type, sorted(artifact.aliases)) == ("v0", "model", ["champion", "latest"])
    assert artifact.logged_by().project == "fraud"
    assert sorted(artifact.tags) == ["good", "stage_1=yes"]
    ours = artifact.download(str(tmp_path / "wandb"), skip_cache=True)
    artifact.verify(ours)
    theirs = mlflow.artifacts.download_artifacts("models:/Fraud@champion", dst_path=str(tmp_path / "mlflow"))
    assert files_below(ours) == files_below(theirs)
    assert files_below(ours)["weights.bin"] == registered
    entry = artifact.get_entry("sub/note.txt").download(str(tmp_path / "one"), skip_cache=True)
    assert Path(entry).read_text() == "note"

    client.set_registered_model_alias("Fraud", "candidate", "1")
    client.delete_registered_model_alias("Fraud", "champion")
    client.update_model_version("Fraud", "1", "the first one")
    client.set_model_version_tag("Fraud", "1", "better", "")
    client.delete_model_version_tag("Fraud", "1", "good")
    again = wandb.Api().artifact("wandb-registry-model/Fraud:v0")
    assert sorted(again.aliases) == ["candidate", "latest"]
    assert (again.description, sorted(again.tags)) == ("the first one", ["better", "stage_1=yes"])

    again.aliases.append("from-wandb")
    again.tags.append("checked")
    again.description = "said by W&B"
    again.save()
    version = client.get_model_version("Fraud", "1")
    assert sorted(version.aliases) == ["candidate", "from-wandb"]
    assert version.description == "said by W&B"
    assert version.tags == {"better": "", "stage_1": "yes", "checked": ""}

    client.rename_registered_model("Fraud", "Fraud 2")
    assert wandb.Api().artifact("wandb-registry-model/Fraud 2:latest").version == "v0"
    client.delete_registered_model("Fraud 2")
    assert not wandb.Api().artifact_exists("wandb-registry-model/Fraud 2:latest")


@pytest.mark.usefixtures("registered")
def test_the_lines_of_a_model_page_load_it_in_a_shell_without_a_key(wandb_env, tmp_path):
    page = httpx.get(f"{wandb_env}/models/default/Fraud").text
    [code] = [html.unescape(each) for each in re.findall("<code>(.*?)</code>", page, re.DOTALL) if "wandb" in each]
    assert "wandb-registry-model/Fraud:champion" in code
    environment = {name: value for name, value in os.environ.items() if name not in ("WANDB_API_KEY", "WANDB_BASE_URL")}
    command = [sys.executable, "-c", f"{code}\nprint(folder)"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert sorted(files_below(tmp_path / done.stdout.split()[-1])) == ["sub/note.txt", "weights.bin"]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_what_wandb_links_is_registered_for_mlflow(wandb, mlflow, client, tmp_path):
    class Doubler(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[int]) -> list[int]:
            return [value * 2 for value in model_input]

    folder = tmp_path / "saved"
    mlflow.pyfunc.save_model(str(folder), python_model=Doubler(), pip_requirements=[])
    with wandb.init(project="train", id="trainer") as run:
        artifact = wandb.Artifact("doubler", type="model", description="doubles")
        artifact.add_dir(str(folder))
        run.log_artifact(artifact).wait()
        linked = run.link_artifact(artifact, "wandb-registry-model/Doubler", aliases=["prod"])
        assert (linked.version, sorted(linked.aliases)) == ("v0", ["latest", "prod"])
        assert run.link_artifact(artifact, "wandb-registry-model/Doubler", aliases=["prod"]).version == "v0"
    version = client.get_model_version_by_alias("Doubler", "prod")
    assert (version.version, version.description) == ("1", "doubles")
    assert version.source == "wandb-artifact:///default/train/doubler:v0"
    assert client.get_run(version.run_id).info.run_name
    theirs = mlflow.artifacts.download_artifacts("models:/Doubler@prod", dst_path=str(tmp_path / "mlflow"))
    assert files_below(theirs) == files_below(str(folder))
    assert mlflow.pyfunc.load_model("models:/Doubler@prod").predict([1, 2]) == [2, 4]

    # What was registered stays when the artifact that it was made of is deleted.
    wandb.Api().artifact("train/doubler:v0").delete(delete_aliases=True)
    kept = wandb.Api().artifact("wandb-registry-model/Doubler:prod").download(str(tmp_path / "kept"), skip_cache=True)
    assert files_below(kept) == files_below(str(folder))

    wandb.Api().artifact("wandb-registry-model/Doubler:v0").unlink()
    assert client.search_model_versions("name = 'Doubler'") == []
