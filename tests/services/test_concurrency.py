"""What many callers do at once has one outcome, on both databases: one of them wins, and the others are told."""

import asyncio
from collections import Counter

import pytest

from podium.blobs.local import LocalBlobs
from podium.errors import AlreadyExists, InvalidArgument
from support.registry import ACTOR, RegistryWorld
from support.streams import stream

CALLERS = 8
ROUNDS = 5


@pytest.fixture
def world(store, tmp_path):
    LocalBlobs.open(tmp_path / "blobs").close()
    return RegistryWorld(store, tmp_path / "blobs")


async def at_once(*attempts):
    """What each attempt came to: the name of its result's or error's type."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    return Counter(type(outcome).__name__ for outcome in outcomes), outcomes


def test_a_param_has_the_value_of_the_one_caller_that_was_told_so(world):
    async def story():
        for _ in range(ROUNDS):
            run = await world.services.runs.create(ACTOR, "0", name="", user_id="", start_time=0, tags={})
            run_id = run.info.run_id
            logged = [world.services.runs.log_param(ACTOR, run_id, "p", str(n)) for n in range(CALLERS)]
            kinds, outcomes = await at_once(*logged)
            assert kinds == {"NoneType": 1, InvalidArgument.__name__: CALLERS - 1}
            stored = await world.services.runs.get(ACTOR, run_id)
            assert stored.params == {"p": str(outcomes.index(None))}

    asyncio.run(story())


def test_a_path_becomes_a_file_or_a_folder_and_never_both(world):
    artifacts = world.services.artifacts

    async def story():
        for number in range(ROUNDS):
            place = f"0/run{number}/artifacts/a"
            kinds, _ = await at_once(
                artifacts.put(ACTOR, place, stream(b"file")), artifacts.put(ACTOR, f"{place}/b", stream(b"below"))
            )
            assert kinds == {"NoneType": 1, InvalidArgument.__name__: 1}
            [child] = await artifacts.list_folder(ACTOR, f"0/run{number}/artifacts")
            assert child.name == "a"

    asyncio.run(story())


def test_every_replaced_file_is_kept(world):
    artifacts = world.services.artifacts

    async def story():
        bodies = [str(number).encode() for number in range(CALLERS)]
        await asyncio.gather(*(artifacts.put(ACTOR, "0/a", stream(body)) for body in bodies))
        kept = await world.store.read(
            lambda tx: tx.all("SELECT digest FROM deleted_artifact_files UNION ALL SELECT digest FROM artifact_files")
        )
        assert len(kept) == len(set(kept)) == CALLERS

    asyncio.run(story())


def test_a_run_is_deleted_once(world):
    async def story():
        run = await world.services.runs.create(ACTOR, "0", name="r", user_id="", start_time=0, tags={})
        await asyncio.gather(*(world.services.runs.delete(ACTOR, run.info.run_id) for _ in range(CALLERS)))
        assert await world.events() == [("delete", "run", "r")]

    asyncio.run(story())


def test_one_project_gets_a_name_that_many_want(world):
    projects = world.services.projects

    async def story():
        keys = [await projects.create(ACTOR, f"p{number}", None, {}) for number in range(CALLERS)]
        kinds, _ = await at_once(*(projects.rename(ACTOR, str(key), "wanted") for key in keys))
        assert kinds == {"NoneType": 1, AlreadyExists.__name__: CALLERS - 1}

    asyncio.run(story())


def test_tags_set_at_once_make_a_chain_of_events(world):
    async def story():
        await world.registry.create(ACTOR, "M", {})
        await asyncio.gather(*(world.registry.set_tag(ACTOR, "M", "k", str(n)) for n in range(CALLERS)))
        rows = await world.store.read(
            lambda tx: tx.all("SELECT before, after FROM events WHERE action = 'set_tag' ORDER BY seq")
        )
        assert [before for before, _ in rows[1:]] == [after for _, after in rows[:-1]]

    asyncio.run(story())
