"""What `Store` promises, on both databases."""

import asyncio

import pytest

from podium.domain.access import DEFAULT_TEAM_ID
from podium.domain.events import Change
from podium.store import events, projects
from podium.store.engine import Store
from podium.store.transaction import Tx


def test_an_exception_rolls_back_its_own_write_and_no_other(store: Store):
    async def scenario() -> list[object]:
        def good(number: int):
            def work(tx: Tx) -> int | None:
                return projects.insert_project(
                    tx, team_id=DEFAULT_TEAM_ID, name=f"good-{number}", artifact_location="x", at=1
                )

            return work

        def bad(tx: Tx) -> None:
            projects.insert_project(tx, team_id=DEFAULT_TEAM_ID, name="bad", artifact_location="x", at=1)
            raise ValueError("no")

        jobs = [store.write(good(n)) for n in range(20)] + [store.write(bad)]
        return await asyncio.gather(*jobs, return_exceptions=True)

    results = asyncio.run(scenario())
    assert isinstance(results[-1], ValueError)
    assert len(set(results[:-1])) == 20
    names = asyncio.run(store.read(lambda tx: [row[0] for row in tx.all("SELECT name FROM projects ORDER BY name")]))
    assert names == sorted(["Default", *(f"good-{n}" for n in range(20))])


def test_concurrent_appends_make_one_chain_without_gaps(store: Store):
    async def scenario() -> None:
        def append(number: int):
            change = Change("project", str(number), "p", "create", after={"n": number})
            return lambda tx: events.append_event(tx, change, at=number, actor="ada", team_id=DEFAULT_TEAM_ID)

        await asyncio.gather(*(store.write(append(n)) for n in range(50)))

    asyncio.run(scenario())
    rows = asyncio.run(store.read(lambda tx: tx.all("SELECT seq, previous_hash, hash FROM events ORDER BY seq")))
    assert [row[0] for row in rows] == list(range(1, 51))
    assert [row[1] for row in rows] == ["", *(row[2] for row in rows[:-1])]


def test_a_read_cannot_write(store: Store):
    with pytest.raises(Exception, match=r"read.?only"):
        asyncio.run(store.read(lambda tx: tx.run("DELETE FROM projects")))


def test_names_sort_by_code_point_and_like_minds_case(store: Store):
    async def scenario() -> tuple[list[str], list[str]]:
        def fill(tx: Tx) -> None:
            for name in ("b", "B", "a", "Z", "é"):
                projects.insert_project(tx, team_id=DEFAULT_TEAM_ID, name=name, artifact_location="x", at=1)

        await store.write(fill)
        ordered = await store.read(lambda tx: [r[0] for r in tx.all("SELECT name FROM projects ORDER BY name")])
        liked = await store.read(
            lambda tx: [r[0] for r in tx.all("SELECT name FROM projects WHERE name LIKE :p", p="b%")]
        )
        return ordered, liked

    ordered, liked = asyncio.run(scenario())
    assert ordered == ["B", "Default", "Z", "a", "b", "é"]
    assert liked == ["b"]
