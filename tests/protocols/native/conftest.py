"""One server a module: these tests name their things apart."""

import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from support.server import running_server


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Raw HTTP to a server on SQLite."""
    with (
        running_server(tmp_path_factory.mktemp("native")) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        yield client


@pytest.fixture
def new_run(http: httpx.Client) -> Callable[..., str]:
    """Makes runs, as the mlflow client does, with files; returns their ids."""

    def make(files: dict[str, bytes] | None = None, project: str = "0") -> str:
        body = {"experiment_id": project, "start_time": time.time_ns() // 1_000_000}
        created = http.post("/api/2.0/mlflow/runs/create", json=body)
        run_id = created.json()["run"]["info"]["run_id"]
        for path, content in (files or {}).items():
            stored = http.put(f"/api/v1/runs/{run_id}/files/{path}", content=content)
            assert stored.status_code == 200, stored.text
        return run_id

    return make
