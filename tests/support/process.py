"""A `podium server` as operators run it: a process of its own, which tests kill, starve and stop."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

START_DEADLINE_S = 60
STOP_DEADLINE_S = 20
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_ADDRESS = re.compile(r"Podium is at (http://\S+)")


def server_command(data: Path, *options: str) -> list[str]:
    """The command line of a server on a free port."""
    return [sys.executable, "-m", "podium", "server", "--port", "0", "--data", str(data), *options]


def heed_permissions() -> None:
    """For `preexec_fn`: a file that says read-only is read-only for root too. Nothing changes for other users."""
    libc = ctypes.CDLL(None)
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


class ServerProcess:
    """A started server. `log` holds what it printed."""

    def __init__(
        self,
        data: Path,
        log: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
        preexec: Callable[[], None] | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            started_at = output.tell()
            # A session of its own, so that its worker processes can be ended with it.
            self.process = subprocess.Popen(
                server_command(data, *options),
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
                preexec_fn=preexec,  # noqa: PLW1509  no lock is taken in it
                start_new_session=True,
            )
        self.url = self._wait_until_ready(started_at)

    @property
    def pid(self) -> int:
        return self.process.pid

    def http(self, timeout: float = 30) -> httpx.Client:
        """Requests to MLflow's endpoints, by their paths after `/api/2.0/`."""
        return httpx.Client(base_url=f"{self.url}/api/2.0", timeout=timeout)

    def ready(self) -> httpx.Response:
        return httpx.get(f"{self.url}/ready", timeout=30)

    def kill(self) -> None:
        """SIGKILL to the server and its worker processes."""
        os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(STOP_DEADLINE_S)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(STOP_DEADLINE_S)

    def _wait_until_ready(self, started_at: int) -> str:
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            printed = self.log.read_bytes()[started_at:].decode(errors="replace")
            if (found := _ADDRESS.search(printed)) and _answers(found[1]):
                return found[1]
            time.sleep(0.02)
        if self.process.poll() is None:
            self.kill()
        raise AssertionError(f"the server did not start:\n{self.log.read_text(errors='replace')[-2000:]}")


@contextmanager
def server_process(data: Path, log: Path, *options: str, **how: object) -> Iterator[ServerProcess]:
    """A server that ends with the block, unless the test ended it."""
    server = ServerProcess(data, log, *options, **how)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


def failed_start(
    data: Path, *options: str, preexec: Callable[[], None] | None = None, **environment: str
) -> tuple[int, str]:
    """Exit code and output of a server that cannot start."""
    ended = subprocess.run(
        server_command(data, *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        preexec_fn=preexec,
        timeout=START_DEADLINE_S,
        check=False,
        text=True,
    )
    return ended.returncode, ended.stdout


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
