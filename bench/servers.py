"""Servers as processes of their own: start, wait for the first answer, stop."""

import http.client
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.client import Connection, WrongAnswer
from bench.memory import resident_mib

START_DEADLINE_S = 300
STOP_DEADLINE_S = 15
LOG = "server.log"


class NotStarted(Exception):
    """A server that ended, or never answered; its log is in the message."""


class Server:
    """A server that answered its first request. `start_s` is how long that took."""

    def __init__(self, name: str, command: str, place: Path, address: str = "") -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=place)).resolve()
        self.port = free_port()
        # What workloads left on this server, for later rounds and for each other.
        self.kept: dict[str, Any] = {}
        words = shlex.split(command.format(port=self.port, folder=self.folder, address=address))
        started = time.perf_counter()
        with (self.folder / LOG).open("wb") as log:
            self._process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        self.start_s = time.perf_counter() - started

    def connect(self) -> Connection:
        """A new connection, open."""
        connection = Connection(self.port)
        connection.connect()
        return connection

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request on a connection of its own; see Connection.call."""
        with self.connect() as connection:
            return connection.call(method, path, body)

    def resident_mib(self) -> float | None:
        """MiB of all its processes; see memory."""
        return resident_mib(self._process.pid)

    def stop(self) -> None:
        """End all its processes and remove its folder."""
        for end in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, end)
                self._process.wait(STOP_DEADLINE_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (self.folder / LOG).read_text(errors="replace")
                raise NotStarted(f"{self.name} did not start; the end of its log: {' '.join(log.split())[-200:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            self.call("POST", "/experiments/search", {"max_results": 1})
        except (OSError, http.client.HTTPException, WrongAnswer):
            return False
        return True


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(name: str, command: str, place: Path, address: str = "") -> Iterator[Server]:
    """A server in a folder of its own below `place`; it ends with the block."""
    server = Server(name, command, place, address)
    try:
        yield server
    finally:
        server.stop()
