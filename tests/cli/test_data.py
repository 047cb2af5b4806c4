"""`podium gc` and `podium verify`, beside the server whose data folder it is."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from podium.cli.data import duration_ms
from podium.cli.main import app
from podium.errors import InvalidArgument
from support.server import running_server

TREE = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The data folder of a running server with a living and a deleted file."""
    folder = tmp_path / "data"
    with running_server(folder) as url, httpx.Client(base_url=url, timeout=30) as http:
        http.put(f"{TREE}/living.txt", content=b"living").raise_for_status()
        http.put(f"{TREE}/gone.txt", content=b"gone").raise_for_status()
        http.delete(f"{TREE}/gone.txt").raise_for_status()
        yield folder


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_gc_says_what_would_go_and_then_removes_it(data):
    def files(*arguments):
        done = run("gc", "--data", data, "--json", *arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)["files"]

    assert files("--older-than", "1d") == 0
    assert files("--older-than", "0", "--dry-run") == 1
    assert files("--older-than", "0") == 1
    assert files("--older-than", "0") == 0


def test_verify_exits_with_1_when_bytes_are_wrong(data):
    assert run("verify", "--data", data).exit_code == 0
    with closing(sqlite3.connect(data / "blobs" / "small.db", isolation_level=None)) as blobs:
        changed = blobs.execute("UPDATE blobs SET data = ? WHERE data = ?", (b"LIVING", b"living"))
        assert changed.rowcount == 1
    assert run("verify", "--data", data, "--quick").exit_code == 0
    found = run("verify", "--data", data)
    assert (found.exit_code, "do not have its digest" in found.stdout, "living.txt" in found.stdout) == (1, True, True)


def test_a_folder_without_a_database_is_refused_and_stays_as_it_is(tmp_path):
    refused = run("verify", "--data", tmp_path / "none")
    assert (refused.exit_code, "There is no database" in refused.output) == (1, True)
    assert not (tmp_path / "none").exists()


def test_durations():
    assert [duration_ms(text) for text in ("30d", "12h", "5m", "10s", "0")] == [2592000000, 43200000, 300000, 10000, 0]
    for wrong in ("", "30", "d", "1w", "-1d", "1d1h"):
        with pytest.raises(InvalidArgument, match="duration"):
            duration_ms(wrong)
