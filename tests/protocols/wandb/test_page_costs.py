"""Pages of whatever the client lists take as many statements for many items as for few: none is asked for alone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.wandb_documents import name_of, python_documents

from podium.domain.access import Actor
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute
from podium.services import Services
from podium.services.registries import RegistryEdit
from podium.store.engine import open_store
from podium.store.transaction import Tx
from support.files import body, context_of
from support.versioned import Logger

ADA = Actor("ada")
FEW, MANY = 2, 6
VERSIONS = {"type": "dataset", "collection": "data"}
DOCUMENTS = {name_of(document): document for document in python_documents()}


async def fill(services: Services) -> None:
    """`MANY` of each: versions of an artifact that a run made and another run read, collections, links, registries."""
    log = Logger(services, ADA)
    run = await services.run_upserts.upsert(ADA, "p", "r", RunChange(display_name="run"), together=False)
    key = run.tracked.run.info.run_id
    many = {f"f{number}": str(number).encode() for number in range(MANY)}
    for number in range(MANY):
        content = many if number == 0 else {"f": str(number).encode()}
        version = await log.log("data", content, tags=["t"], aliases=[f"a{number}"], project="p", run="r")
        await services.artifact_lineage.use(ADA, version.id, "p", "r")
        await log.log(f"other-{number}", {"o": str(number).encode()})
        registry = f"wandb-registry-{number}"
        await services.registries.upsert(ADA, registry, RegistryEdit())
        await services.artifact_changes.link(ADA, version.id, registry, "linked", ["best"])
        await services.artifacts.put(ADA, f"1/{key}/artifacts/file-{number}", body(b"x"))


@pytest.fixture(scope="module")
def services(tmp_path_factory) -> Iterator[Services]:
    folder: Path = tmp_path_factory.mktemp("filled")
    store = open_store(None, folder)
    services = Services(context_of(store, folder)[0])
    asyncio.run(fill(services))
    yield services
    store.close()


def edges_in(answer: Any) -> list[Any]:
    """The outermost list of edges in an answer."""
    if isinstance(answer, dict):
        if "edges" in answer:
            return answer["edges"]
        return next((found for value in answer.values() if (found := edges_in(value))), [])
    return []


@pytest.mark.parametrize(
    ("name", "given", "size"),
    [
        ("GetProjects", {}, "perPage"),
        ("ProjectArtifacts", VERSIONS, "perPage"),
        ("ProjectArtifactCollections", {}, "perPage"),
        ("ArtifactTypeArtifactCollections", {"type": "dataset"}, "perPage"),
        ("ArtifactMembershipFiles", {"collection": "data", "alias": "v0"}, "perPage"),
        ("RunOutputArtifacts", {"run": "r"}, "perPage"),
        ("RunInputArtifacts", {"run": "r"}, "perPage"),
        ("RunFiles", {"name": "r"}, "fileLimit"),
        ("FetchRegistries", {}, "perPage"),
        ("RegistryCollections", {}, "perPage"),
        ("RegistryVersions", {"includeAliases": True}, "perPage"),
    ],
)
def test_a_page_of_many_costs_what_a_page_of_few_does(services, monkeypatch, name, given, size):
    statements: list[str] = []
    run_statement = Tx._execute

    def counted(tx: Tx, statement: str, parameters: Any):
        statements.append(statement)
        return run_statement(tx, statement, parameters)

    async def cost(count: int) -> list[str]:
        statements.clear()
        variables = {"entity": "default", "project": "p", "organization": "default", **given, size: count}
        answer = await execute(Caller(services, None, "http://podium", None), DOCUMENTS[name], variables, None)
        assert "errors" not in answer, answer
        assert len(edges_in(answer["data"])) == count
        return list(statements)

    monkeypatch.setattr(Tx, "_execute", counted)
    asyncio.run(cost(MANY))  # what is looked up once and kept
    few, many = (asyncio.run(cost(count)) for count in (FEW, MANY))
    assert 0 < len(many) == len(few), many
