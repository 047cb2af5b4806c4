"""Large bodies are received past the HTTP parser; before, within and after them the connection is as any other."""

import hashlib
import random
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial

import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from podium.asgi.bodies import upload_body
from podium.asgi.connections import Limits, PatientProtocol
from podium.asgi.large_bodies import LARGE_BYTES
from podium.errors import TooSlow

BODY = random.Random(5).randbytes(3 * LARGE_BYTES + 17)
SIZE = len(BODY)
DIGEST = hashlib.sha256(BODY).hexdigest().encode()


class Recorder:
    """An application that reads bodies as their path says, and answers with the digest of what it read."""

    def __init__(self):
        self.gone = threading.Event()

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        read = getattr(self, f"_{scope['path'].strip('/')}")
        try:
            answer = await read(upload_body(request))
        except ClientDisconnect:
            self.gone.set()
            raise
        except TooSlow as error:
            answer = error.message
        await Response(answer)(scope, receive, send)

    async def _chunks(self, body):
        found = hashlib.sha256()
        async for chunk in body:
            found.update(chunk)
        return found.hexdigest()

    async def _odd_buffers(self, body):
        found, buffer = hashlib.sha256(), memoryview(bytearray(100_003))
        while count := await body.read_into(buffer):
            found.update(buffer[:count])
        return found.hexdigest()

    async def _first_bytes(self, body):
        await body.read_into(memoryview(bytearray(200_000)))
        return "enough"

    async def _nothing(self, _):
        return "not read"


@contextmanager
def serving(app, loop, timeout_s=60.0):
    protocol = partial(PatientProtocol, limits=Limits(timeout_s=timeout_s, max_connections=100))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, loop=loop, http=protocol, lifespan="off", access_log=False, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(15)


@pytest.fixture(params=["uvloop", "asyncio"])
def recorder(request):
    app = Recorder()
    with serving(app, request.param) as app.address:
        yield app


@pytest.fixture
def client(recorder):
    with socket.create_connection(recorder.address, timeout=20) as connected:
        yield connected


def head(path, size=SIZE, more=""):
    return f"PUT /{path} HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n{more}\r\n".encode()


def answers(client, count):
    """The bodies of the next answers."""
    found, data = [], b""
    while len(found) < count:
        before, separator, after = data.partition(b"\r\n\r\n")
        length = int(before.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if separator and len(after) >= length:
            assert before.startswith(b"HTTP/1.1 200")
            found.append(after[:length])
            data = after[length:]
            continue
        received = client.recv(65_536)
        assert received, f"closed after {found}"
        data += received
    assert data == b""
    return found


@pytest.mark.parametrize("path", ["chunks", "odd_buffers"])
def test_a_large_body_arrives_whole_and_the_connection_lives_on(client, path):
    for _ in range(2):
        client.sendall(head(path) + BODY)
        assert answers(client, 1) == [DIGEST]


def test_a_body_that_comes_in_drops_arrives_whole(client):
    client.sendall(head("odd_buffers"))
    for at in range(0, len(BODY), 500_000):
        client.sendall(BODY[at : at + 500_000])
        time.sleep(0.01)
    assert answers(client, 1) == [DIGEST]


def test_requests_sent_behind_a_large_body_are_answered_in_turn(client):
    small = head("chunks", 5) + b"small"
    client.sendall(small + head("odd_buffers") + BODY + small + head("chunks") + BODY)
    five = hashlib.sha256(b"small").hexdigest().encode()
    assert answers(client, 4) == [five, DIGEST, five, DIGEST]


@pytest.mark.parametrize(("path", "answer"), [("nothing", b"not read"), ("first_bytes", b"enough")])
def test_an_answer_before_the_end_of_the_body_leaves_the_connection_usable(client, path, answer):
    client.sendall(head(path) + BODY)
    assert answers(client, 1) == [answer]
    client.sendall(head("odd_buffers") + BODY)
    assert answers(client, 1) == [DIGEST]


def test_a_client_that_waits_to_be_told_is_told_to_go_on(client):
    client.sendall(head("odd_buffers", more="expect: 100-continue\r\n"))
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(BODY)
    assert answers(client, 1) == [DIGEST]


def test_the_application_is_told_when_the_client_goes_away(recorder, client):
    client.sendall(head("odd_buffers") + BODY[: 2 * LARGE_BYTES])
    time.sleep(0.1)
    client.close()
    assert recorder.gone.wait(10)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_client_that_stops_sending_is_told_and_cut_off(loop):
    with serving(Recorder(), loop, timeout_s=0.3) as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(head("odd_buffers") + BODY[: 2 * LARGE_BYTES])
        [answer] = answers(client, 1)
        assert answer.startswith(b"The request's body stopped, ")
        assert client.recv(100) == b""


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_connection_is_kept_behind_a_large_body(loop):
    with serving(Recorder(), loop, timeout_s=0.5) as address, socket.create_connection(address, timeout=20) as client:
        client.sendall(head("odd_buffers") + BODY)
        assert answers(client, 1) == [DIGEST]
        time.sleep(0.8)  # longer than a body may pause
        client.sendall(head("odd_buffers") + BODY)
        assert answers(client, 1) == [DIGEST]
