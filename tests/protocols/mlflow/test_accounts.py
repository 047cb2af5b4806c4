"""The unmodified mlflow client signs in, and its client for users and permissions works."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from support.server import running_server

ADMIN_KEY = "podium-" + "a" * 40


@pytest.fixture
def server_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("PODIUM_ADMIN_API_KEY", ADMIN_KEY)
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    with running_server(tmp_path / "podium") as url:
        yield url


@pytest.fixture
def admin(server_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server_url}/api/v1", auth=("api", ADMIN_KEY), timeout=30) as client:
        yield client


@pytest.fixture
def users(mlflow, server_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """MLflow's own client of them, without its server, which would want libraries that are not here."""
    folder = Path(mlflow.__file__).parent / "server"
    for name, path in (("mlflow.server", folder), ("mlflow.server.auth", folder / "auth")):
        package = ModuleType(name)
        package.__path__ = [str(path)]
        monkeypatch.setitem(sys.modules, name, package)
    handlers = ModuleType("mlflow.server.handlers")
    handlers._add_static_prefix = str
    handlers._get_rest_path = lambda path, version=2: f"/api/{version}.0{path}"
    handlers._get_ajax_path = lambda path, version=2: f"/ajax-api/{version}.0{path}"
    monkeypatch.setitem(sys.modules, "mlflow.server.handlers", handlers)
    return import_module("mlflow.server.auth.client").AuthServiceClient(server_url)


def as_user(monkeypatch: pytest.MonkeyPatch, name: str, password: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)


def test_it_signs_in_by_password_by_key_and_by_token(mlflow, admin, monkeypatch):
    key = admin.post("/users", json={"name": "ann", "password": "secret"}).json()
    assert key["api_key"] is None
    token = admin.post("/users/ann/keys", json={"description": "laptop"}).json()["api_key"]
    with pytest.raises(mlflow.MlflowException, match=r"UNAUTHENTICATED|Sign in"):
        mlflow.search_experiments()
    as_user(monkeypatch, "ann", "wrong")
    with pytest.raises(mlflow.MlflowException, match="not valid"):
        mlflow.search_experiments()
    as_user(monkeypatch, "ann", "secret")
    mlflow.set_experiment("by password")
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
        mlflow.log_text("text", "a.txt")
    as_user(monkeypatch, "ann", token)
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/a.txt") == "text"
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME")
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
    assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 1}
    events = admin.get("/events", params={"entity": "project"}, headers={"X-Podium-Team": "ann"}).json()["items"]
    assert {event["actor"] for event in events} == {"ann"}


def test_a_script_that_names_no_experiment_logs_to_its_own_default_one(mlflow, admin, monkeypatch):
    admin.post("/users", json={"name": "ann", "password": "secret"})
    as_user(monkeypatch, "ann", "secret")
    client = mlflow.MlflowClient()
    run = client.create_run("0")
    assert client.get_experiment(run.info.experiment_id).name == "Default"
    assert client.create_run("0").info.experiment_id == run.info.experiment_id != "0"


def test_its_client_for_users_makes_changes_and_deletes_them(mlflow, users, monkeypatch):
    as_user(monkeypatch, "podium-admin", ADMIN_KEY)
    assert users.create_user("ann", "first").username == "ann"
    with pytest.raises(mlflow.MlflowException, match="ann"):
        users.create_user("ann", "again")
    assert users.get_user("ann").is_admin is False
    users.update_user_password("ann", "second")
    as_user(monkeypatch, "ann", "second")
    mlflow.set_experiment(experiment_id="0")
    with mlflow.start_run():  # in the default workspace, which MLflow's users share
        mlflow.log_param("a", 1)
    with pytest.raises(mlflow.MlflowException, match="current_password"):
        users.update_user_password("ann", "third", current_password="first")
    users.update_user_password("ann", "third", current_password="second")
    as_user(monkeypatch, "ann", "third")
    with pytest.raises(mlflow.MlflowException, match="administer"):
        users.update_user_admin("ann", is_admin=True)
    as_user(monkeypatch, "podium-admin", ADMIN_KEY)
    users.update_user_admin("ann", is_admin=True)
    assert users.get_user("ann").is_admin is True
    users.delete_user("ann")
    with pytest.raises(mlflow.MlflowException, match="no user 'ann'"):
        users.get_user("ann")


def test_its_permissions_are_roles_in_workspaces(mlflow, users, monkeypatch):
    as_user(monkeypatch, "podium-admin", ADMIN_KEY)
    users.create_user("ann", "secret")
    assert users.get_user_permission("ann", "workspace", "default").permission == "EDIT"
    users.grant_user_permission("ann", "workspace", "default", "READ")
    found = users.get_user_permission("ann", "experiment", "0")
    assert (found.allowed, found.permission) == (False, "READ")
    as_user(monkeypatch, "ann", "secret")
    assert mlflow.search_experiments()
    with pytest.raises(mlflow.MlflowException, match="may read"):
        mlflow.set_experiment("mine")
    as_user(monkeypatch, "podium-admin", ADMIN_KEY)
    users.revoke_user_permission("ann", "workspace", "default")
    assert users.get_user_permission("ann", "workspace", "default").permission == "NO_PERMISSIONS"
    with pytest.raises(mlflow.MlflowException, match="workspace"):
        users.grant_user_permission("ann", "experiment", "0", "READ")
