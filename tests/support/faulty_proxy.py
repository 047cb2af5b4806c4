"""A network between a client and a server that breaks when it is told to."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

_PATIENCE_S = 60


class Seen(NamedTuple):
    """A request, as `METHOD /path operation` with the name of a GraphQL operation, and how it went: 0 is no answer."""

    what: str
    status: int


class Handler(BaseHTTPRequestHandler):
    """Passes requests on, and answers back, but for what the network was told to break."""

    protocol_version = "HTTP/1.1"
    server: "FaultyProxy"

    def handle_one_request(self) -> None:
        with suppress(OSError):  # clients close connections when they like
            super().handle_one_request()

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        what = f"{self.command} {self.path}{_operation(self.path, body)}"
        fault = self.server.next_fault(what)
        if fault is None:
            status, headers, answer = self._forward(body)
            self.server.seen.append(Seen(what, status))  # before the client hears of it, and the test goes on
            self._answer(status, headers, answer)
        else:
            fault(self, body)
            self.close_connection = True
            self.server.seen.append(Seen(what, 0))

    do_GET = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815  names that the library wants

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(self.server.target, timeout=_PATIENCE_S)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except (OSError, HTTPException):
            return 0, [], b""
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if not status:  # the server is away
            self.close_connection = True
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self, body: bytes) -> None:
        """The connection breaks when the server has got half of the body."""
        head = f"{self.command} {self.path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in self.headers.items())
        host, port = self.server.target.split(":")
        with socket.create_connection((host, int(port)), timeout=_PATIENCE_S) as connection:
            connection.sendall(head.encode() + b"\r\n" + body[: len(body) // 2])

    def lose_answer(self, body: bytes) -> None:
        """The server does all of it, and the client hears nothing."""
        self._forward(body)


Fault = Callable[[Handler, bytes], None]


class FaultyProxy(ThreadingHTTPServer):
    """Each fault of the plan happens once, to the next request that its pattern finds; of several, in their order.

    None lets that request pass: clients wait the longer the more often they tried in vain.
    """

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = urlsplit(target).netloc
        self.plan: list[tuple[str, Fault | None]] = []
        self.seen: list[Seen] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_fault(self, what: str) -> Fault | None:
        with self._lock:
            found = next((entry for entry in self.plan if re.search(entry[0], what)), None)
            if found is None:
                return None
            self.plan.remove(found)
            return found[1]

    def statuses(self, pattern: str) -> list[int]:
        """What the requests that a pattern finds were answered with."""
        return [seen.status for seen in list(self.seen) if re.search(pattern, seen.what)]


def _operation(path: str, body: bytes) -> str:
    if path != "/graphql":
        return ""
    found = re.search(r"(?:query|mutation)\s+(\w+)", json.loads(body)["query"])
    return f" {found[1]}" if found else ""


@contextmanager
def faulty_proxy(target: str) -> Iterator[FaultyProxy]:
    """A network to the server at `target`; it ends with the block."""
    proxy = FaultyProxy(target)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join(_PATIENCE_S)
        proxy.server_close()
