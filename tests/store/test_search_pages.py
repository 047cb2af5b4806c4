"""Filters, orders and pages, on both databases."""

import asyncio

import pytest

from podium.domain.access import DEFAULT_TEAM_ID
from podium.domain.filters import And, Comparison, Field, FieldKind, Operator, Or, Order
from podium.errors import InvalidArgument
from podium.store import projects
from podium.store.engine import Store
from podium.store.paging import PageQuery
from podium.store.transaction import Tx

NAME = Field(FieldKind.ATTRIBUTE, "name")
SIZE = Field(FieldKind.TAG, "size")
CREATED = Field(FieldKind.ATTRIBUTE, "created_at")

TAGS = [("a", "s"), ("b", None), ("c", "m"), ("d", None), ("e", "s"), ("A", "l"), ("%", "m"), ("a_b", "S")]


@pytest.fixture
def filled(store: Store) -> Store:
    def fill(tx: Tx) -> None:
        tx.run("DELETE FROM projects")
        for at, (name, size) in enumerate(TAGS):
            key = projects.insert_project(tx, team_id=DEFAULT_TEAM_ID, name=name, artifact_location="x", at=at // 2)
            if size is not None:
                projects.upsert_tag(tx, key, "size", size)

    asyncio.run(store.write(fill))
    return store


EVERYTHING = And()


def pages(store: Store, condition=EVERYTHING, order=(), limit=100) -> list[list[str]]:
    """The names on each page."""

    def read(tx: Tx) -> list[list[str]]:
        found, after = [], None
        while True:
            query = PageQuery(condition, order, limit, after)
            page = projects.search_projects(tx, DEFAULT_TEAM_ID, view="all", query=query)
            found.append([project.name for project in projects.load_projects(tx, page.keys)])
            after = page.after
            if after is None:
                return found

    return asyncio.run(store.read(read))


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (Comparison(NAME, Operator.EQ, "a"), "a"),
        (Comparison(NAME, Operator.NE, "a"), "% A a_b b c d e"),
        (Comparison(NAME, Operator.LIKE, "a%"), "a a_b"),
        (Comparison(NAME, Operator.ILIKE, "a%"), "A a a_b"),
        (Comparison(NAME, Operator.LIKE, "\\%"), ""),
        (Comparison(NAME, Operator.IN, ("a", "%", "zz")), "% a"),
        (Comparison(NAME, Operator.NOT_IN, ("a", "%")), "A a_b b c d e"),
        (Comparison(SIZE, Operator.EQ, "s"), "a e"),
        (Comparison(SIZE, Operator.NE, "s"), "% A a_b c"),
        (Comparison(SIZE, Operator.ILIKE, "s"), "a a_b e"),
        (Comparison(SIZE, Operator.IN, ("s", "l")), "A a e"),
        (Comparison(SIZE, Operator.IS_NULL), "b d"),
        (Comparison(SIZE, Operator.IS_NOT_NULL), "% A a a_b c e"),
        (Comparison(CREATED, Operator.GE, 2.5), "a_b %"),
        (Comparison(CREATED, Operator.LT, 1), "a b"),
        (And((Comparison(SIZE, Operator.EQ, "m"), Comparison(NAME, Operator.NE, "c"))), "%"),
        (Or((Comparison(SIZE, Operator.EQ, "l"), Comparison(NAME, Operator.EQ, "b"))), "A b"),
        (Or(), ""),
        (Comparison(NAME, Operator.IN, tuple(str(n) for n in range(70_000))), ""),
    ],
)
def test_a_condition_finds_exactly_its_rows(filled: Store, condition, names: str):
    [found] = pages(filled, condition)
    assert sorted(found) == sorted(names.split())


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ((Order(NAME),), "% A a a_b b c d e"),
        ((Order(NAME, ascending=False),), "e d c b a_b a A %"),
        ((Order(SIZE), Order(NAME)), "a_b A % c a e b d"),
        ((Order(SIZE, ascending=False), Order(NAME)), "a e % c A a_b b d"),
        ((Order(CREATED, ascending=False), Order(SIZE)), "a_b % A e c d a b"),
    ],
)
def test_pages_join_to_the_whole_list(filled: Store, order, names: str):
    assert pages(filled, order=order) == [names.split()]
    for limit in (1, 2, 3):
        assert [name for page in pages(filled, order=order, limit=limit) for name in page] == names.split()


def test_an_unknown_attribute_is_refused(filled: Store):
    with pytest.raises(InvalidArgument, match="Invalid attribute key 'colour'"):
        pages(filled, Comparison(Field(FieldKind.ATTRIBUTE, "colour"), Operator.EQ, "x"))
