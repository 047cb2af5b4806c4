"""Values that no client of W&B's logs: what one run has of them keeps nobody from reading the project."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.run_streams import Chunk, Intake
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute
from podium.services import Services
from podium.services.artifact_changes import VersionEdit
from podium.services.context import Context
from podium.store import run_lines
from podium.store.engine import Store
from support.versioned import Logger

ADA = Actor("ada")
KEY = ("api", "local-" + "0" * 40)
RUNS = '{ project(name: "p", entityName: "default") { runs { edges { node { %s } } } } }'


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Services:
    return Services(Context(store=store, blobs=LocalBlobs.open(tmp_path / "b")))


def ask(services: Services, query: str) -> Any:
    found = asyncio.run(execute(Caller(services, None, "http://podium", None), query, None, None))
    assert "errors" not in found, found
    return found["data"]


def nodes(services: Services, fields: str) -> list[dict[str, Any]]:
    return [edge["node"] for edge in ask(services, RUNS % fields)["project"]["runs"]["edges"]]


def test_a_run_may_have_begun_at_any_time(services):
    async def create() -> None:
        key = str(await services.projects.create(ADA, "p", None, {}))
        for time in (9_000_000_000_000_000, 0):
            await services.runs.create(ADA, key, name="r", user_id="", start_time=time, tags={})

    asyncio.run(create())
    times = {run["createdAt"] for run in nodes(services, "createdAt")}
    assert times == {"9999-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"}


def test_a_line_of_events_that_was_kept_though_it_is_none_is_passed_over(services, store):
    async def fill() -> None:
        made = await services.run_upserts.upsert(ADA, "p", "r", RunChange(), together=False)
        key = made.tracked.run.info.id
        await services.run_streams.take(ADA, "p", "r", Intake(events=Chunk(0, ['{"system.cpu": 1}'])))
        await store.write(lambda tx: run_lines.add_lines(tx, key, "events", "", 1, ['{"x":NaN'], [0]))

    asyncio.run(fill())
    assert nodes(services, "systemMetrics") == [{"systemMetrics": "{}"}]


def test_a_version_may_live_for_thousands_of_years(services):
    async def log() -> None:
        version = await Logger(services, ADA).log("data", {"a": b"1"})
        await services.artifact_changes.update(ADA, version.id, VersionEdit(ttl_s=2**40))

    asyncio.run(log())
    query = '{ project(name: "p", entityName: "default") { artifact(name: "data:v0") { ttlDurationSeconds } } }'
    assert ask(services, query)["project"]["artifact"] == {"ttlDurationSeconds": 2**40}


def test_half_a_surrogate_pair_is_read_as_it_was_sent(http: httpx.Client):
    def send(document: str, **variables: str) -> Any:
        answer = http.post("/graphql", json={"query": document, "variables": variables}, auth=KEY)
        assert (answer.status_code, "errors" in answer.json()) == (200, False), answer.text
        return answer.json()["data"]

    send('mutation { upsertBucket(input: {modelName: "odd", name: "r", host: "h"}) { bucket { id } } }')
    streams = {
        "wandb-history.jsonl": {"offset": 0, "content": [r'{"_step":0,"\ud800":1}']},
        "wandb-summary.json": {"offset": 0, "content": [r'{"\ud800":1,"text":"\ud800"}']},
    }
    sent = http.post("/files/default/odd/r/file_stream", json={"files": streams}, auth=KEY)
    assert sent.status_code == 200
    run = send('{ project(name: "odd") { run(name: "r") { summaryMetrics historyKeys } } }')["project"]["run"]
    assert json.loads(run["summaryMetrics"]) == {"\ud800": 1, "text": "\ud800"}
    assert run["historyKeys"]["keys"].keys() >= {"\ud800", "text"}
