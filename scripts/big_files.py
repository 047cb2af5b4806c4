"""Large files through a server of its own, and what its memory grows by meanwhile.

    .venv/bin/python scripts/big_files.py            # 5 GiB, then 50 x 512 MiB at once: needs 31 GiB of disk
    .venv/bin/python scripts/big_files.py --mib 256 --many 20 --each-mib 32

Each file is uploaded, uploaded again, downloaded, and read by a client that takes nothing for a while. The server's
memory is sampled from /proc (Linux): PSS, the pages of its own and its share of the others. Exits with 1 when it grew
by more than --limit-mib.
"""

import argparse
import hashlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

MIB = 1 << 20
TREE = "/api/2.0/mlflow-artifacts/artifacts"
START_DEADLINE_S = 60
BLOCK = os.urandom(MIB)


class Server:
    """A server process in a folder of its own, and the most memory that it had."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "podium", "server", "--port", str(self.port), "--data", str(folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        self._sampling = threading.Event()
        self._sampler = threading.Thread(target=self._sample)
        self.most_mib = 0.0

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._answers():
            if time.monotonic() > deadline:
                raise TimeoutError("the server does not answer")
            time.sleep(0.1)
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sampling.set()
        if self._sampler.ident is not None:
            self._sampler.join()
        self._process.terminate()
        self._process.wait()

    def memory_mib(self) -> float:
        for line in Path(f"/proc/{self._process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        raise ValueError("no Pss in smaps_rollup")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def _sample(self) -> None:
        while not self._sampling.wait(0.05):
            self.most_mib = max(self.most_mib, self.memory_mib())


def upload(port: int, name: str, mib: int) -> None:
    """A file of its own bytes: its first block begins with its name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.putrequest("PUT", f"{TREE}/{name}")
    connection.putheader("Content-Length", str(mib * MIB))
    connection.endheaders()
    for block in blocks(name, mib):
        connection.send(block)
    answer = connection.getresponse()
    if answer.status != 200:
        raise ValueError(f"PUT of {name}: {answer.status} {answer.read()!r}")
    connection.close()


def download(port: int, name: str, mib: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", f"{TREE}/{name}")
    answer = connection.getresponse()
    found, buffer = hashlib.sha256(), bytearray(MIB)
    while count := answer.readinto(buffer):
        found.update(memoryview(buffer)[:count])
    expected = hashlib.sha256()
    for block in blocks(name, mib):
        expected.update(block)
    if found.digest() != expected.digest():
        raise ValueError(f"{name} came back changed")
    connection.close()


def stall(port: int, name: str, mib: int) -> None:
    """Asks for a file and reads nothing of it."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {TREE}/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(min(3, mib / 64))


def blocks(name: str, mib: int) -> list[bytes]:
    """The blocks of a file; all but the first are the same object."""
    return [name.encode().ljust(64) + BLOCK[64:], *[BLOCK] * (mib - 1)]


def run(server: Server, count: int, mib: int, limit_mib: int) -> bool:
    """Measures `count` files of `mib` at once; whether the memory stayed below the limit."""
    names = [f"{count}-{number}.bin" for number in range(count)]
    steps: list[tuple[str, Callable[[int, str, int], None]]] = [
        ("upload", upload),
        ("upload again", upload),
        ("download", download),
        ("clients that do not read", stall),
    ]
    flat = True
    with ThreadPoolExecutor(count) as pool:
        for what, step in steps:
            before = server.most_mib = server.memory_mib()
            started = time.perf_counter()
            list(pool.map(lambda name, step=step: step(server.port, name, mib), names))  # type: ignore[misc]
            took, grown = time.perf_counter() - started, server.most_mib - before
            flat = flat and grown < limit_mib
            print(
                f"{count} x {mib} MiB, {what}: {count * mib / took:,.0f} MiB/s, memory {before:.0f} + {grown:.0f} MiB"
            )
    return flat


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=5 * 1024)
    parser.add_argument("--many", type=int, default=50)
    parser.add_argument("--each-mib", type=int, default=512)
    parser.add_argument("--limit-mib", type=int, default=150)
    parser.add_argument("--folder", type=Path, help="where to put the data folder, which is removed at the end")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="big-files-", dir=options.folder) as folder, Server(Path(folder)) as server:
        one = run(server, 1, options.mib, options.limit_mib)
        many = run(server, options.many, options.each_mib, options.limit_mib)
    return 0 if one and many else 1


if __name__ == "__main__":
    sys.exit(main())
