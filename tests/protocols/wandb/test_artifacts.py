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


def log(wandb, name: str, files: dict[str, str], *, kind: str = "dataset", **more):
    """The artifact, logged by a run of its own and committed."""
    with wandb.init(project="p") as run:
        artifact = wandb.Artifact(name, type=kind, **more)
        for path, text in files.items():
            with artifact.new_file(path) as file:
                file.write(text)
        return run.log_artifact(artifact).wait()


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
    run = wandb.Api().run("p/reader")
    assert [each.name for each in run.used_artifacts()] == ["data:v0"]
    assert [each.name for each in wandb.Api().run("p/maker").logged_artifacts()] == ["data:v0"]


def test_a_single_file_is_fetched_by_its_digest(wandb, folder, tmp_path):
    with wandb.init(project="p") as run:
        artifact = wandb.Artifact("data", type="dataset")
        artifact.add_dir(str(folder))
        run.log_artifact(artifact).wait()
    entry = wandb.Api().artifact("p/data:v0").get_entry("a.txt")
    assert Path(entry.download(str(tmp_path / "one"), skip_cache=True)).read_text() == "alpha"


def test_the_same_content_is_the_same_version(wandb):
    assert log(wandb, "data", {"a": "1"}).version == "v0"
    assert log(wandb, "data", {"a": "1"}).version == "v0"
    assert log(wandb, "data", {"a": "2"}).version == "v1"
    found = wandb.Api().artifact("p/data:latest")
    assert (found.version, [each.version for each in found.collection.artifacts()]) == ("v1", ["v1", "v0"])


def test_what_is_said_of_a_version_is_changed(wandb):
    log(wandb, "data", {"a": "1"})
    artifact = wandb.Api().artifact("p/data:v0")
    artifact.description, artifact.metadata, artifact.tags = "better", {"k": [1]}, ["gold", "checked"]
    artifact.aliases = ["prod", "latest"]
    artifact.save()
    found = wandb.Api().artifact("p/data:prod")
    assert (found.description, found.metadata, sorted(found.tags)) == ("better", {"k": [1]}, ["checked", "gold"])
    found.aliases.remove("prod")
    found.tags = ["gold"]
    found.save()
    assert not wandb.Api().artifact_exists("p/data:prod")
    assert wandb.Api().artifact("p/data:v0").tags == ["gold"]


def test_a_time_to_live_is_set_and_taken_off(wandb):
    from datetime import timedelta

    log(wandb, "data", {"a": "1"})
    artifact = wandb.Api().artifact("p/data:v0")
    assert artifact.ttl is None
    artifact.ttl = timedelta(days=7)
    artifact.save()
    found = wandb.Api().artifact("p/data:v0")
    assert found.ttl == timedelta(days=7)
    found.ttl = None
    found.save()
    assert wandb.Api().artifact("p/data:v0").ttl is None


def test_a_draft_begins_with_what_a_version_has(wandb):
    draft = log(wandb, "data", {"a": "1", "b": "1"}).new_draft()
    draft.remove("b")
    with draft.new_file("c") as file:
        file.write("3")
    with wandb.init(project="p") as run:
        run.log_artifact(draft).wait()
    found = wandb.Api().artifact("p/data:v1")
    assert (sorted(found.manifest.entries), bool(found.commit_hash)) == (["a", "c"], True)


def test_a_version_with_aliases_is_deleted_only_with_them(wandb):
    log(wandb, "data", {"a": "1"})
    artifact = wandb.Api().artifact("p/data:v0")
    with pytest.raises(wandb.errors.CommError, match="aliases 'latest'"):
        artifact.delete()
    artifact.delete(delete_aliases=True)
    assert not wandb.Api().artifact_exists("p/data:v0")
    assert log(wandb, "data", {"a": "1"}).version == "v1"


def test_references_are_kept_and_not_uploaded(wandb, folder):
    with wandb.init(project="p") as run:
        artifact = wandb.Artifact("refs", type="dataset")
        artifact.add_reference(f"file://{folder}")
        artifact.add_reference("s3://bucket/key", name="there", checksum=False)
        run.log_artifact(artifact).wait()
    found = wandb.Api().artifact("p/refs:latest")
    assert (found.file_count, found.manifest.entries["there"].ref) == (3, "s3://bucket/key")
    assert {file.name: file.url for file in found.files()}["there"] == "s3://bucket/key"


def test_a_file_of_another_artifact_is_referred_to_and_downloaded(wandb, tmp_path):
    first = log(wandb, "first", {"a": "1"})
    with wandb.init(project="p") as run:
        second = wandb.Artifact("second", type="dataset")
        second.add_reference(first.get_entry("a"), "of/first")
        run.log_artifact(second).wait()
    target = wandb.Api().artifact("p/second:latest").download(str(tmp_path / "down"), skip_cache=True)
    assert (Path(target) / "of/first").read_text() == "1"


def test_an_incremental_version_adds_to_the_one_before(wandb):
    log(wandb, "data", {"a": "1", "b": "1"})
    artifact = log(wandb, "data", {"b": "2", "c": "3"}, incremental=True)
    assert (artifact.version, sorted(artifact.manifest.entries)) == ("v1", ["a", "b", "c"])
    assert artifact.get_entry("b").digest == wandb.Api().artifact("p/data:v1").get_entry("b").digest
    assert sorted(file.name for file in wandb.Api().artifact("p/data:v1").files()) == ["a", "b", "c"]


def test_several_runs_make_one_version_together(wandb):
    for number in range(3):
        with wandb.init(project="p", group="together") as run:
            part = wandb.Artifact("parts", type="dataset")
            with part.new_file(f"{number}.txt") as file:
                file.write(str(number))
            if number < 2:
                run.upsert_artifact(part, distributed_id="together")
            else:
                run.finish_artifact(part, distributed_id="together").wait()
    assert sorted(wandb.Api().artifact("p/parts:v0").manifest.entries) == ["0.txt", "1.txt", "2.txt"]


def test_a_version_is_linked_and_unlinked(wandb):
    log(wandb, "data", {"a": "1"})
    second = log(wandb, "data", {"a": "2"})
    linked = second.link("p/chosen", aliases=["prod"])
    assert (linked.version, linked.source_version, linked.is_link) == ("v0", "v1", True)
    found = wandb.Api().artifact("p/chosen:latest")
    assert (found.source_name, sorted(found.aliases)) == ("data:v1", ["latest", "prod"])
    assert [each.name for each in second.linked_artifacts] == ["chosen:v0"]
    again = second.link("p/chosen", aliases=["again"])
    assert (again.version, sorted(again.aliases)) == ("v0", ["again", "latest", "prod"])
    found.unlink()
    assert not wandb.Api().artifact_exists("p/chosen:latest")


def test_collections_are_listed_renamed_tagged_moved_and_deleted(wandb):
    log(wandb, "first", {"a": "1"})
    log(wandb, "second", {"a": "1"}, kind="model")
    api = wandb.Api()
    assert [each.name for each in api.artifact_types("p")] == ["dataset", "model"]
    collection = api.artifact_collection("dataset", "p/first")
    collection.name, collection.description, collection.tags = "renamed", "described", ["t"]
    collection.save()
    found = api.artifact_collection("dataset", "p/renamed")
    assert (found.description, found.tags, found.aliases) == ("described", ["t"], ["latest"])
    found.change_type("model")
    assert sorted(each.name for each in wandb.Api().artifact_type("model", "p").collections()) == ["renamed", "second"]
    found.delete()
    assert not wandb.Api().artifact_collection_exists("p/renamed", "model")
