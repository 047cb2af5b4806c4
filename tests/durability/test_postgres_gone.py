"""PostgreSQL that crashes under load, is away for a while, and comes back."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
import uvloop
from greenlet import greenlet

from podium.store.postgres_session import Session
from support.database import Database, private_database
from support.process import ServerProcess, failed_start, server_process
from support.soundness import check_sound
from support.writers import Writer, check_acknowledged, wait_for_writes, writing

AWAY_S = 5.0
DEADLINE_S = 60.0  # for what takes a second or two on an idle machine
LONGEST_ANSWER_S = 8.0  # a wait for a connection, behind another one, on a busy machine


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with private_database(tmp_path_factory.mktemp("private")) as started:
        yield started


def test_the_server_outlives_a_crash_of_postgresql(database: Database, tmp_path: Path):
    data = tmp_path / "data"
    options = ("--database-url", database.url, "--log-level", "error")
    with server_process(data, tmp_path / "log", *options) as server:
        with writing([server], patient=True) as writers:
            wait_for_writes(writers, 150)
            database.kill()
            look_at_the_outage(server)
            come_back(database, server)
            wait_for_writes(writers, sum(writer.count for writer in writers) + 150)
        check_refusals(writers)
        check_acknowledged(server, writers)
    check_sound(data, database.url)


def look_at_the_outage(server: ServerProcess) -> None:
    """What is asked meanwhile is refused, quickly, in the form that MLflow's client reads."""
    until = time.monotonic() + AWAY_S
    with server.http() as http:
        while time.monotonic() < until:
            answer = http.get("/mlflow/experiments/get?experiment_id=0")
            assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
            assert answer.elapsed.total_seconds() < LONGEST_ANSWER_S
    ready = server.ready()
    assert (ready.status_code, ready.json()["checks"]["blobs"]) == (503, "ok")
    assert "PostgreSQL does not answer" in ready.json()["checks"]["database"]
    assert httpx.get(f"{server.url}/health").status_code == 200


def come_back(database: Database, server: ServerProcess) -> None:
    database.start()
    wait_until(lambda: server.ready().status_code == 200, "the server does not find PostgreSQL again")


def check_refusals(writers: list[Writer]) -> None:
    refused = [refusal for writer in writers for refusal in writer.refused]
    assert {answer["error_code"] for _, answer in refused} == {"TEMPORARILY_UNAVAILABLE"}
    assert max(seconds for seconds, _ in refused) < LONGEST_ANSWER_S


def test_a_backend_that_is_reset_with_its_last_answer_unread_is_noticed(database: Database):
    with psycopg.connect(database.url, autocommit=True) as connection:
        uvloop.run(reset_with_an_answer_unread(Session(connection), connection.info.backend_pid))
    wait_until(database.answers, "PostgreSQL does not recover")


async def reset_with_an_answer_unread(session: Session, backend: int) -> None:
    """It is killed with an answer of it on the way, and a statement to it that it never took: a reset, not an end."""
    loop = asyncio.get_running_loop()
    session.attach(loop)

    def ask(outcome: asyncio.Future[None]) -> None:
        session.begin("BEGIN")
        session.queue("SELECT 1", ())
        try:
            session.look()
            session.leave()
            outcome.set_result(None)
        except psycopg.Error as error:
            outcome.set_exception(error)

    answered, refused = loop.create_future(), loop.create_future()
    greenlet(ask).switch(answered)
    await answered
    session.tidy()  # from here to the reset the loop stands still, and the answer to this is not read
    time.sleep(0.2)  # noqa: ASYNC251
    os.kill(backend, signal.SIGSTOP)
    greenlet(ask).switch(refused)
    os.kill(backend, signal.SIGKILL)
    time.sleep(0.2)  # noqa: ASYNC251
    with pytest.raises(psycopg.OperationalError):
        await asyncio.wait_for(refused, 10)
    assert session.broken


def test_a_worker_process_that_dies_meanwhile_is_replaced_afterwards(database: Database, tmp_path: Path):
    options = ("--database-url", database.url, "--workers", "2")
    with server_process(tmp_path / "data", tmp_path / "log", *options) as server:
        started = "Application startup complete"
        wait_until(lambda: server.log.read_text().count(started) == 2, "the workers do not start")
        first = wait_for_workers(server)
        database.kill()
        first[0].kill()
        # The replacement fails at least once, which must not end the others.
        wait_until(lambda: "a worker process cannot start" in server.log.read_text(), "no worker was replaced")
        assert server.process.poll() is None
        come_back(database, server)
        assert first[1] in wait_for_workers(server)
        assert server.ready().status_code == 200


def wait_for_workers(server: ServerProcess) -> list[psutil.Process]:
    """The two worker processes, once both run."""
    parent = psutil.Process(server.pid)

    def workers() -> list[psutil.Process]:
        return [child for child in parent.children() if _is_worker(child)]

    wait_until(lambda: len(workers()) == 2, "there are not two workers")
    return workers()


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:  # it ends at this moment
        return False


def wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, otherwise
        time.sleep(0.05)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_start_without_postgresql_says_so(tmp_path: Path, workers: str):
    url = "postgresql://nobody@127.0.0.1:1/none"
    code, printed = failed_start(tmp_path / "data", "--database-url", url, "--workers", workers)
    assert code == 2
    assert "PostgreSQL at the given database URL cannot be used: " in printed
    assert "Connection refused" in printed
    assert "Traceback" not in printed
