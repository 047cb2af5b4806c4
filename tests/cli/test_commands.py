"""The other commands, the options that all of them take, and how errors are told."""

import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest

from podium.cli.main import common_options_first
from podium.cli.options import complete_model


def test_runs(podium, new_run):
    run_id = new_run(accuracy=0.9, broken=float("nan"))
    found = podium.json("runs", "list", "0", "--filter", "metrics.accuracy > 0.8")
    assert [run["run_id"] for run in found] == [run_id]
    assert run_id in podium.run("runs", "list").stdout
    assert "accuracy=0.9" in podium.run("runs", "show", run_id).stdout
    assert "NaN" in podium.run("runs", "metrics", run_id).stdout
    assert [point["value"] for point in podium.json("runs", "metrics", run_id, "accuracy")] == [0.9]
    podium.run("runs", "delete", run_id)
    assert podium.json("runs", "list", "0", "--view", "deleted")
    podium.run("runs", "restore", run_id)


def test_artifacts_go_up_and_come_down(podium, new_run, tmp_path):
    run_id = new_run()
    source = tmp_path / "note ä.txt"
    source.write_text("text")
    place = f"0/{run_id}/artifacts/notes/note ä.txt"
    assert podium.json("artifacts", "upload", source, place)[0]["size_bytes"] == 4
    assert podium.json("runs", "files", run_id, "notes") == podium.json("runs", "files", run_id, "notes/")
    assert podium.json("artifacts", "list", f"0/{run_id}/artifacts/notes")[0]["path"] == place
    podium.run("artifacts", "download", place, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "text"
    podium.run("artifacts", "delete", place)
    podium.run("artifacts", "download", place, tmp_path / "none", code=1)
    assert podium.json("artifacts", "restore", place) == {"files": 1}


def test_an_empty_file_is_a_file(podium, tmp_path):
    (tmp_path / "empty").touch()
    podium.run("artifacts", "upload", tmp_path / "empty", "free/empty")
    podium.run("artifacts", "download", "free/empty", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""


def test_projects(podium):
    created = podium.json("projects", "create", "from the shell", "--tag", "a=b")
    podium.run("projects", "rename", created["id"], "renamed")
    podium.run("projects", "tag", created["id"], "c", "d")
    podium.run("projects", "untag", created["id"], "a")
    assert "c=d" in podium.run("projects", "show", created["id"]).stdout
    podium.run("projects", "delete", created["id"])
    assert "renamed" in podium.run("projects", "list", "--view", "deleted").stdout
    podium.run("projects", "restore", created["id"])


def test_status(podium):
    answer = podium.json("status")
    assert (answer["ready"], answer["url"]) == (True, podium.url)
    assert answer["counts"]["projects"] >= 1
    assert "Version" in podium.run("status").stdout


def test_who_did_what_is_in_the_log(podium):
    podium.run("models", "create", "logged", "--user", "ann")
    events = podium.json("audit", "log", "--actor", "ann")
    assert [(event["entity_name"], event["action"]) for event in events] == [("logged", "create")]
    assert "registered_model:create" in podium.run("audit", "log", PODIUM_USER="bo").stdout
    assert podium.json("audit", "log", "--until", "2001-01-01") == []


def test_errors_are_one_line(podium):
    result = podium.run("models", "show", "absent", code=1)
    assert result.stderr == "podium: Registered Model with name=absent not found\n"
    assert result.stdout == ""
    assert "field" not in podium.run("models", "list", "--filter", "colour =", code=1).stderr


def test_a_server_that_is_not_there(podium):
    result = podium.run("--url", "http://127.0.0.1:1", "models", "list", code=1)
    assert "podium server" in result.stderr
    assert "PODIUM_URL" in result.stderr
    assert "no URL" in podium.run("models", "list", "--url", "nonsense", code=1).stderr


def test_a_team_that_is_not_there(podium):
    assert "nobody" in podium.run("models", "list", "--team", "nobody", code=1).stderr


@pytest.mark.parametrize(
    ("given", "sorted_"),
    [
        (["models", "list", "--json"], ["--json", "models", "list"]),
        (["models", "--url", "u", "show", "x"], ["--url", "u", "models", "show", "x"]),
        (["models", "show", "--team=t", "x"], ["--team=t", "models", "show", "x"]),
        (["models", "show", "--", "--json"], ["models", "show", "--", "--json"]),
        (["models", "show", "--url"], ["--url", "models", "show"]),
    ],
)
def test_common_options_may_stand_anywhere(given, sorted_):
    assert common_options_first(given) == sorted_


def test_names_of_models_are_completed(podium, monkeypatch):
    podium.run("models", "create", "Completed")
    context = SimpleNamespace(find_root=lambda: SimpleNamespace(params={"url": podium.url}))
    assert complete_model(context, "compl") == ["Completed"]
    context.find_root().params["url"] = "http://127.0.0.1:1"
    monkeypatch.setenv("PODIUM_URL", "http://127.0.0.1:1")
    absent = SimpleNamespace(find_root=lambda: SimpleNamespace(params={}))
    assert complete_model(absent, "compl") == []


def test_help_loads_nothing_heavy():
    code = (
        "import sys; import podium.cli.main; print([m for m in ('httpx', 'uvicorn', 'starlette') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def test_an_edited_event_is_found(podium, data):
    """The last test of this module: it breaks the audit trail."""
    for name in ("one", "two", "three"):
        podium.run("models", "create", f"trail {name}")
    assert podium.run("audit", "verify").stdout == "The audit trail is intact.\n"
    edited = podium.json("audit", "log", "-n", "1", "--name", "trail two")[0]["seq"]
    with sqlite3.connect(next(data.glob("*.db"))) as database:
        database.execute("UPDATE events SET actor = 'nobody' WHERE seq = ?", (edited,))
    database.close()
    result = podium.run("audit", "verify", code=1)
    assert f"broken at event {edited}:" in result.stdout


def test_projects_go_by_name_too(podium, new_run):
    new_run()
    assert podium.json("runs", "list", "Default") == podium.json("runs", "list", "0") != []
    assert podium.json("projects", "show", "Default") == podium.json("projects", "show", "0")
    refused = podium.run("runs", "list", "nowhere", code=1)
    assert "There is no project with the id or name 'nowhere'" in refused.output
