"""Queries about runs and projects as raw GraphQL: what the client asks rarely, and what no client asks."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.run_streams import Chunk, Intake
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute
from podium.services import Services
from podium.services.context import Context
from podium.store import run_lines
from podium.store.engine import Store

ADA = Actor("ada")


@pytest.fixture
def services(store: Store, tmp_path: Path) -> Services:
    return Services(Context(store=store, blobs=LocalBlobs(tmp_path / "b")))


async def answer(services: Services, query: str, **variables: Any) -> dict[str, Any]:
    return await execute(Caller(services, None, "http://podium", None), query, variables, None)


def ask(services: Services, query: str, **variables: Any) -> Any:
    found = asyncio.run(answer(services, query, **variables))
    assert "errors" not in found, found
    return found["data"]


def refusal(services: Services, query: str, **variables: Any) -> str:
    found = asyncio.run(answer(services, query, **variables))
    assert found["data"] is None
    return found["errors"][0]["message"]


@pytest.fixture
def run(services: Services) -> str:
    """The query of one run's fields; it logged steps 5 to 9, and five lines to the console."""

    async def fill() -> None:
        await services.run_upserts.upsert(ADA, "p", "r", RunChange(display_name="run"), together=False)
        history = Chunk(0, [json.dumps({"_step": step, "a": step}) for step in range(5, 10)])
        console = Chunk(0, ["plain", *(json.dumps({"ts": f"t{n}", "content": f"line {n}"}) for n in range(1, 5))])
        await services.run_streams.take(ADA, "p", "r", Intake(history=history, console=console))

    asyncio.run(fill())
    return '{ project(name: "p", entityName: "default") { run(name: "r") { %s } } }'


def test_a_console_is_read_from_its_end_or_page_by_page(services, run):
    lines = "{ edges { node { number timestamp line } } pageInfo { endCursor hasNextPage } }"

    def read(arguments: str) -> tuple[list[str], dict[str, Any]]:
        found = ask(services, run % f"logLineCount logLines({arguments}) {lines}")["project"]["run"]
        assert found["logLineCount"] == 5
        edges = found["logLines"]["edges"]
        assert [edge["node"]["number"] for edge in edges] == sorted(edge["node"]["number"] for edge in edges)
        return [edge["node"]["line"] for edge in edges], found["logLines"]["pageInfo"]

    assert read("last: 2")[0] == ["line 3", "line 4"]
    first, page = read("first: 3, useImprovedPagination: true")
    assert (first, page["hasNextPage"]) == (["plain", "line 1", "line 2"], True)
    rest, page = read(f'first: 3, after: "{page["endCursor"]}"')
    assert (rest, page["hasNextPage"]) == (["line 3", "line 4"], False)


def test_a_history_is_live_from_its_first_step(services, run):
    found = ask(services, run % 'parquetHistory(liveKeys: ["_step"]) { parquetUrls liveData }')
    assert found["project"]["run"]["parquetHistory"] == {"parquetUrls": [], "liveData": [{"_step": 5}]}
    found = ask(services, run % "history(minStep: 6, maxStep: 8, samples: 1) events")
    assert [json.loads(line)["a"] for line in found["project"]["run"]["history"]] == [6, 7]
    spec = json.dumps(json.dumps({"keys": ["a"], "minStep": 6, "maxStep": 8, "samples": 3}))
    found = ask(services, run % f"sampledHistory(specs: [{spec}, {spec}])")
    assert found["project"]["run"]["sampledHistory"] == [[{"a": 6}, {"a": 7}, {"a": 8}]] * 2


def test_a_history_is_read_once_for_all_samples(services, run, monkeypatch):
    select, reads = run_lines.select_lines, []

    def counted(*asked, **how):
        reads.append(how)
        return select(*asked, **how)

    monkeypatch.setattr(run_lines, "select_lines", counted)
    specs = [json.dumps(json.dumps({"keys": ["a"], "minStep": first, "samples": 2})) for first in (5, 6, 7, 8)]
    found = ask(services, run % f"sampledHistory(specs: [{', '.join(specs)}])")
    assert [[row["a"] for row in rows] for rows in found["project"]["run"]["sampledHistory"]] == [
        [5, 9],
        [6, 9],
        [7, 9],
        [8, 9],
    ]
    assert [how["steps"][0] for how in reads] == [5]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ('filters: "[1]"', "an object is expected"),
        ('filters: "{\\"name\\": {\\"$regex\\": \\"(\\"}}"', "'(' is not closed"),
        ('order: "+flavor"', "runs have no 'flavor'"),
        ('order: "-"', "runs have no ''"),
        ('after: "garbage!"', "Invalid page token"),
    ],
)
@pytest.mark.usefixtures("run")
def test_what_cannot_be_read_is_refused(services, arguments, reason):
    query = f'{{ project(name: "p", entityName: "default") {{ runs({arguments}) {{ edges {{ node {{ id }} }} }} }} }}'
    assert reason in refusal(services, query)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ('sampledHistory(specs: ["{"])', "no request for samples"),
        ('sampledHistory(specs: ["{\\"keys\\": []}"])', "needs 'keys'"),
        ('logLines(after: "-1") { edges { cursor } }', "'after' is '-1'"),
    ],
)
def test_a_history_is_not_read_for_nonsense(services, run, field, reason):
    assert reason in refusal(services, run % field)


def test_projects_are_made_described_renamed_and_deleted(services):
    upsert = (
        "mutation M($input: UpsertModelInput!) "
        "{ result: upsertModel(input: $input) { inserted project { id name description } } }"
    )
    made = ask(services, upsert, input={"name": "p", "entityName": "default"})["result"]
    assert (made["inserted"], made["project"]["description"]) == (True, None)
    described = ask(services, upsert, input={"name": "p", "entityName": "default", "description": "d"})["result"]
    assert described == {"inserted": False, "project": {"id": made["project"]["id"], "name": "p", "description": "d"}}
    renaming = {"entityName": "default", "oldProjectName": "p", "newProjectName": "q"}
    query = "mutation M($input: RenameProjectInput!) { renameProject(input: $input) { project { name } } }"
    assert ask(services, query, input=renaming)["renameProject"]["project"]["name"] == "q"
    query = "mutation M($input: DeleteModelInput!) { deleteModel(input: $input) { success } }"
    assert ask(services, query, input={"id": made["project"]["id"]})["deleteModel"]["success"] is True
    models = '{ models(entityName: "default") { edges { node { name } } pageInfo { hasNextPage } } }'
    assert [edge["node"]["name"] for edge in ask(services, models)["models"]["edges"]] == ["Default"]
    assert ask(services, '{ project(name: "q") { id } }')["project"] is None
    assert "needs one" in refusal(services, upsert, input={"entityName": "default"})


def test_a_projects_entity_is_the_same_as_by_its_name(services, run):
    asked = "id name entityType isTeam user { username } organization { name }"
    whole = ask(services, f'{{ project(name: "p") {{ entity {{ {asked} }} }} entity(name: "default") {{ {asked} }} }}')
    assert whole["project"]["entity"] == whole["entity"]
    assert ask(services, run % "project { entity { id name } }")["project"]["run"]["project"]["entity"] == {
        "id": whole["entity"]["id"],
        "name": "default",
    }
