"""An object is whole, and the same, by whichever way a query reaches it: each is asked for everything it has."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from podium.asgi.actor import ANONYMOUS
from podium.domain.access import Account, Actor
from podium.domain.accounts import NewUser
from podium.domain.run_streams import Chunk, Intake
from podium.domain.tracked_runs import RunChange
from podium.protocols.wandb.graph.budget import MAX_FIELDS
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.execute import execute, schema
from podium.protocols.wandb.graph.ids import global_id
from podium.services import Services
from podium.services.registries import RegistryEdit
from podium.services.sign_in import Credentials
from podium.store.engine import open_store
from support.files import body, context_of
from support.schema_walk import Walk, count_values, objects_in
from support.versioned import Logger

REGISTRY = "wandb-registry-things"
ARGUMENTS = {
    ("Entity", "project"): 'name: "p"',
    ("Project", "run"): 'name: "r"',
    ("Project", "bucket"): 'name: "r", missingOk: true',
    ("Project", "artifact"): 'name: "data:v0"',
    ("Project", "artifactCollectionMembership"): 'name: "data:v0"',
    ("Project", "artifactType"): 'name: "dataset"',
    ("Project", "artifactCollection"): 'name: "data"',
    ("ArtifactType", "artifactCollection"): 'name: "data"',
    ("ArtifactSequence", "artifactMembership"): 'aliasName: "latest"',
    ("ArtifactPortfolio", "artifactMembership"): 'aliasName: "latest"',
    ("Artifact", "filesByManifestEntries"): 'entries: [{name: "f", digest: "d"}], storageLayout: "V2", '
    'manifestVersion: "1"',
    ("Run", "sampledHistory"): 'specs: ["{\\"keys\\": [\\"loss\\"]}"]',
    ("Run", "parquetHistory"): "liveKeys: []",
}
# A file's URL is signed anew; a member has another role in each team.
OWN = {("File", "directUrl"), ("File", "url"), ("Member", "role"), ("Member", "admin")}


class World(msgspec.Struct):
    services: Services
    account: Account | None
    team: str
    roots: list[str]
    depth: int  # the last level is asked for with what is below it

    def caller(self) -> Caller:
        return Caller(self.services, self.account, "http://podium", None)


async def fill(services: Services, actor: Actor, organization: str) -> list[str]:
    """One of everything, and the fields of the root by which it is found."""
    change = RunChange(
        display_name="Run", config='{"lr": {"value": 1}}', summary='{"loss": 1}', notes="n", labels=["l"], group="g"
    )
    await services.run_upserts.upsert(actor, "p", "r", change, together=False)
    await services.run_upserts.upsert(actor, "p", "reader", RunChange(display_name="Reader"), together=False)
    project = await services.projects.get_by_name(actor, "p")
    await services.projects.set_tag(actor, str(project.id), "mlflow.note.content", "described")
    history, events = Chunk(0, ['{"_step": 0, "loss": 1}']), Chunk(0, ['{"system.cpu": 1}'])
    await services.run_streams.take(actor, "p", "r", Intake(history=history, events=events, console=Chunk(0, ["hi"])))
    run = await services.tracked_runs.find(actor, "p", "r")
    assert run is not None
    root = f"{project.id}/{run.run.info.run_id}/artifacts/file"
    await services.artifacts.put(actor, root, body(b"x"))
    await services.runs.create(actor, str(project.id), name="of mlflow", user_id="nobody", start_time=1, tags={})
    log = Logger(services, actor)
    first = await log.log("data", {"f": b"1"}, tags=["t"], run="r", client_id="known", references={"x": "s3://b/x"})
    await log.log("data", {"f": b"2"}, run="r")
    await log.log("other", {"o": b"1"})
    begun = await log.begin("other", "0" * 32)
    await services.artifact_lineage.use(actor, first.id, "p", "reader")
    at = actor.at(organization)
    made, _ = await services.registries.upsert(at, REGISTRY, RegistryEdit(description="described", types=["dataset"]))
    linked = await services.artifact_changes.link(at, first.id, REGISTRY, "linked", ["best"])
    mine = await services.artifact_changes.link(actor, first.id, "p", "mine", [])
    team = await services.teams.get(actor, actor.team)
    users = [] if actor.account is None or actor.account.id is None else [actor.account.id]
    await services.registry_members.add(actor, made.id, users, [team.id])
    own = [] if actor.account is None else [actor.name]
    portfolios = [global_id("ArtifactCollection", each.collection.id) for each in (linked, mine)]
    return [
        "serverInfo",
        "viewer",
        f'users(query: "{actor.name}")',
        *(f'entity(name: "{name}")' for name in dict.fromkeys((actor.team, organization, *own))),
        f'organization(name: "{organization}")',
        f'project(name: "p", entityName: "{actor.team}")',
        f'project(name: "{REGISTRY}", entityName: "{organization}")',
        f'models(entityName: "{actor.team}")',
        *(f'artifact(id: "{global_id("Artifact", each.id)}")' for each in (first, begun)),
        f'artifactCollection(id: "{global_id("ArtifactCollection", first.sequence.id)}")',
        *(f'artifactCollection(id: "{key}")' for key in portfolios),
        'clientIDMapping(clientID: "known")',
    ]


async def fill_open(services: Services) -> World:
    roots = await fill(services, Actor(ANONYMOUS), "default")
    return World(services, None, "default", roots, 2)


async def fill_shared(services: Services) -> World:
    for name in ("root", "ann"):
        new = NewUser(name=name, api_key=f"key-{name}", email=f"{name}@x.org", admin=name == "root")
        await services.users.create(Actor("setup"), new)
    root = Actor("root", account=await services.sign_in.account(Credentials(None, "key-root")))
    await services.organizations.create(root, "acme", owner="ann")
    await services.teams.create_in(root, "acme", "blue", "ann")
    account = await services.sign_in.account(Credentials(None, "key-ann"))
    roots = await fill(services, Actor("ann", "blue", account), "acme")
    return World(services, account, "blue", roots, 3)


@pytest.fixture(scope="module", params=[fill_open, fill_shared], ids=["open", "accounts"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("filled")
    store = open_store(None, folder)
    yield asyncio.run(request.param(Services(context_of(store, folder)[0])))
    store.close()


@pytest.fixture(scope="module")
def answers(world: World) -> list[tuple[str, Any]]:
    """What every query of the walk is answered."""

    async def ask() -> list[tuple[str, Any]]:
        walk = Walk(schema(), ARGUMENTS)
        queries = [query for root in world.roots for query in walk.queries(root, world.depth)]
        return [(query, await execute(world.caller(), query, None, None)) for query in queries]

    return asyncio.run(ask())


def test_no_query_fails(world: World, answers: list[tuple[str, Any]]):
    assert len(answers) > 100 * (world.depth - 1) ** 2
    assert [(query, answer["errors"]) for query, answer in answers if "errors" in answer] == []


def test_an_object_is_the_same_by_whichever_way_it_is_reached(world: World, answers: list[tuple[str, Any]]):
    known: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for _, answer in answers:
        for found in objects_in(answer["data"]):
            if "id" in found:
                for field, value in found.items():
                    if not any(objects_in(value)) and (found["__typename"], field) not in OWN:
                        known[found["__typename"], found["id"]][field].add(json.dumps(value))
    differing = {
        (key, field): values for key, fields in known.items() for field, values in fields.items() if len(values) > 1
    }
    if world.account is None:  # its only team stands for an organization, too
        differing = {key: values for key, values in differing.items() if key[1] not in ("entityType", "isTeam")}
    assert differing == {}
    assert {kind for kind, _ in known} >= {"Run", "User", "Artifact", "ArtifactType", "Project", "Organization"}


def test_the_budget_counts_what_is_made(world: World, answers: list[tuple[str, Any]]):
    async def cost(query: str) -> int:
        caller = world.caller()
        await execute(caller, query, None, None)
        return MAX_FIELDS - caller.budget.left

    for query, answer in answers[::20]:
        assert count_values(answer["data"]) <= asyncio.run(cost(query)) + query.count(" "), query


def test_what_is_to_be_uploaded_is_as_whole_as_what_is_here(world: World):
    place = f'entityName: "{world.team}", projectName: "p"'
    draft = f'{place}, artifactTypeName: "dataset", artifactCollectionName: "data"'
    changes = [
        f'createRunFiles(input: {{{place}, runName: "r", files: ["new"]}})',
        f'createArtifact(input: {{{draft}, digest: "d", clientID: "new"}})',
        f'createArtifactManifest(input: {{{place}, artifactID: "%s", name: "m", digest: "AAAAAAAAAAAAAAAAAAAAAA=="}})',
        'createArtifactFiles(input: {artifactFiles: [{artifactID: "%s", name: "f", md5: "AAAAAAAAAAAAAAAAAAAAAA=="}]})',
    ]

    async def story() -> None:
        walk, begun = Walk(schema(), ARGUMENTS), ""
        for change in changes:
            document = walk.mutation(change.replace("%s", begun))
            answer = await execute(world.caller(), document, None, None)
            assert "errors" not in answer, (change, answer)
            if "createArtifact" in answer["data"]:
                begun = answer["data"]["createArtifact"]["artifact"]["id"]
                latest = "{ artifactSequence { latestArtifact { id versionIndex state } } }"
                query = document[: document.index("{ __typename")] + f"{{ artifact {latest} }} }}"
                answer = await execute(world.caller(), query, None, None)
                found = answer["data"]["createArtifact"]["artifact"]["artifactSequence"]["latestArtifact"]
                assert (found["versionIndex"], found["state"]) == (1, "COMMITTED")

    asyncio.run(story())
