"""Requests and bytes over the loopback address, with nothing done for them."""

import os
import socket
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.client import MIB, Connection, expect
from bench.load import BARE_NUMBER, Ask, Traffic, compact
from bench.servers import running
from bench.workloads.base import Setup, drive

ROOT = Path(__file__).parents[2]
COMMAND = (
    f"{sys.executable} -m uvicorn --app-dir {ROOT} --port {{port}} --loop uvloop --http httptools --no-access-log"
    " bench.limits.noop_server:app"
)


def noop(place: Path, setup: Setup) -> float:
    """Requests/s of a server that does nothing, with the body of log_metric."""
    point = {"run_id": "r" * 32, "key": "loss", "value": 0.5, "timestamp": 1700000000000, "step": BARE_NUMBER}
    with running("no-op", COMMAND, place) as server:
        return drive(server, setup, Traffic((Ask("POST", "/runs/log-metric", compact(point)),))).per_second


def loopback(place: Path, mib: int) -> float:
    """MiB/s of a file that is sent from the page cache, and read as the download's client reads."""
    with TemporaryDirectory(dir=place) as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        path = Path(folder) / "file"
        path.write_bytes(os.urandom(mib * MIB))
        sender = threading.Thread(target=_send, args=(listener, path))
        sender.start()
        with Connection(listener.getsockname()[1]) as connection:
            started = time.perf_counter()
            expect("bytes", connection.get_file("/file"), mib * MIB)
            took = time.perf_counter() - started
        sender.join()
        return mib / took


def _send(listener: socket.socket, path: Path) -> None:
    peer, _ = listener.accept()
    with peer, path.open("rb") as file:
        peer.recv(65536)
        peer.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {path.stat().st_size}\r\n\r\n".encode())
        peer.sendfile(file)
