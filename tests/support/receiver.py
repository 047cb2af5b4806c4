"""A receiver of webhooks on the loopback address."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEADLINE_S = 15


class Receiver:
    """Keeps every message; answers with `statuses` in turn, then with 200."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.answer_headers: dict[str, str] = {}
        self.messages: list[tuple[dict[str, str], str]] = []

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The bodies of `count` messages, once so many came."""
        deadline = time.monotonic() + DEADLINE_S
        while len(self.messages) < count:
            assert time.monotonic() < deadline, f"{len(self.messages)} of {count} messages came"
            time.sleep(0.02)
        return [json.loads(body) for _, body in self.messages]


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver that ends with the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.messages.append((dict(self.headers), body))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            for name, value in receiver.answer_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"heard")

        def log_message(self, *_: object) -> None:
            """Nothing: the test looks at the messages."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # on a busy machine several connect before one is accepted

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
