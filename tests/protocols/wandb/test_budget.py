"""What one query may cost: lists within lists multiply, and are refused before the server has read them."""

import asyncio
import json
import threading

import httpx
import pytest
from starlette.requests import ClientDisconnect

from podium.domain.access import Actor
from podium.domain.run_streams import Chunk, Intake
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph import budget
from podium.protocols.wandb.graph import execute as graph
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute
from podium.services import Services
from podium.services.run_search import RunSearch
from support.files import context_of
from support.schema_walk import count_values
from support.sockets import connect
from support.versioned import Logger

ADA = Actor("ada")
RUNS = 30
SPEC = json.dumps(json.dumps({"keys": ["a", "b"], "samples": 1000}))


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
            await services.run_upserts.upsert(ADA, "p", f"r{number}", RunChange(), together=False)
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


LISTS = [
    "runs { edges { node { tags name history events } } }",
    f"runs {{ edges {{ node {{ sampledHistory(specs: [{SPEC}, {SPEC}]) }} }} }}",
    'artifact(name: "data:v0") { tags { name } aliases { alias artifactCollection { name project { name } } } }',
    'artifact(name: "data:v0") { files { edges { node { name sizeBytes } } } usedBy { edges { node { id } } } }',
    "artifactCollections { edges { node { artifacts { edges { node { tags { name } aliases { alias } } } } } } }",
    "runs { edges { node { project { artifactTypes { edges { node { name } } } } } } }",
]


@pytest.mark.parametrize("fields", LISTS)
def test_what_a_list_is_counted_as_is_what_the_answer_gets(services, fields):
    lines = [json.dumps({"_step": step, "a": step, "b": 0}) for step in range(60)]
    labels = [f"l{number}" for number in range(40)]

    async def story():
        for number in range(10):
            await services.run_upserts.upsert(ADA, "p", f"r{number}", RunChange(labels=labels), together=False)
            await services.run_streams.take(ADA, "p", f"r{number}", Intake(history=Chunk(0, lines)))
        files = {f"f{number}": b"x" for number in range(20)}
        await Logger(services, ADA).log("data", files, tags=labels, aliases=labels)
        caller = Caller(services, None, "http://podium", None)
        answer = await execute(caller, f'{{ project(name: "p", entityName: "default") {{ {fields} }} }}', None, None)
        made, counted = count_values(answer["data"]), budget.MAX_FIELDS - caller.budget.left
        assert made > 60
        assert made - 10 <= counted <= 3 * made + 30 * budget.PAGE, fields

    asyncio.run(story())


@pytest.mark.parametrize("field", ["history(minStep: 0)", "history", f"sampledHistory(specs: [{SPEC}])"])
def test_a_history_takes_from_what_a_query_may_cost(services, monkeypatch, field):
    monkeypatch.setattr(budget, "MAX_FIELDS", 100)

    async def story():
        await services.run_upserts.upsert(ADA, "p", "r", RunChange(), together=False)
        lines = [json.dumps({"_step": step, "a": step, "b": 0}) for step in range(90)]
        await services.run_streams.take(ADA, "p", "r", Intake(history=Chunk(0, lines)))
        query = f'{{ project(name: "p", entityName: "default") {{ run(name: "r") {{ {field} }} }} }}'
        answer = await execute(Caller(services, None, "http://podium", None), query, None, None)
        assert "more than 100 fields" in answer["errors"][0]["message"]

    asyncio.run(story())


def test_a_query_ends_when_its_client_goes_away(http, server_url, monkeypatch):
    search, answer = RunSearch.search_tracked, graph.execute
    pages, waiting, gone, ended, raised = [], threading.Event(), threading.Event(), threading.Event(), []

    async def slow(self, *asked, **how):
        pages.append(asked)
        if len(pages) > 1:  # the first page of those within another
            waiting.set()
            await asyncio.to_thread(gone.wait)
            await asyncio.sleep(0.2)
        return await search(self, *asked, **how)

    async def watched(*asked):
        try:
            return await answer(*asked)
        except ClientDisconnect as error:
            raised.append(error)
            raise
        finally:
            ended.set()

    ask = {"auth": ("api", "local-" + "0" * 40)}
    runs = " ".join(f'r{n}: upsertBucket(input: {{modelName: "p", name: "r{n}"}}) {{ inserted }}' for n in range(10))
    assert "errors" not in http.post("/graphql", json={"query": f"mutation {{ {runs} }}"}, **ask).json()
    request = http.build_request("POST", "/graphql", json={"query": nested(2)})
    request = next(httpx.BasicAuth(*ask["auth"]).auth_flow(request))
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    monkeypatch.setattr(RunSearch, "search_tracked", slow)
    monkeypatch.setattr(graph, "execute", watched)
    with connect(server_url) as connection:
        connection.sendall(f"POST /graphql HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        assert waiting.wait(30)
    gone.set()
    assert ended.wait(30)
    assert len(raised) == 1
    assert len(pages) < 1 + 10
