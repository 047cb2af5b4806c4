"""The lineage of things that several clients made."""

import asyncio
from pathlib import Path

import pytest

from podium.domain.registries import MODELS
from podium.errors import InvalidArgument, NotFound
from podium.services import Services
from podium.store.engine import Store
from podium.store.transaction import Tx
from support.files import body, context_of
from support.registry import ACTOR, RegistryWorld, refused
from support.versioned import Logger

FIRST, SECOND = "a" * 32, "b" * 32
SMALL = 300


class World(RegistryWorld):
    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        context, self.clock = context_of(store, folder)
        self.services = Services(context)
        self.registry, self.versions = self.services.registry, self.services.versions

    async def names(self, kind, public_id, direction="both", depth=None) -> set[str]:
        graph = await self.services.lineage.graph(ACTOR, kind, str(public_id), direction, depth)
        return {node.name or node.id[0] for node in graph.nodes}


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path)


def test_a_graph_goes_through_what_both_clients_made(world):
    """data -> first run -> artifact net, linked as Linked/1 -> second run -> files, registered by MLflow as Made/1."""
    services = world.services

    async def story():
        await world.new_run(FIRST)
        await world.new_run(SECOND)
        log = Logger(services, ACTOR)
        data = await log.log("data", {"d": b"1"})
        await services.artifact_lineage.use(ACTOR, data.id, FIRST, FIRST)
        net = await log.log("net", {"w": b"2"}, project=FIRST, run=FIRST, type="model")
        await services.artifact_changes.link(ACTOR, net.id, MODELS, "Linked", [])
        await services.artifact_lineage.use(ACTOR, net.id, SECOND, SECOND)
        await services.artifacts.put(ACTOR, f"0/{SECOND}/artifacts/model/w", body(b"3"))
        await world.registry.create(ACTOR, "Made", {})
        await world.new_version("Made", f"runs:/{SECOND}/model", run_id=SECOND)
        everything = {"data:v0", "a", "net:v0", "Linked", "b", "Made"}
        assert await world.names("artifact", data.id) == everything
        assert await world.names("model_version", "Made/1", "upstream") == {"data:v0", "a", "net:v0", "b", "Made"}
        assert await world.names("model_version", "Linked/1") == {"data:v0", "a", "net:v0", "Linked"}
        assert await world.names("run", FIRST, "downstream", 1) == {"a", "net:v0"}
        assert await world.names("run", FIRST, depth=1) == {"data:v0", "a", "net:v0"}
        assert await world.names("run", FIRST, depth=0) == {"a"}
        graph = await services.lineage.graph(ACTOR, "run", FIRST, "upstream", None)
        assert [(node.kind, node.team, node.deleted) for node in graph.nodes] == [
            ("run", "default", False),
            ("artifact", "default", False),
        ]
        assert [(edge.source, edge.target) for edge in graph.edges] == [(1, 0)]
        assert graph.complete

    asyncio.run(story())


def test_what_names_nothing_is_refused(world):
    async def story():
        for kind, public_id in (("run", FIRST), ("artifact", "7"), ("dataset", "7"), ("model_version", "M/1")):
            await refused(world.names(kind, public_id), NotFound)
        for kind, public_id in (("run", "\0"), ("logged_model", "\0"), ("model_version", "\0/1")):
            with pytest.raises((NotFound, InvalidArgument)):  # PostgreSQL has no text with NUL at all
                await world.names(kind, public_id)
        for kind, public_id in (("artifact", "x"), ("model_version", "M"), ("model_version", "M/one")):
            await refused(world.names(kind, public_id), InvalidArgument)
        await refused(world.names("run", FIRST, depth=-1), InvalidArgument)

    asyncio.run(story())


def test_a_long_chain_with_a_loop_is_walked_once(world):
    """Each run reads the artifact before and makes the next; the last artifact is read by the first run again."""

    async def story():
        await fill(world, SMALL)
        graph = await world.services.lineage.graph(ACTOR, "run", f"{0:032x}", "downstream", None)
        assert (len(graph.nodes), len(graph.edges)) == (2 * SMALL, 2 * SMALL)

    asyncio.run(story())


async def fill(world: World, count: int) -> None:
    await world.new_run(FIRST)
    start = await Logger(world.services, ACTOR).log("data", {"d": b"1"})

    def work(tx: Tx) -> None:
        project = tx.value("SELECT MAX(id) FROM projects")
        for number in range(count):
            run = tx.value(
                "INSERT INTO runs (run_id, slug, project_id, name, user_id, status)"
                " VALUES (:run, :run, :project, '', '', 'RUNNING') RETURNING id",
                run=f"{number:032x}",
                project=project,
            )
            made = tx.value(
                "INSERT INTO artifact_versions (collection_id, state, digest, user_id, pending_aliases, size_bytes,"
                " file_count, created_at, updated_at) VALUES (:collection, 'COMMITTED', '', '', '[]', 0, 0, 0, 0)"
                " RETURNING id",
                collection=start.sequence.id,
            )
            if number == 0:
                first = run
            for direction, version in (("input", made - 1), ("output", made)):
                if number or direction == "output":
                    tx.run(
                        "INSERT INTO run_artifacts (run_id, direction, version_id, created_at)"
                        " VALUES (:run, :direction, :version, 0)",
                        run=run,
                        direction=direction,
                        version=version,
                    )
        tx.run(
            "INSERT INTO run_artifacts (run_id, direction, version_id, created_at) VALUES (:run, 'input', :version, 0)",
            run=first,
            version=made,
        )

    await world.store.write(work)
