"""`podium models` and `podium versions`."""

from pathlib import Path
from uuid import uuid4

import pytest

from podium.cli import transfers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's files, one of them of several pieces."""
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    (source / "MLmodel").write_text("flavor")
    (source / "data" / "weights.bin").write_bytes(bytes(range(256)) * 12_000)
    return source


@pytest.fixture
def model(podium, new_run, folder: Path) -> str:
    """A model with two versions of the same files but one."""
    name = f"Churn {uuid4()}"
    podium.run("models", "create", name, "--description", "who leaves", "--tag", "team=a")
    for number in range(2):
        (folder / "MLmodel").write_text(f"flavor {number}")
        run_id = new_run()
        podium.run("artifacts", "upload", folder, f"0/{run_id}/artifacts/model")
        podium.run("versions", "create", name, "--source", f"runs:/{run_id}/model")
    return name


def test_models_are_listed_for_people_and_for_scripts(podium, model):
    assert model in podium.run("models", "list").stdout
    assert [item["name"] for item in podium.json("models", "list", model)] == [model]
    assert "who leaves" in podium.run("models", "show", model).stdout
    assert podium.json("models", "show", model)["latest_version"] == 2


def test_a_model_is_changed_deleted_and_restored(podium):
    name, other = f"a {uuid4()}", f"b {uuid4()}"
    podium.run("models", "create", name)
    podium.run("models", "update", name, "--description", "text")
    podium.run("models", "tag", name, "team/lead", "ann")
    podium.run("models", "rename", name, other)
    deleted = podium.run("models", "delete", other).stdout
    assert "podium models restore" in deleted
    assert "not found" in podium.run("models", "show", other, code=1).stderr
    podium.run("models", "restore", other)
    shown = podium.json("models", "show", other)
    assert (shown["description"], shown["tags"]) == ("text", {"team/lead": "ann"})
    podium.run("models", "untag", other, "team/lead")
    assert podium.json("models", "show", other)["tags"] == {}


def test_stages_and_aliases(podium, model):
    podium.run("versions", "stage", model, "1", "Production")
    podium.run("versions", "stage", model, "2", "Production", "--archive-existing", "--expected", "None")
    assert [item["stage"] for item in podium.json("versions", "list", model)] == ["Production", "Archived"]
    podium.run("versions", "alias", model, "1", "champion", "--new")
    assert "not to" in podium.run("versions", "alias", model, "2", "champion", "--new", code=1).stderr
    podium.run("versions", "alias", model, "2", "champion", "--expected", "1")
    assert podium.json("versions", "show", model, "@champion")["version"] == 2
    podium.run("versions", "unalias", model, "champion")
    assert podium.json("versions", "show", model, "@latest")["aliases"] == []


def test_what_stood_in_production_then(podium, model):
    podium.run("versions", "stage", model, "1", "Production")
    then = podium.json("versions", "at", model, "--stage", "Production", "--time", "2099-01-01")["items"][0]["since"]
    podium.run("versions", "stage", model, "2", "Production", "--archive-existing")
    at = podium.json("versions", "at", model, "--stage", "Production", "--time", then)
    assert [item["version"] for item in at["items"]] == [1]
    later = podium.run("versions", "at", model, "--stage", "Production", "--time", "2099-11-01T12:00Z")
    assert later.stdout.splitlines()[-1].startswith("2 ")
    assert (
        "Nothing stood there"
        in podium.run("versions", "at", model, "--alias", "champion", "--time", "2099-11-01T12:00Z").stderr
    )


def test_files_and_differences(podium, model):
    assert "data/weights.bin" in podium.run("versions", "files", model, "1").stdout
    difference = podium.json("versions", "diff", model, "1", "2")
    assert [change["path"] for change in difference["changed"]] == ["MLmodel"]
    assert "MLmodel" in podium.run("versions", "diff", model, "1", "2").stdout


def test_downloading_a_version(podium, model, folder, tmp_path):
    target = tmp_path / "here"
    podium.run("versions", "download", model, "2", target)
    for path in ("MLmodel", "data/weights.bin"):
        assert (target / path).read_bytes() == (folder / path).read_bytes()
    assert len([file for file in target.rglob("*") if file.is_file()]) == 2


def test_a_broken_download_goes_on_where_it_was(podium, model, folder, tmp_path, monkeypatch):
    target, whole = tmp_path / "here", (folder / "data" / "weights.bin").read_bytes()
    asked = []
    stream = transfers.Client.stream

    def noting_stream(self, *path, headers=None):
        asked.append(headers)
        return stream(self, *path, headers=headers)

    manifest = podium.json("versions", "files", model, "2")
    digest = manifest["files"][1]["digest"]
    partial = target / "data" / f"weights.bin.{digest[:16]}.podium-part"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(whole[:1_000_000])
    monkeypatch.setattr(transfers.Client, "stream", noting_stream)
    podium.run("versions", "download", model, "2", target)
    assert {"range": "bytes=1000000-", "if-range": f'"{digest}"'} in asked
    assert (target / "data" / "weights.bin").read_bytes() == whole
    assert not partial.exists()

    asked.clear()
    podium.run("versions", "download", model, "2", target)
    assert asked == []  # all is there already


def test_a_part_with_other_bytes_is_not_taken_for_the_file(podium, model, folder, tmp_path):
    target = tmp_path / "here"
    digest = podium.json("versions", "files", model, "2")["files"][1]["digest"]
    partial = target / "data" / f"weights.bin.{digest[:16]}.podium-part"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"other")
    assert "SHA-256" in podium.run("versions", "download", model, "2", target, code=1).stderr
    assert not (target / "data" / "weights.bin").exists()
    podium.run("versions", "download", model, "2", target)
    assert (target / "data" / "weights.bin").stat().st_size == (folder / "data" / "weights.bin").stat().st_size


def test_versions_are_described_tagged_deleted_and_restored(podium, model):
    podium.run("versions", "update", model, "1", "--description", "first")
    podium.run("versions", "tag", model, "1", "checked", "yes")
    podium.run("versions", "delete", model, "1")
    assert [item["version"] for item in podium.json("versions", "list", model)] == [2]
    podium.run("versions", "restore", model, "1")
    shown = podium.json("versions", "show", model, "1")
    assert (shown["description"], shown["tags"]) == ("first", {"checked": "yes"})
    podium.run("versions", "untag", model, "1", "checked")
    assert podium.json("versions", "show", model, "1")["tags"] == {}
