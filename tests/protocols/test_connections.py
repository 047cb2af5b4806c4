"""Clients that send no HTTP, send slowly or nothing, or do not read: refused in time, and nobody else waits."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from podium.asgi.limits import MAX_HEAD_BYTES
from support.server import running_server
from support.sockets import connect, connections, exchange, request, rest_of

TIMEOUT_S = 0.5
# The system may end more than one wait of the server late when the machine is busy.
SLACK_S = 4
CONNECTIONS = 150

PROJECTS = "/api/2.0/mlflow/experiments/create"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
NAMED = b'{"name": "from a socket"}'
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connections")


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """A server that soon runs out of patience."""
    with running_server(folder, client_timeout=TIMEOUT_S) as url:
        yield url


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that waits for long, and takes few connections."""
    with running_server(tmp_path_factory.mktemp("crowded"), max_connections=CONNECTIONS) as url:
        yield url


@pytest.fixture(autouse=True)
def nothing_is_written(url: str, folder: Path) -> Iterator[None]:
    """None of what is sent here may leave anything: no project, no file, no bytes."""
    yield
    found = httpx.get(f"{url}/api/v1/projects").json()["items"]
    assert [project["name"] for project in found] == ["Default"]
    assert httpx.get(f"{url}{FILES}").json().get("files", []) in (
        [],
        [{"path": "big", "is_dir": False, "file_size": BIG}],
    )
    deadline = time.monotonic() + SLACK_S
    while list(folder.glob("blobs/tmp/*")):
        assert time.monotonic() < deadline, "a body that broke off is still there"
        time.sleep(0.01)


BIG = 24 << 20


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request("POST", PROJECTS, "Content-Length: 25", "Content-Length: 2", body=NAMED), 400),
        (request("POST", PROJECTS, "Content-Length: 25", CHUNKED, body=NAMED), 400),
        (request("POST", PROJECTS, "Content-Length: -1", body=NAMED), 400),
        (request("POST", PROJECTS, "Content-Length: +25", body=NAMED), 400),
        (request("POST", PROJECTS, f"Content-Length: {10**30}", body=NAMED), 400),
        (request("POST", PROJECTS, f"Content-Length: {2**63}", body=NAMED), 413),
        (request("POST", PROJECTS, CHUNKED, body=b"zz\r\n" + NAMED + b"\r\n0\r\n\r\n"), 400),
        (request("POST", PROJECTS, CHUNKED, body=b"2\r\n" + NAMED + b"\r\n0\r\n\r\n"), 400),
        (request("POST", PROJECTS, CHUNKED, body=b"f" * 20 + b"\r\n" + NAMED), 400),
        (request("PUT", f"{FILES}/a", CHUNKED, body=b"3\r\nabc\r\nno\r\n"), 400),
        (request("POST", PROJECTS, "Transfer-Encoding: tea", body=NAMED), 400),
        (request("GET", "/", "X: a\x00b"), 400),
        (request("GET", "/", "X: a\x7fb"), 400),
        (request("GET", "/\xff"), 400),
        (request("GET", "/", "X: " + "a" * (1 << 20)), 431),
        (request("GET", "/", *["X: a"] * 40_000), 431),
        (request("GET", "/" + "a" * (1 << 20)), 431),
        (request("GET", "/" + "a" * MAX_HEAD_BYTES), 431),
        (request("POST", PROJECTS, CHUNKED, body=b"2\r\n{}\r\n0\r\nX: " + b"a" * (1 << 20)), 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"\r\n" * MAX_HEAD_BYTES, 431),
    ],
    ids=lambda value: value[:60].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_what_is_no_request_is_refused_at_once(url: str, sent: bytes, status: int):
    answer = exchange(url, sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]


def test_a_client_that_says_nothing_is_sent_away(url: str):
    with connect(url) as connection:
        assert rest_of(connection) == b""


def test_a_head_has_to_come_in_time_however_it_is_stretched(url: str):
    started = time.monotonic()
    with connect(url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        answer = b""
        while not answer:
            connection.sendall(b"a")
            connection.settimeout(0.2)
            try:
                answer = connection.recv(1 << 16)
            except TimeoutError:
                assert time.monotonic() - started < TIMEOUT_S + SLACK_S
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"within 0.5 seconds" in answer


@pytest.mark.parametrize(
    ("drips", "method", "path", "form"),
    [
        (False, "POST", PROJECTS, b'"error_code":"DEADLINE_EXCEEDED"'),
        (True, "PUT", f"{FILES}/a", b'"error_code":"DEADLINE_EXCEEDED"'),
        (True, "POST", "/api/v1/projects", b'"type":"urn:podium:problem:too-slow"'),
        (False, "PUT", "/api/v1/artifacts/a", b'"type":"urn:podium:problem:too-slow"'),
    ],
)
def test_a_body_that_stops_or_drips_is_refused_in_the_clients_form(url: str, drips, method, path, form):
    started = time.monotonic()
    with connect(url) as connection:
        connection.sendall(request(method, path, "Content-Length: 1000", body=NAMED))
        connection.settimeout(0.2)
        answer = b""
        while not answer:
            try:
                if drips:
                    connection.sendall(b" ")
                answer = connection.recv(1 << 16)
            except TimeoutError:
                assert time.monotonic() - started < TIMEOUT_S + SLACK_S
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert form in answer
    assert b"within 0.5 seconds" in answer


def test_a_body_that_is_refused_early_is_read_for_a_while_and_no_longer(url: str):
    started = time.monotonic()
    with connect(url) as connection:
        connection.sendall(request("PUT", f"{FILES}/%2e%2e/a", "Content-Length: 1000000"))
        assert b"Invalid path" in connection.recv(1 << 16)
        with pytest.raises(OSError, match=r"reset|pipe"):
            _send_for(connection, TIMEOUT_S + SLACK_S)
    assert time.monotonic() - started > 0.9 * TIMEOUT_S


def _send_for(connection: socket.socket, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection.sendall(b"more")
        time.sleep(0.05)


def test_a_connection_goes_on_behind_an_early_refusal(url: str):
    with connect(url) as connection:
        connection.sendall(request("PUT", f"{FILES}/%2e%2e/a", "Content-Length: 300000", body=b"x" * 300_000))
        connection.sendall(request("GET", "/health", "Connection: close"))
        assert rest_of(connection).endswith(b"OK")


def test_requests_sent_ahead_are_answered_in_turn_and_not_without_end(url: str):
    ahead = request("GET", "/health") * 20 + request("GET", "/health", "Connection: close")
    assert exchange(url, ahead).count(b"HTTP/1.1 200 OK") == 21
    assert exchange(url, request("GET", "/health") * 20_000).count(b"HTTP/1.1 200 OK") < 100


def test_stalled_uploads_hold_no_thread(crowded: str):
    begun = request("PUT", f"{FILES}/stalled", "Content-Length: 1000000", body=b"x" * 2000)
    with connections(crowded, 60, begun):
        before = time.monotonic()
        assert httpx.put(f"{crowded}{FILES}/quick", content=b"x").status_code == 200
        assert time.monotonic() - before < SLACK_S  # where waiting for the others would take their time-out


@pytest.mark.parametrize("sent", [b"", b"GET / HT", request("GET", "/health")], ids=["silent", "half a head", "idle"])
def test_more_idle_connections_than_are_allowed_stop_nobody(crowded: str, sent: bytes):
    with connections(crowded, 500, sent):
        before = time.monotonic()
        for _ in range(3):
            assert httpx.get(f"{crowded}/ready", timeout=5).status_code == 200
        assert time.monotonic() - before < SLACK_S  # where waiting for the others would take their time-out


def test_when_every_connection_has_work_a_further_one_is_told_so(crowded: str):
    with connections(crowded, CONNECTIONS, request("PUT", f"{FILES}/{'x' * 10}", "Content-Length: 10")):
        with connect(crowded) as further:
            answer = rest_of(further)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Too many connections" in answer


class TestReaders:
    @pytest.fixture
    def asked(self, url: str) -> Iterator[socket.socket]:
        """A connection that asked for more than fits on the way to it."""
        stored = httpx.put(f"{url}{FILES}/big", content=b"0123456789abcdef" * (BIG // 16), timeout=30)
        assert stored.status_code == 200
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            host, port = url.removeprefix("http://").split(":")
            connection.settimeout(TIMEOUT_S + SLACK_S)
            connection.connect((host, int(port)))
            connection.sendall(request("GET", f"{FILES}/big", "Connection: close"))
            yield connection

    def test_one_that_does_not_read_is_cut_off(self, asked: socket.socket):
        time.sleep(3 * TIMEOUT_S)
        assert len(rest_of(asked)) < BIG

    def test_one_that_reads_slowly_gets_everything(self, asked: socket.socket):
        slow_until = time.monotonic() + 3 * TIMEOUT_S
        received = 0
        while piece := asked.recv(1 << 16):
            received += len(piece)
            if time.monotonic() < slow_until:
                time.sleep(0.1)
        assert received > BIG
