"""Artifacts, logged and read back with the unmodified client."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files."""
    made = tmp_path / "data"
    (made / "sub").mkdir(parents=True)
    (made / "a.txt").write_text("alpha")
    (made / "sub" / "b.bin").write_bytes(bytes(range(256)) * 4000)
    return made


def test_a_folder_is_logged_used_and_downloaded(wandb, folder, tmp_path):
    with wandb.init(project="p", id="maker") as run:
        artifact = wandb.Artifact("data", type="dataset", description="two files", metadata={"rows": 2})
        artifact.add_dir(str(folder))
        run.log_artifact(artifact, aliases=["best"]).wait()
        assert (artifact.version, artifact.size, artifact.file_count) == ("v0", 1_024_005, 2)
    with wandb.init(project="p", id="reader") as run:
        used = run.use_artifact("data:best")
        target = used.download(str(tmp_path / "down"), skip_cache=True)
        assert (Path(target) / "sub/b.bin").read_bytes() == (folder / "sub/b.bin").read_bytes()
        used.verify(target)
    found = wandb.Api().artifact("p/data:latest")
    assert (found.metadata, found.description, sorted(found.aliases)) == ({"rows": 2}, "two files", ["best", "latest"])
    assert [each.id for each in found.used_by()] == ["reader"]
    assert found.logged_by().id == "maker"
