"""Queries of who may not see a registry: they are answered, without a word of it, and at no greater cost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from podium.domain.access import Actor
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute
from podium.protocols.wandb.graph.ids import global_id
from podium.services.registries import RegistryEdit
from podium.store.engine import open_store
from podium.store.transaction import Tx
from support.hidden import SECRET, hidden_registry, organization
from support.registries import World
from support.versioned import Logger

ARTIFACT = """query Artifact($id: ID!) { artifact(id: $id) {
  aliases { alias artifactCollection { name project { name } } }
  artifactMemberships { edges { node { aliases { alias } artifactCollection {
    name aliases { edges { node { alias } } } artifacts(first: 10) { edges { version } totalCount }
  } } } }
} }"""
PROJECTS = """query Models($entity: String!) { models(entityName: $entity, first: 10) { edges { node {
  name artifactCollections(first: 10) { edges { node { name artifacts(first: 10) { edges { version } } } } }
} } } }"""
OUTPUTS = """query Outputs($entity: String!, $first: Int!) { project(name: "p", entityName: $entity) {
  run(name: "r") { outputArtifacts(first: $first) { edges { node { id aliases { alias artifactCollection { name } } }
} } } } }"""


@pytest.fixture
def world(tmp_path: Path):
    store = open_store(None, tmp_path)
    yield World(store, tmp_path)
    store.close()


async def ask(world: World, actor: Actor, document: str, **variables: Any) -> str:
    answer = await execute(Caller(world.services, actor.account, "http://podium", None), document, variables, None)
    assert "errors" not in answer, answer
    return str(answer["data"])


def test_a_query_is_answered_without_what_its_user_may_not_see(world):
    async def story():
        owner, bob, _ = await organization(world)
        _, version = await hidden_registry(world, owner)
        for document, variables in (
            (ARTIFACT, {"id": global_id("Artifact", version)}),
            (PROJECTS, {"entity": "acme"}),
        ):
            assert SECRET in await ask(world, owner, document, **variables)
            shown = await ask(world, bob, document, **variables)
            assert (SECRET in shown, "open" in shown) == (False, True)

    asyncio.run(story())


def test_what_is_hidden_is_asked_once_a_page(world, monkeypatch):
    statements: list[str] = []
    run_statement = Tx._execute

    def counted(tx: Tx, statement: str, parameters: Any):
        statements.append(statement)
        return run_statement(tx, statement, parameters)

    async def story():
        owner, bob, _ = await organization(world)
        services, registry = world.services, f"wandb-registry-{SECRET}"
        await services.registries.upsert(owner, registry, RegistryEdit(access="RESTRICTED"))
        await services.run_upserts.upsert(owner, "p", "r", RunChange(), together=False)
        for number in range(6):
            version = await Logger(services, owner).log("data", {"w": b"%d" % number}, run="r")
            await services.artifact_changes.link(owner, version.id, registry, SECRET, [f"a{number}"])
        monkeypatch.setattr(Tx, "_execute", counted)
        costs = []
        for first in (6, 2, 6):  # the first fills what is kept
            statements.clear()
            shown = await ask(world, bob, OUTPUTS, entity="acme", first=first)
            assert (SECRET in shown, shown.count("'id'")) == (False, first)
            costs.append(len(statements))
        assert 0 < costs[1] == costs[2]

    asyncio.run(story())
