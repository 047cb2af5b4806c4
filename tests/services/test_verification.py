"""Verification names every thing that does not fit: rows, manifests, bytes, events."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from podium.services.verification import Problem
from podium.store.engine import open_store
from support.registry import ACTOR, RegistryWorld

# What a foreign key, or Podium's own code, would never let in.
BROKEN = {
    "metrics": ("INSERT INTO metrics VALUES (99, 1, 1, 1, 1.0, 0)", "Run 99 has points and is not there."),
    "registered_models": (
        "UPDATE registered_models SET next_version = 1 WHERE name = 'M'",
        "Model M would give out a version's number again.",
    ),
    "model_aliases": (
        "UPDATE model_aliases SET model_id = (SELECT id FROM registered_models WHERE name = 'Other')",
        "Alias champion means a version of another model.",
    ),
}


@pytest.fixture
def world(store, tmp_path):
    world = RegistryWorld(store, tmp_path)

    async def fill():
        for name in ("M", "Other"):
            await world.registry.create(ACTOR, name, {})
        await world.new_version()
        await world.promotion.set_alias(ACTOR, "M", "champion", 1)

    asyncio.run(fill())
    return world


def problems(world: RegistryWorld) -> list[Problem]:
    async def found():
        return [problem async for problem in world.services.verification.problems(quick=False)]

    return asyncio.run(found())


def change(world: RegistryWorld, *statements: str) -> None:
    def work(tx):
        for statement in statements:
            tx.run(statement)

    asyncio.run(world.store.write(work))


@pytest.mark.parametrize("table", BROKEN)
def test_rows_that_break_a_rule_are_named(world, table):
    assert problems(world) == []
    statement, message = BROKEN[table]
    change(world, statement)
    assert problems(world) == [Problem("rows", table, message)]


def test_a_row_that_refers_to_nothing_is_named(world, tmp_path):
    orphan = "INSERT INTO project_tags VALUES (77, 'k', 'v')"
    if world.store.dialect == "postgresql":
        change(world, "SET LOCAL session_replication_role = replica", orphan)
        expected = "project_id 77 refers to nothing in projects."
    else:
        with closing(sqlite3.connect(tmp_path / "podium.db")) as connection, connection:  # it minds no foreign keys
            connection.execute(orphan)
        expected = "Row without a number refers to nothing in projects."
    assert problems(world) == [Problem("rows", "project_tags", expected)]


def test_an_event_that_was_altered_is_named(world):
    change(world, "UPDATE events SET actor = 'eve' WHERE seq = 2")
    (problem,) = problems(world)
    assert (problem.part, problem.subject) == ("event", "2")
    assert problem.message.startswith("The audit trail is broken: event 2 was altered")


def test_pages_that_were_overwritten_are_named(tmp_path):
    store = open_store(None, tmp_path)
    world = RegistryWorld(store, tmp_path / "blobs")
    change(world, *(f"INSERT INTO metric_keys (key) VALUES ('{number}')" for number in range(3000)))
    store.close()
    file = tmp_path / "podium.db"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"2999", b"2998"))  # in the table and in its index
    store = open_store(None, tmp_path)
    found = problems(RegistryWorld(store, tmp_path / "blobs"))
    store.close()
    assert {(problem.part, problem.subject) for problem in found} == {("rows", "database")}
