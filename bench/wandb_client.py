"""What scripts do with W&B's client, each in a process of its own with folders of its own.

`python -m bench.wandb_client steps COUNT`, `log NAME FOLDER` or `download NAME FOLDER` prints the seconds that it took.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.client import WrongAnswer
from bench.machine import ROOT
from bench.servers import Server

PROJECT = "bench"
METRICS = 10
DEADLINE_S = 600


def seconds(server: Server, *words: str, mode: str = "online") -> tuple[float, float]:
    """The seconds that a script measured by itself, and those from its start to its end. Raises WrongAnswer."""
    folder = tempfile.mkdtemp(prefix="wandb-", dir=server.folder)
    # Caches of its own: nothing is there already.
    own = {f"WANDB_{name}_DIR": f"{folder}/{name}" for name in ("CACHE", "DATA", "CONFIG", "ARTIFACT")}
    environment = {
        **os.environ,
        **own,
        "WANDB_DIR": folder,
        "WANDB_MODE": mode,
        "WANDB_SILENT": "true",
        "WANDB_BASE_URL": f"http://127.0.0.1:{server.port}",
        "WANDB_API_KEY": "local-" + "0" * 40,
    }
    command = [sys.executable, "-m", "bench.wandb_client", *words]
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=DEADLINE_S
    )
    took = time.perf_counter() - started
    if done.returncode != 0:
        raise WrongAnswer(f"W&B's client failed: {' '.join(done.stderr.split())[-200:]}")
    return float(done.stdout.split()[-1]), took


@contextmanager
def _clock() -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(time.perf_counter() - started)


def _log_steps(count: str) -> None:
    import wandb  # noqa: PLC0415  the time of the import is the script's

    with _clock(), wandb.init(project=PROJECT) as run:
        for step in range(int(count)):
            run.log({f"m{number}": step / 2 + number for number in range(METRICS)})


def _log(name: str, folder: str) -> None:
    import wandb  # noqa: PLC0415

    with wandb.init(project=PROJECT) as run, _clock():
        artifact = wandb.Artifact(name, "dataset")
        artifact.add_dir(folder)
        run.log_artifact(artifact).wait()


def _download(name: str, folder: str) -> None:
    import wandb  # noqa: PLC0415

    artifact = wandb.Api().artifact(f"{PROJECT}/{name}:latest")
    with _clock():
        artifact.download(folder)
    assert len(list(Path(folder).iterdir())) == artifact.file_count, "each file is there"


if __name__ == "__main__":
    tasks: dict[str, Callable[..., None]] = {"steps": _log_steps, "log": _log, "download": _download}
    tasks[sys.argv[1]](*sys.argv[2:])
