"""A page of runs takes a fixed number of statements, however many runs are on it, and pages hold together."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from wandb.apis.public.runs import _create_runs_query

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.run_streams import Chunk, Intake
from podium.domain.runs import Point
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute
from podium.services import Services
from podium.services.context import Context
from podium.store.engine import Store
from podium.store.transaction import Tx

ADA = Actor("ada")


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Services:
    return Services(Context(store=store, blobs=LocalBlobs(tmp_path / "b")))


async def fill(services: Services, count: int) -> None:
    """Runs of both kinds of clients, by turns, in one project."""
    for number in range(count):
        config = json.dumps({"n": {"value": number}})
        change = RunChange(display_name=f"run {number}", config=config, labels=["a"])
        await services.run_upserts.upsert(ADA, "p", f"r{number}", change, together=False)
        lines = [json.dumps({"_step": step, "loss": number + step}) for step in range(3)]
        await services.run_streams.take(
            ADA,
            "p",
            f"r{number}",
            Intake(
                history=Chunk(0, lines),
                events=Chunk(0, ['{"system.cpu": 1, "_wandb": true}', f'{{"system.cpu": {number}}}']),
                summary=json.dumps({"loss": number + 2, "_step": 2}),
            ),
        )
        project = str((await services.projects.get_by_name(ADA, "p")).id)
        theirs = await services.runs.create(ADA, project, name="", user_id="ada", start_time=number, tags={})
        points = [Point("loss", 0.5, 1000, 7)]
        await services.metrics.log_batch(ADA, theirs.info.run_id, points=points, params=[("n", str(-number))])


async def page(services: Services, *, lazy: bool, **variables: Any) -> dict[str, Any]:
    variables = {"project": "p", "entity": "default", **variables}
    caller = Caller(services, None, "http://podium", None)
    answer = await execute(caller, _create_runs_query(lazy=lazy), variables, None)
    assert "errors" not in answer, answer
    return answer["data"]["project"]


@pytest.mark.parametrize(("lazy", "most"), [(True, 15), (False, 23)])
def test_a_page_takes_a_fixed_number_of_statements(services, monkeypatch, lazy, most):
    statements: list[str] = []
    run_statement = Tx._execute

    def counted(tx: Tx, statement: str, parameters: object):
        statements.append(statement)
        return run_statement(tx, statement, parameters)

    async def count(size: int) -> int:
        statements.clear()
        found = await page(services, lazy=lazy, perPage=size, filters='{"config.n": {"$lt": 100}}')
        assert (found["runCount"], len(found["runs"]["edges"])) == (16, size)
        return len(statements)

    async def work() -> tuple[int, int]:
        await fill(services, 8)
        monkeypatch.setattr(Tx, "_execute", counted)
        return await count(2), await count(16)

    few, many = asyncio.run(work())
    assert few == many <= most


def test_pages_hold_each_run_once_in_order(services):
    async def work() -> list[list[str]]:
        await fill(services, 5)
        found: list[list[str]] = []
        for order in ("+created_at", "-summary_metrics.loss", "config.n", "-heartbeat_at"):
            names: list[str] = []
            cursor = None
            while True:
                runs = (await page(services, lazy=True, perPage=3, order=order, cursor=cursor))["runs"]
                names += [edge["node"]["name"] for edge in runs["edges"]]
                if not runs["pageInfo"]["hasNextPage"]:
                    break
                cursor = runs["edges"][-1]["cursor"]
                assert cursor == runs["pageInfo"]["endCursor"]
            found.append(names)
        return found

    for names in asyncio.run(work()):
        assert len(names) == len(set(names)) == 10


def test_whole_runs_show_documents_and_what_was_logged_alone(services):
    async def work() -> list[dict[str, Any]]:
        await fill(services, 1)
        edges = (await page(services, lazy=False, perPage=9, order="-created_at"))["runs"]["edges"]
        return [edge["node"] for edge in edges]

    ours, theirs = asyncio.run(work())
    assert json.loads(ours["config"]) == {"n": {"value": 0}}
    assert json.loads(ours["summaryMetrics"]) == {"loss": 2, "_step": 2}
    assert json.loads(ours["systemMetrics"]) == {"system.cpu": 0}
    assert ours["historyKeys"]["lastStep"] == 2
    assert (ours["historyLineCount"], ours["tags"]) == (3, ["a"])
    assert json.loads(theirs["config"]) == {"n": {"value": "0"}}
    assert json.loads(theirs["summaryMetrics"]) == {"loss": 0.5}
    assert theirs["historyKeys"]["lastStep"] == 7
    assert theirs["historyKeys"]["keys"]["loss"]["typeCounts"][0]["type"] == "number"
