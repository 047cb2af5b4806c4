"""A backup taken while eight clients write is restored elsewhere: what was acknowledged before it began is there."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from podium.cli.main import app
from support.server import running_server
from support.steady_writers import DEADLINE_S, check_written, running_writers


def podium(*arguments: object, code: int = 0) -> str:
    """What a command prints that ends with `code`."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.output


def target(data: Path, database_url: str | None) -> list[object]:
    return ["--data", data, *(["--database-url", database_url] if database_url else [])]


@pytest.mark.parametrize(
    ("source", "destination"),
    [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("sqlite", "postgresql")],
)
def test_what_was_acknowledged_before_a_backup_is_restored(source, destination, tmp_path, request):
    def database(kind):
        return request.getfixturevalue("new_postgres_database")() if kind == "postgresql" else None

    origin, restored = (tmp_path / "a", database(source)), (tmp_path / "b", database(destination))
    with running_server(*origin) as url, running_writers(url) as writers:
        early = writers.wait_for(32)
        podium("backup", tmp_path / "backups", *target(*origin))
        writers.wait_for(len(writers.written()) + 8)  # they were not held up for good
        acknowledged = writers.written()
        podium("backup", tmp_path / "backups", *target(*origin))
    podium("restore", tmp_path / "backups", *target(*restored))
    assert "Everything fits." in podium("verify", *target(*restored))
    with running_server(*restored) as url:
        check_written(url, [*early, *acknowledged])
        with running_writers(url, 2, "later") as writers:  # it goes on, with keys that were never given out
            writers.wait_for(4)


def test_a_backup_that_was_killed_is_none_and_the_next_one_is_whole(tmp_path):
    backups = tmp_path / "backups"
    with running_server(tmp_path / "a") as url, running_writers(url) as writers:
        first = writers.wait_for(24)
        podium("backup", backups, "--data", tmp_path / "a")
        kept = podium("restore", backups, "--check", "--json")
        writers.wait_for(len(first) + 24)
        _kill_while_copying(backups, tmp_path / "a")
        left = {path.name for path in (backups / "snapshots").iterdir()}
        assert left == {json.loads(kept)["backup"], ".unfinished"}
        assert podium("restore", backups, "--check", "--json") == kept
        later = writers.written()
        podium("backup", backups, "--data", tmp_path / "a")
    podium("restore", backups, "--data", tmp_path / "now")
    podium("restore", backups, "--data", tmp_path / "then", "--backup", json.loads(kept)["backup"])
    for folder, expected in (("now", later), ("then", first)):
        assert "Everything fits." in podium("verify", "--data", tmp_path / folder)
        with running_server(tmp_path / folder) as url:
            check_written(url, expected)


def _kill_while_copying(backups: Path, data: Path) -> None:
    """Start a backup, which comes to a file whose bytes do not come, and kill it there."""
    kept = backups / "blobs" / "sha256"
    before = files_below(kept)
    awaited = data / "blobs" / "sha256" / min(files_below(data / "blobs" / "sha256") - before)
    content = awaited.read_bytes()
    awaited.unlink()
    os.mkfifo(awaited)
    command = [sys.executable, "-m", "podium", "backup", str(backups), "--data", str(data)]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + DEADLINE_S
    while files_below(kept) == before:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    awaited.unlink()
    awaited.write_bytes(content)


def files_below(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.glob("*/*")}
