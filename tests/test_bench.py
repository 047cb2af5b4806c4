"""The benchmark itself: every workload gives a figure, and a wrong answer gives none."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from bench import __main__ as command
from bench import growth, peers, race, report
from bench.client import Connection, WrongAnswer
from bench.limits import limits
from bench.load import NUMBER, Ask, Threads, Traffic, lua, rate
from bench.postgres import Cluster
from bench.race import Race, Result
from bench.servers import Server, running
from bench.sizes import SMOKE
from bench.workloads import OF_WANDB, WORKLOADS
from bench.workloads.base import Setup, Workload, drive
from bench.workloads.files import download
from bench.workloads.registry import resolve_alias
from bench.workloads.runs import search_runs
from bench.workloads.tracking import log_metric

SETUP = Setup(SMOKE, Threads())
WRK_PRINTED = """Running 4s test @ http://127.0.0.1:5000
  1 threads and 8 connections
  12345 requests in 4.00s, 3.21MB read
Requests/sec:   3086.25
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No race waits until the machine is quiet: other tests run beside it."""
    monkeypatch.setattr(race, "settle", lambda: None)


@pytest.fixture(scope="module")
def podium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    peer = peers.podium()
    with running(peer.name, peer.commands["sqlite"], tmp_path_factory.mktemp("bench")) as server:
        yield server


def forge(monkeypatch: pytest.MonkeyPatch, path: str, change: Any) -> None:
    """Let answers of `path` arrive changed."""
    honest = Connection.call

    def call(self: Connection, method: str, asked: str, body: Any = None) -> Any:
        answer = honest(self, method, asked, body)
        return change(answer) if asked.startswith(path) else answer

    monkeypatch.setattr(Connection, "call", call)


def test_a_small_race_gives_every_figure_and_the_page_its_tables(tmp_path: Path):
    race = Race([peers.podium()], tmp_path, SETUP, rounds=1)
    known = limits(tmp_path, SETUP, None)
    measured = race.limits(known)
    results = [*race.starts(), *race.run(WORKLOADS)]
    named = {result.name: result for result in results}
    assert set(named) == {workload.name for workload in WORKLOADS} | {"start", "idle", "loaded"}
    assert {name: result.failed for name, result in (named | measured).items() if result.failed} == {}
    assert all(result.median("podium") for result in results)
    assert all(result.median("limit") for result in measured.values())
    found = report.Report(
        date="2026-01-01",
        command="make bench",
        rounds=1,
        sent_by="threads",
        facts={"Python": "3.11"},
        versions={"podium": "0.1.0"},
        absent=["mlflow is not installed."],
        limits=measured,
        limit_meanings={name: limit.meaning for name, limit in known.items()},
        results=results,
    )
    text = report.markdown(found, WORKLOADS)
    for name in (*named, *measured, "mlflow is not installed"):
        assert name in text
    report.write_json(found, tmp_path / "figures.json")
    assert len(json.loads((tmp_path / "figures.json").read_text())["results"]) == len(results)


@pytest.mark.parametrize("workload", OF_WANDB, ids=lambda workload: workload.name)
def test_the_client_of_wandb_gives_each_of_its_figures(podium: Server, workload: Workload):
    figure = workload.run(podium, SETUP)
    assert figure > 0 or workload.name == "wandb_log_online"  # a difference, which may be too small to see


def test_peers_that_do_not_speak_wandb_s_protocol_are_left_out_with_the_reason(podium: Server, monkeypatch):
    monkeypatch.setattr(podium, "name", "mlflow")
    for workload in OF_WANDB:
        with pytest.raises(WrongAnswer, match="does not speak W&B's protocol"):
            workload.run(podium, SETUP)


def test_a_race_on_postgresql_gives_each_server_a_database_of_its_own(tmp_path: Path, postgres_url: str):
    cluster = Cluster(postgres_url)
    race = Race([peers.podium()], tmp_path, SETUP, rounds=1, new_address=cluster.new_database)
    tag, _ = race.run([workload for workload in WORKLOADS if workload.name == "set_run_tag"])
    assert tag.median("podium")
    with psycopg.connect(f"postgresql://{cluster.new_database('other')}") as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = 'podium'").fetchone()
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    known = limits(tmp_path, SETUP, cluster.new_database("limits"))
    measured = race.limits({name: known[name] for name in ("commits", "rows in batches")})
    assert all(result.median("limit") for result in measured.values())


def test_rows_in_the_wrong_order_fail_a_search(podium: Server, monkeypatch: pytest.MonkeyPatch):
    search_runs(podium, SETUP)
    forge(monkeypatch, "/runs/search", lambda answer: {"runs": answer["runs"][::-1]})
    with pytest.raises(WrongAnswer, match="runs, in order"):
        search_runs(podium, SETUP)


def test_an_alias_on_another_version_fails_its_workload(podium: Server, monkeypatch: pytest.MonkeyPatch):
    forge(
        monkeypatch,
        "/registered-models/alias?",
        lambda answer: {"model_version": answer["model_version"] | {"version": "2"}},
    )
    with pytest.raises(WrongAnswer, match="version: got 2, not 1"):
        resolve_alias(podium, SETUP)


def test_points_that_are_acknowledged_and_not_there_fail_a_workload(podium: Server, monkeypatch: pytest.MonkeyPatch):
    forge(monkeypatch, "/metrics/get-history", lambda _: {"metrics": []})
    with pytest.raises(WrongAnswer, match="not stored"):
        log_metric(podium, SETUP)


def test_a_file_with_other_bytes_fails_the_download(podium: Server):
    download(podium, SETUP)
    path, block = podium.kept["big file"]
    podium.kept["big file"] = path, bytes(len(block))
    with pytest.raises(WrongAnswer, match="SHA-256"):
        download(podium, SETUP)


def test_a_refusal_fails_a_workload_with_the_server_s_words(podium: Server):
    with pytest.raises(WrongAnswer, match=r"404.*RESOURCE_DOES_NOT_EXIST"):
        drive(podium, SETUP, Traffic((Ask("GET", "/runs/get?run_id=none"),)))


def test_one_server_s_failure_is_a_result_and_the_race_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    forge(monkeypatch, "/runs/search", lambda answer: {"runs": answer["runs"][:1]})
    searches = [workload for workload in WORKLOADS if workload.name in {"search_runs", "set_run_tag"}]
    tag, search, loaded = Race([peers.podium()], tmp_path, SETUP, rounds=1).run(searches)
    assert search.median("podium") is None
    assert "runs, in order" in search.failed["podium"]
    assert tag.median("podium")
    assert loaded.median("podium")


def test_ratios_above_one_are_always_in_favour():
    assert Result("r", "requests/s", {"podium": [10, 30, 20], "mlflow": [5]}).ratio("podium", "mlflow") == 4
    assert Result("l", "ms", {"podium": [2], "mlflow": [8]}).ratio("podium", "mlflow") == 4
    assert Result("l", "ms", {"podium": [2]}, {"mlflow": "refused"}).ratio("podium", "mlflow") is None


def test_wrk_is_given_the_requests_in_turn_and_its_rate_is_read():
    ask = Ask("POST", "/runs/set-tag", f'{{"value":"{NUMBER}"}}')
    script = lua(Traffic((ask, Ask("GET", "/runs/get")), cycle=50))
    assert '[==[POST]==], [==[/api/2.0/mlflow/runs/set-tag]==], nil, [==[{"value":"]==]..n..[==["}]==]' in script
    assert "[==[/api/2.0/mlflow/runs/get]==], nil, nil" in script
    assert "asks[count % 2 + 1](count % 50 + 1)" in script
    found = rate(WRK_PRINTED)
    assert (found.requests, found.per_second) == (12345, 3086.25)


@pytest.mark.parametrize("line", ["  Non-2xx or 3xx responses: 7", "  Socket errors: connect 0, read 3, write 0"])
def test_a_failed_answer_among_many_fails_the_rate(line: str):
    with pytest.raises(WrongAnswer, match=line.strip()):
        rate(f"{WRK_PRINTED}{line}\n")


def test_tables_replace_what_stood_between_the_markers_and_nothing_else():
    page = "prose\n<!-- race: written by make -->\nold\n<!-- end of race -->\nmore prose\n"
    written = report.replace_block(page, "race", "new")
    assert written == "prose\n<!-- race: written by make -->\n\nnew\n\n<!-- end of race -->\nmore prose\n"
    with pytest.raises(ValueError, match="growth: written by make"):
        report.replace_block(page, "growth", "new")


def test_growth_is_measured_when_asked_for_and_written_to_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    page = tmp_path / "performance.md"
    page.write_text("<!-- growth: written by make -->\n<!-- end of growth -->\n")
    growth = SimpleNamespace(measure=lambda folder: [folder.name], table=lambda lines: f"| {lines[0]} |")
    monkeypatch.setitem(sys.modules, "bench.growth", growth)
    monkeypatch.setattr(command, "PAGE", page)
    assert command.main(["--growth", "--place", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "| growth |\n"
    assert page.read_text() == "<!-- growth: written by make -->\n\n| growth |\n\n<!-- end of growth -->\n"


def test_an_unknown_workload_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        command.main(["--only", "log_metric,nothing"])
    assert "'nothing' is none of log_metric, log_batch" in capsys.readouterr().err


def test_a_peer_that_is_not_installed_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FML", "/nowhere/fml")
    there, absent = peers.find((peers.FASTTRACKML,))
    assert [peer.name for peer in there] == ["podium"]
    assert absent == ["FastTrackML is not installed; put its `fml` on the PATH, or name it with FML=."]


def test_growth_asks_every_question(tmp_path: Path):
    lines = growth.measure(tmp_path, databases=("sqlite",), sizes=(2_000,), rounds=1)
    assert len(lines) > 70
    assert all(line.least_ms > 0 for line in lines)
