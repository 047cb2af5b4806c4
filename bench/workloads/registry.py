"""What deployments ask of the registry, and what they write to it."""

import time
from typing import Any

import msgspec

from bench.client import Connection, expect, in_parallel, query
from bench.load import BARE_NUMBER, NUMBER, Ask, Traffic, compact
from bench.servers import Server
from bench.workloads.base import (
    Bound,
    Setup,
    Workload,
    artifact_uri,
    drive,
    median_ms,
    new_experiment,
    new_run,
    unique,
)

CONNECTIONS = 4


class Registered(msgspec.Struct, frozen=True):
    """Models with their versions, and how fast they were registered."""

    models: list[str]
    run: str
    per_second: float


def register_versions(server: Server, setup: Setup) -> float:
    """1,000 versions over 20 models, 4 connections."""
    server.kept.pop("registered", None)
    return registered(server, setup).per_second


def resolve_alias(server: Server, setup: Setup) -> float:
    """The version under an alias, 8 connections."""
    path = query("/registered-models/alias", name=registered(server, setup).models[0], alias="champion")
    expect("version", server.call("GET", path)["model_version"]["version"], "1")
    return drive(server, setup, Traffic((Ask("GET", path),))).per_second


def move_alias(server: Server, setup: Setup) -> float:
    """An alias moved to another version, 4 connections."""
    model = registered(server, setup).models[1]
    ask = Ask("POST", "/registered-models/alias", compact({"name": model, "alias": "champion", "version": NUMBER}))
    rate = drive(server, setup, _round(ask, setup))
    found = server.call("GET", query("/registered-models/alias", name=model, alias="champion"))
    expect("the alias is on a version of the model", found["model_version"]["name"], model)
    return rate.per_second


def transition_stage(server: Server, setup: Setup) -> float:
    """A version moved to Production, the others left there, 4 connections."""
    model = registered(server, setup).models[2]
    body = {"name": model, "version": NUMBER, "stage": "Production", "archive_existing_versions": False}
    rate = drive(server, setup, _round(Ask("POST", "/model-versions/transition-stage", compact(body)), setup))
    found = server.call("GET", query("/model-versions/get", name=model, version=2))
    expect("stage", found["model_version"]["current_stage"], "Production")
    return rate.per_second


def search_versions(server: Server, setup: Setup) -> float:
    """The versions of a model, a page of up to 100. Median latency."""
    model = registered(server, setup).models[3]
    path = query("/model-versions/search", filter=f"name='{model}'", max_results=100)
    took, found = _timed(server, setup, path)
    expect("versions", len(found["model_versions"]), min(100, setup.sizes.versions_of_a_model))
    expect("models", {version["name"] for version in found["model_versions"]}, {model})
    return took


def search_models(server: Server, setup: Setup) -> float:
    """The first 20 registered models. Median latency."""
    registered(server, setup)
    took, found = _timed(server, setup, query("/registered-models/search", max_results=20))
    expect("models", len(found["registered_models"]), 20)
    return took


def create_model(server: Server, setup: Setup) -> float:
    """A registered model with a tag, 8 connections."""
    prefix = unique("new")
    body = {"name": f"{prefix}-{NUMBER}", "tags": [{"key": "team", "value": "bench"}]}
    rate = drive(server, setup, Traffic((Ask("POST", "/registered-models/create", compact(body)),)))
    last = server.call("GET", query("/registered-models/get", name=f"{prefix}-{max(rate.requests // 2, 1)}"))
    expect("tag", last["registered_model"]["tags"], body["tags"])
    return rate.per_second


def get_version(server: Server, setup: Setup) -> float:
    """One version after the other of a model, 8 connections."""
    model = registered(server, setup).models[4]
    path = query("/model-versions/get", name=model) + f"&version={NUMBER}"
    found = server.call("GET", path.replace(NUMBER, "2"))["model_version"]
    expect("version and tags", (found["version"], found["tags"]), ("2", [{"key": "k", "value": "1"}]))
    return drive(server, setup, Traffic((Ask("GET", path),), cycle=setup.sizes.versions_of_a_model)).per_second


def latest_versions(server: Server, setup: Setup) -> float:
    """The newest version in each stage of a model, 8 connections."""
    model = registered(server, setup).models[5]
    path = query("/registered-models/get-latest-versions", name=model)
    found = server.call("GET", path)["model_versions"]
    expect("versions", [version["version"] for version in found], [str(setup.sizes.versions_of_a_model)])
    return drive(server, setup, Traffic((Ask("GET", path),))).per_second


def readers_and_writers(server: Server, setup: Setup) -> float:
    """Mixed, 16 connections: log a metric, read a run, resolve an alias, tag a version, search versions, in turn."""
    known = registered(server, setup)
    model, run = known.models[6], new_run(server, new_experiment(server))
    point = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1700000000000, "step": BARE_NUMBER}
    tag = {"name": model, "version": "1", "key": "k", "value": NUMBER}
    asks = (
        Ask("POST", "/runs/log-metric", compact(point)),
        Ask("GET", query("/runs/get", run_id=run)),
        Ask("GET", query("/registered-models/alias", name=known.models[0], alias="champion")),
        Ask("POST", "/model-versions/set-tag", compact(tag)),
        Ask("GET", query("/model-versions/search", filter=f"name='{model}'", max_results=10)),
    )
    rate = drive(server, setup, Traffic(asks, 16))
    metrics = server.call("GET", query("/runs/get", run_id=run))["run"]["data"]["metrics"]
    expect("the metric is there", [metric["key"] for metric in metrics], ["loss"])
    return rate.per_second


def registered(server: Server, setup: Setup) -> Registered:
    """The models that the registry's workloads ask for; registered at the first call."""
    if "registered" not in server.kept:
        server.kept["registered"] = _register(server, setup)
    found: Registered = server.kept["registered"]
    return found


def _register(server: Server, setup: Setup) -> Registered:
    run = new_run(server, new_experiment(server))
    source = f"{artifact_uri(server, run)}/model"
    models = [unique(f"model-{number}") for number in range(setup.sizes.models)]
    count = setup.sizes.versions_of_a_model

    def work(part: int) -> None:
        with server.connect() as connection:
            for model in models[part::CONNECTIONS]:
                connection.call("POST", "/registered-models/create", {"name": model})
                for number in range(count):
                    expect("version", _create(connection, model, source, run, number), str(number + 1))

    started = time.perf_counter()
    in_parallel(work, range(CONNECTIONS), CONNECTIONS)
    took = time.perf_counter() - started
    server.call("POST", "/registered-models/alias", {"name": models[0], "alias": "champion", "version": "1"})
    return Registered(models, run, len(models) * count / took)


def _create(connection: Connection, model: str, source: str, run: str, number: int) -> str:
    tags = [{"key": "k", "value": str(number % 10)}]
    body = {"name": model, "source": source, "run_id": run, "tags": tags}
    return str(connection.call("POST", "/model-versions/create", body)["model_version"]["version"])


def _round(ask: Ask, setup: Setup) -> Traffic:
    return Traffic((ask,), CONNECTIONS, setup.sizes.versions_of_a_model)


def _timed(server: Server, setup: Setup, path: str) -> tuple[float, Any]:
    with server.connect() as connection:
        took, answer = median_ms(setup.sizes.repeats, lambda: connection.call("GET", path))
    return took, answer


# A version that is in the stage already is moved without a commit.
WITHOUT_COMMIT = (Bound("no-op POST"),)
WRITE_BY_4 = (Bound("no-op POST"), Bound("commits", 4))
WRITE_BY_8 = (Bound("no-op POST"), Bound("commits", 8))

WORKLOADS = (
    Workload(register_versions, "versions/s", WRITE_BY_4),
    Workload(resolve_alias, "requests/s", WITHOUT_COMMIT),
    Workload(move_alias, "requests/s", WRITE_BY_4),
    Workload(transition_stage, "requests/s", WITHOUT_COMMIT),
    Workload(search_versions, "ms"),
    Workload(search_models, "ms"),
    Workload(create_model, "requests/s", WRITE_BY_8, "own"),
    Workload(get_version, "requests/s", WITHOUT_COMMIT, "own"),
    Workload(latest_versions, "requests/s", WITHOUT_COMMIT, "own"),
    Workload(readers_and_writers, "requests/s", WITHOUT_COMMIT, "own"),
)
