"""The audit trail: found by criteria, and every way of tampering with it named."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.audit import BadEvent
from podium.errors import InvalidArgument
from podium.services import audit as audit_module
from podium.services.audit import Audit
from podium.services.context import Context
from podium.services.projects import Projects
from podium.store.engine import Store
from podium.store.transaction import Tx

ADA, BOB = Actor("ada"), Actor("bob")
LENGTH = 8


@pytest.fixture
def context(store: Store, tmp_path: Path) -> Context:
    ticks = iter(range(1000, 100_000))
    return Context(store=store, blobs=LocalBlobs(tmp_path / "b"), clock=lambda: next(ticks))


@pytest.fixture
def trail(context: Context, monkeypatch: pytest.MonkeyPatch) -> Audit:
    """Eight events, in batches of three."""
    monkeypatch.setattr(audit_module, "BATCH", 3)

    async def fill() -> None:
        projects = Projects(context)
        for i in range(4):
            key = await projects.create(ADA, f"p{i}", None, {"n": str(i)})
            await projects.set_tag(BOB, str(key), "n", "x")

    asyncio.run(fill())
    return Audit(context)


def tampered(context: Context, audit: Audit, work: Callable[[Tx], object]) -> BadEvent | None:
    async def run() -> BadEvent | None:
        await context.store.write(work)
        return await audit.verify_chain()

    return asyncio.run(run())


def test_an_untouched_chain_is_whole(trail: Audit):
    assert asyncio.run(trail.verify_chain()) is None


def test_an_empty_chain_is_whole(context: Context):
    assert asyncio.run(Audit(context).verify_chain()) is None


@pytest.mark.parametrize(
    "edit",
    [
        "at = at + 1",
        "actor = 'mallory'",
        "team_id = 2",
        "entity = 'run'",
        "entity_id = '77'",
        "entity_name = 'other'",
        "action = 'delete'",
        "before = '{}'",
        "after = NULL",
        "previous_hash = 'beef'",
        "hash = 'beef'",
    ],
)
@pytest.mark.parametrize("seq", [1, 4, LENGTH])
def test_an_edited_column_is_found(context: Context, trail: Audit, edit: str, seq: int):
    bad = tampered(context, trail, lambda tx: tx.run(f"UPDATE events SET {edit} WHERE seq = {seq}"))
    assert bad is not None
    assert bad.seq == seq


def test_a_moved_event_is_missed_where_it_was(context: Context, trail: Audit):
    bad = tampered(context, trail, lambda tx: tx.run("UPDATE events SET seq = 99 WHERE seq = 5"))
    assert bad == BadEvent(5, "event 5 is missing: event 6 follows event 4")


def test_a_deleted_event_is_named(context: Context, trail: Audit):
    bad = tampered(context, trail, lambda tx: tx.run("DELETE FROM events WHERE seq = 3"))
    assert bad == BadEvent(3, "event 3 is missing: event 4 follows event 2")


def test_swapped_events_are_found_at_the_first(context: Context, trail: Audit):
    def swap(tx: Tx) -> None:
        for old, new in ((3, 100), (6, 3), (100, 6)):
            tx.run("UPDATE events SET seq = :new WHERE seq = :old", new=new, old=old)

    bad = tampered(context, trail, swap)
    assert bad is not None
    assert bad.seq == 3


@pytest.mark.parametrize("kept", [0, 1, 6, 7])
def test_a_cut_off_tail_is_found(context: Context, trail: Audit, kept: int):
    bad = tampered(context, trail, lambda tx: tx.run(f"DELETE FROM events WHERE seq > {kept}"))
    assert bad is not None
    assert bad.seq == kept + 1
    assert "cut off" in bad.reason


def test_a_head_moved_back_or_deleted_is_found(context: Context, trail: Audit):
    bad = tampered(context, trail, lambda tx: tx.run("UPDATE event_chain SET seq = 6"))
    assert bad is not None
    assert bad.seq == LENGTH
    bad = tampered(context, trail, lambda tx: tx.run("DELETE FROM event_chain"))
    assert bad is not None
    assert "record" in bad.reason


def test_pages_are_newest_first_and_complete(trail: Audit):
    async def all_pages() -> list[int]:
        seqs: list[int] = []
        cursor = None
        while True:
            page = await trail.list_events(ADA, limit=3, cursor=cursor)
            seqs += [event.seq for event in page.events]
            cursor = page.cursor
            if cursor is None:
                return seqs

    assert asyncio.run(all_pages()) == list(range(LENGTH, 0, -1))


def test_criteria_narrow_a_listing(trail: Audit):
    async def seqs(**criteria) -> list[int]:
        return [event.seq for event in (await trail.list_events(ADA, **criteria)).events]

    async def run() -> None:
        assert await seqs(by="bob") == [8, 6, 4, 2]
        assert await seqs(action="create", entity_name="p1") == [3]
        assert await seqs(entity="run") == []
        [first] = (await trail.list_events(ADA, entity_name="p0", by="ada")).events
        assert await seqs(entity="project", entity_id=first.entity_id) == [2, 1]
        assert await seqs(since=first.at, until=first.at + 1) == [1]

    asyncio.run(run())


def test_export_is_oldest_first(trail: Audit):
    async def run() -> list[int]:
        return [event.seq async for event in trail.export(ADA, by="ada")]

    assert asyncio.run(run()) == [1, 3, 5, 7]


def test_other_teams_see_nothing(context: Context, trail: Audit):
    async def run() -> list[object]:
        await context.store.write(
            lambda tx: tx.run("INSERT INTO teams (name, created_at, updated_at) VALUES ('other', 0, 0)")
        )
        return list((await trail.list_events(Actor("eve", "other"))).events)

    assert asyncio.run(run()) == []


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_limit_out_of_range_is_refused(trail: Audit, limit: int):
    with pytest.raises(InvalidArgument, match="limit"):
        asyncio.run(trail.list_events(ADA, limit=limit))
