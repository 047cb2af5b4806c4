"""HTTP as scripts speak it: a connection that is kept, JSON both ways, and every answer looked at."""

import http.client
import json
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar
from urllib.parse import quote

API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
MIB = 1 << 20
TIMEOUT_S = 300

Item = TypeVar("Item")


class WrongAnswer(Exception):
    """A server refused, or answered something else than what was stored: no figure."""


def expect(what: str, got: object, wanted: object) -> None:
    """Return when both are equal. Raises WrongAnswer that shows them."""
    if got != wanted:
        raise WrongAnswer(f"{what}: got {str(got)[:100]}, not {str(wanted)[:100]}")


class Connection(http.client.HTTPConnection):
    """A connection to a server on the loopback address; sends at once what is written, as clients' libraries do."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port, timeout=TIMEOUT_S)

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer. Raises WrongAnswer when it is not 200."""
        data = None if body is None else json.dumps(body).encode()
        self.request(method, full(path), data, {"Content-Type": "application/json"})
        answer = self._answer(method, path)
        return json.loads(answer) if answer else {}

    def send_raw(self, method: str, path: str, body: bytes | None) -> bytes:
        """An answer as it came, for a body that is written already."""
        self.request(method, full(path), body, {"Content-Type": "application/json"})
        return self._answer(method, path)

    def put_file(self, path: str, size: int, block: bytes) -> None:
        """Upload a file of `size` bytes that is `block` over and over."""
        self.putrequest("PUT", path)
        self.putheader("Content-Type", "application/octet-stream")
        self.putheader("Content-Length", str(size))
        self.endheaders()
        left = size
        while left:
            self.sock.sendall(block[:left])
            left -= min(left, len(block))
        self._answer("PUT", path, (200, 201))

    def get_file(self, path: str, see: Callable[[memoryview], object] | None = None) -> int:
        """The length of a file that is read in blocks; each is shown to `see`."""
        buffer, length = bytearray(MIB), 0
        self.request("GET", path)
        response = self.getresponse()
        expect(f"GET {path}", response.status, 200)
        while count := response.readinto(buffer):
            if see:
                see(memoryview(buffer)[:count])
            length += count
        return length

    def _answer(self, method: str, path: str, wanted: tuple[int, ...] = (200,)) -> bytes:
        response = self.getresponse()
        answer = response.read()
        if response.status not in wanted:
            said = answer[:200].decode("utf-8", "replace")
            raise WrongAnswer(f"{method} {path.removeprefix(API).partition('?')[0]}: {response.status} {said}")
        return answer


def full(path: str) -> str:
    """The path with API before it, unless it names its own."""
    return path if path.startswith("/api") else API + path


def query(path: str, /, **parameters: str | int) -> str:
    """A path with parameters, quoted."""
    return path + "?" + "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items())


def in_parallel(work: Callable[[Item], object], items: Iterable[Item], threads: int = 4) -> None:
    """Do `work` for each of the items on so many threads; the first that raises, raises here."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, items))
