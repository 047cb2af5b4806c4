"""What one query may cost: lists within lists multiply, and are refused before the server has read them."""

import asyncio

import pytest

from podium.domain.access import Actor
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph import budget
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute
from podium.services import Services
from support.files import context_of

RUNS = 30


@pytest.fixture
def services(store, tmp_path):
    return Services(context_of(store, tmp_path)[0])


def nested(depth: int) -> str:
    query = "id"
    for _ in range(depth):
        query = f"runs(first: 1000) {{ edges {{ node {{ id project {{ {query} }} }} }} }}"
    return f'{{ project(name: "p", entityName: "default") {{ {query} }} }}'


def test_lists_within_lists_are_refused_before_they_are_read(services, monkeypatch):
    search, pages = services.run_search.search_tracked, []

    async def counted(*asked, **how):
        pages.append(asked)
        return await search(*asked, **how)

    async def story():
        for number in range(RUNS):
            await services.run_upserts.upsert(Actor("ada"), "p", f"r{number}", RunChange(), together=False)
        monkeypatch.setattr(services.run_search, "search_tracked", counted)

        async def ask(query: str):
            return await execute(Caller(services, None, "http://podium", None), query, None, None)

        runs = (await ask(nested(2)))["data"]["project"]["runs"]["edges"]
        assert [len(run["node"]["project"]["runs"]["edges"]) for run in runs] == [RUNS] * RUNS
        pages.clear()
        monkeypatch.setattr(budget, "MAX_FIELDS", 30_000)
        answer = await ask(nested(5))
        assert answer["data"] is None
        assert "more than 30000 fields" in answer["errors"][0]["message"]
        assert len(pages) < RUNS**2

    asyncio.run(story())
