"""`make trainers`: deep-learning trainers log through their own loggers to a server of its own.

Lightning, the Hugging Face Trainer, `mlflow.pytorch.autolog` and TensorBoard's writer train tiny models on the CPU, in
a venv of their own (`--venv`), since they take more than a gigabyte. Each script here asserts on what the server holds
afterwards. Exits with 1 when one fails.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = ("lightning_loggers.py", "transformers_trainer.py", "mlflow_autolog.py", "tensorboard_sync.py")
START_DEADLINE_S = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=Path(".venv-trainers"))
    parser.add_argument("--port", type=int, default=5055)
    options = parser.parse_args()
    python = installed(options.venv.resolve())
    with tempfile.TemporaryDirectory() as folder, server(Path(folder), options.port) as url:
        failed = [name for name in SCRIPTS if not passes(python, name, url, Path(folder))]
    print(f"failed: {', '.join(failed)}" if failed else "all passed")
    return bool(failed)


def installed(folder: Path) -> Path:
    """The interpreter of the venv at `folder`, which has what requirements.txt lists."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    install = [python, "-m", "pip", "install", "--quiet", "--requirement", HERE / "requirements.txt"]
    subprocess.run(install, check=True)  # noqa: S603  our own list
    return python


@contextmanager
def server(folder: Path, port: int) -> Iterator[str]:
    """The URL of a server on an empty folder; it ends with the block."""
    options = ["--port", str(port), "--data", str(folder / "data"), "--log-level", "warning"]
    process = subprocess.Popen([sys.executable, "-m", "podium", "server", *options])  # noqa: S603  our own program
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return once `/health` answers. Raises SystemExit when the server ends or takes too long."""
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit("The server ended; its message is above.")
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).read()  # noqa: S310  an http URL made here
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    sys.exit(f"No answer from {url} in {START_DEADLINE_S} s.")


def passes(python: Path, name: str, url: str, folder: Path) -> bool:
    """Whether the script ran through, in a folder and a home of its own; its output is shown when it did not."""
    place = folder / Path(name).stem
    place.mkdir()
    began = time.monotonic()
    command = [python, HERE / name]
    done = subprocess.run(  # noqa: S603  our own script
        command, cwd=place, env=surroundings(url, place), check=False, text=True, stdout=-1, stderr=subprocess.STDOUT
    )
    print(f"{name:28} {'passed' if done.returncode == 0 else 'FAILED'}  {time.monotonic() - began:5.1f} s", flush=True)
    if done.returncode:
        print(done.stdout)
    return done.returncode == 0


def surroundings(url: str, home: Path) -> dict[str, str]:
    """The environment of a script: the clients find the server, and nothing of the user's."""
    return os.environ | {
        "HOME": str(home),
        "MLFLOW_TRACKING_URI": url,
        "WANDB_BASE_URL": url,
        "WANDB_API_KEY": "local-" + "0" * 40,
        "WANDB_CONSOLE": "off",
        "WANDB_ERROR_REPORTING": "false",
        "HF_HUB_OFFLINE": "1",
    }


if __name__ == "__main__":
    sys.exit(main())
