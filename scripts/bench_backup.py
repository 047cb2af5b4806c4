"""How long a backup takes, and what it costs those who write meanwhile: 10,000 runs, 2 GiB of files, 8 clients.

python scripts/bench_backup.py [--runs 10000] [--gib 2] [--folder FOLDER]
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import httpx

from podium.app import Podium
from podium.domain.access import Actor
from podium.services.parallel import for_each
from podium.settings import Settings

CLIENTS = 8
WINDOW_S = 10
LARGE_BYTES = 8 << 20
SMALL_BYTES = 2 << 10
POINTS = 50
# Each with the folder that it goes to, and how far it steps back behind other processes.
BACKUPS = (
    ("first backup", "plain", 0),
    ("first backup, nice", "nice", 10),
    ("second backup, nice", "nice", 10),
)
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


async def fill(podium: Podium, runs: int, gib: float) -> None:
    """Runs with points and a small file each, and large files up to the size asked for."""
    actor, artifacts = Actor("bench"), podium.services.artifacts

    def rows(tx) -> None:  # noqa: ANN001
        for number in range(1, runs + 1):
            tx.run(
                "INSERT INTO runs (run_id, slug, project_id, name, user_id, status, start_time)"
                " VALUES (:run, :run, 0, :run, 'bench', 'FINISHED', :number)",
                run=f"{number:032x}",
                number=number,
            )
        points = [(run, 1, step, step, step / 7, 0) for run in range(1, runs + 1) for step in range(POINTS)]
        tx.run("INSERT INTO metric_keys (key) VALUES ('loss')")
        tx.insert("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", points)

    async def files() -> AsyncIterator[tuple[str, int]]:
        for number in range(1, runs + 1):
            yield f"0/{number:032x}/artifacts/MLmodel", SMALL_BYTES
        for number in range(int(gib * (1 << 30)) // LARGE_BYTES):
            yield f"large/{number}.bin", LARGE_BYTES

    async def put(file: tuple[str, int]) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield os.urandom(file[1])

        await artifacts.put(actor, file[0], body())

    await podium.context.store.write(rows)
    await for_each(files(), put)


@contextmanager
def server(data: Path) -> Iterator[str]:
    """A server of its own process."""
    command = [sys.executable, "-m", "podium", "server", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(  # noqa: S603  our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield next(line.split()[-1] for line in process.stdout if "Podium is at" in line)
    finally:
        process.terminate()
        process.wait()


class Clients:
    """Log a batch of points and upload a small file, over and over; each request's time is kept."""

    def __init__(self, url: str) -> None:
        self._url, self._ended = url, threading.Event()
        self._times: list[float] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=120) as http:
            run = http.post(f"{API}/runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
            step = 0
            while not self._ended.is_set():
                step += 1
                point = {"key": "loss", "value": 1.0, "timestamp": step, "step": step}
                self._timed(http, "POST", f"{API}/runs/log-batch", json={"run_id": run, "metrics": [point]})
                self._timed(http, "PUT", f"{FILES}/0/{run}/artifacts/{step}", content=os.urandom(SMALL_BYTES))

    def _timed(self, http: httpx.Client, method: str, path: str, **parts: object) -> None:
        start = time.perf_counter()
        http.request(method, path, **parts).raise_for_status()  # type: ignore[arg-type]
        self._times.append(time.perf_counter() - start)

    def measure(self, label: str, work) -> None:  # noqa: ANN001
        """Print the requests a second, and their times, while `work` runs."""
        first, start = len(self._times), time.perf_counter()
        work()
        passed, times = time.perf_counter() - start, self._times[first:]
        middle, most, longest = (value * 1000 for value in (median(times), quantiles(times, n=100)[-1], max(times)))
        print(
            f"{label:<28} {passed:6.1f} s   {len(times) / passed:6.0f} requests/s   median {middle:5.1f} ms"
            f"   99 % {most:5.1f} ms   longest {longest:5.0f} ms"
        )

    def end(self) -> None:
        """Stops the clients."""
        self._ended.set()
        for thread in self._threads:
            thread.join()


def podium(*arguments: object, nice: int = 0) -> None:
    """A command, as a user would run it."""
    command = ["nice", "-n", str(nice), sys.executable, "-m", "podium", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own command
    print("   " + done.stdout.strip().replace("\n", " "))


def timed(label: str, *arguments: object) -> None:
    """A command and how long it took, when nobody writes."""
    start = time.perf_counter()
    podium(*arguments)
    print(f"{label:<28} {time.perf_counter() - start:6.1f} s")


def main() -> None:
    """Fill, measure without and with a backup, restore, verify."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--gib", type=float, default=2)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        filled = Podium(Settings(data=str(folder / "data")))
        asyncio.run(fill(filled, options.runs, options.gib))
        filled.close()
        with server(folder / "data") as url:
            clients = Clients(url)
            try:
                for label, target, nice in BACKUPS:
                    backup = partial(podium, "backup", folder / target, "--data", folder / "data", nice=nice)
                    clients.measure("nothing else", partial(time.sleep, WINDOW_S))
                    clients.measure(label, backup)
            finally:
                clients.end()
        timed("backup, nobody writes", "backup", folder / "quiet", "--data", folder / "data")
        timed("restore --check", "restore", folder / "nice", "--check")
        timed("restore", "restore", folder / "nice", "--data", folder / "restored")
        timed("verify", "verify", "--data", folder / "restored")
        timed("verify --quick", "verify", "--quick", "--data", folder / "restored")


if __name__ == "__main__":
    main()
