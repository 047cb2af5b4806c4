"""The real command line against a live server."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from podium.cli.main import app
from support.server import running_server


class Cli:
    """Runs `podium` with arguments."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, *args: str | Path, code: int = 0, input: str | None = None, **env: str) -> Any:  # noqa: A002
        """The result of a command that ends with `code`."""
        result = CliRunner().invoke(app, [str(arg) for arg in args], env={"PODIUM_URL": self.url, **env}, input=input)
        assert result.exit_code == code, f"{args}: {result.output} {result.exception!r}"
        return result

    def json(self, *args: str | Path) -> Any:
        """What a command prints with `--json`, decoded."""
        return json.loads(self.run(*args, "--json").stdout)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(scope="module")
def podium(data: Path) -> Iterator[Cli]:
    with running_server(data) as url:
        yield Cli(url)


@pytest.fixture
def new_run(podium: Cli) -> Callable[..., str]:
    """Makes runs, as the mlflow client does, with metrics; returns their ids."""

    def make(**metrics: float) -> str:
        with httpx.Client(base_url=f"{podium.url}/api/2.0/mlflow", timeout=30) as http:
            now = time.time_ns() // 1_000_000
            created = http.post("/runs/create", json={"experiment_id": "0", "start_time": now})
            run_id = created.json()["run"]["info"]["run_id"]
            points = [{"key": key, "value": value, "timestamp": now, "step": 0} for key, value in metrics.items()]
            body = json.dumps({"run_id": run_id, "metrics": points})  # with NaN, as Python clients send it
            http.post("/runs/log-batch", content=body).raise_for_status()
        return run_id

    return make
