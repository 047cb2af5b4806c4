"""`podium backup` and `podium restore`, and what they say."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from podium.app import Podium
from podium.cli.main import app
from podium.domain.backups import UNFINISHED_RESTORE
from podium.errors import StorageUnavailable
from podium.settings import Settings
from support.server import running_server

CONTENT = b"content" * 10_000  # a file of its own; smaller ones are rows
TREE = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a server that has ended, with one file."""
    folder = tmp_path / "data"
    with running_server(folder) as url:
        httpx.put(f"{url}{TREE}/file.txt", content=CONTENT, timeout=30).raise_for_status()
    return folder


def run(*arguments: object, code: int = 0):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done


def test_back_up_check_and_restore(data, tmp_path):
    backups = tmp_path / "backups"
    made = run("backup", backups, "--data", data)
    assert "0 runs, 0 registered models" in made.stdout
    assert "New were 1 blobs, 70.0 kB." in made.stdout
    told = json.loads(run("backup", backups, "--data", data, "--keep", 1, "--json").stdout)
    assert (told["new_blobs"], len(told["removed"]), told["manifest"]["blobs"]["count"]) == (0, 1, 1)
    assert run("restore", backups, "--check").stdout.startswith(f"Whole: {told['backup']}, 0 runs")
    restored = run("restore", backups, "--backup", told["backup"], "--data", tmp_path / "restored")
    assert restored.stdout.startswith(f"Restored: {told['backup']}, 0 runs")
    with running_server(tmp_path / "restored") as url:
        assert httpx.get(f"{url}{TREE}/file.txt", timeout=30).content == CONTENT


def test_bytes_that_were_lost_before_are_told_of_by_both_commands(data, tmp_path):
    blobs = [path for path in (data / "blobs" / "sha256").glob("*/*") if path.is_file()]
    blobs[0].unlink()
    made = run("backup", tmp_path / "backups", "--data", data, code=1)
    assert "The data has lost the bytes with the SHA-256" in made.stderr
    restored = run("restore", tmp_path / "backups", "--data", tmp_path / "restored", code=1)
    assert "The blob is missing. A file that needs it: file.txt" in restored.stdout
    assert "Restored as it was backed up, with the problems above." in restored.stderr


def test_what_cannot_be_done_is_said_in_one_line(data, tmp_path):
    assert "There is no database in" in run("backup", tmp_path / "b", "--data", tmp_path / "none", code=1).stderr
    assert not (tmp_path / "b").exists()
    assert "There is no backup in" in run("restore", tmp_path / "b", "--data", tmp_path / "r", code=1).stderr
    run("backup", tmp_path / "b", "--data", data)
    refused = run("restore", tmp_path / "b", "--data", data, code=1)
    assert refused.stderr.strip() == f"podium: The data folder {data} is not empty: name a new one with --data."


def test_no_command_opens_a_folder_whose_restore_was_not_finished(data):
    (data / UNFINISHED_RESTORE).mkdir()
    assert "was not finished" in run("verify", "--data", data, code=1).stderr
    with pytest.raises(StorageUnavailable, match="run the same `podium restore` again"):
        Podium(Settings(data=str(data)))


def test_verify_tells_each_problem_in_a_line_or_as_json(data):
    blob = next(path for path in (data / "blobs" / "sha256").glob("*/*") if path.is_file())
    blob.write_bytes(CONTENT.upper())
    digest = blob.parent.name + blob.name
    text = run("verify", "--data", data, code=1).stdout.splitlines()
    assert text == [f"blob {digest}: The blob's bytes do not have its digest. A file that needs it: file.txt"]
    told = [json.loads(line) for line in run("verify", "--data", data, "--json", code=1).stdout.splitlines()]
    assert [(problem["part"], problem["subject"]) for problem in told] == [("blob", digest)]
