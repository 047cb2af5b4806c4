"""A live server, and the unmodified clients pointed at it."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.server import running_server


@pytest.fixture
def server_url(tmp_path: Path) -> Iterator[str]:
    """An empty server on SQLite."""
    with running_server(tmp_path / "podium") as url:
        yield url


@pytest.fixture
def http(server_url: str) -> Iterator[httpx.Client]:
    """Raw HTTP to the server, for what the clients cannot send."""
    with httpx.Client(base_url=server_url, timeout=30) as client:
        yield client


@pytest.fixture
def mlflow(server_url: str, monkeypatch: pytest.MonkeyPatch):
    """The mlflow package, its tracking and registry URIs at the server."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "false")
    import mlflow

    mlflow.set_tracking_uri(server_url)
    mlflow.set_registry_uri(server_url)
    # The client keeps the experiment that a test set, and another server has none of this id.
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
    yield mlflow
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


@pytest.fixture
def client(mlflow):
    """An MlflowClient of the server."""
    return mlflow.MlflowClient()
