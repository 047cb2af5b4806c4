"""Streams of lines: whatever is sent again, in whatever order, every line is kept once."""

from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from podium.store import run_lines
from podium.store.migrate import migrate
from podium.store.sqlite import connect
from podium.store.transaction import Tx

LENGTH = 12
SPANS = st.tuples(st.integers(0, LENGTH), st.integers(1, LENGTH)).map(lambda span: (span[0], min(LENGTH, sum(span))))


@cache
def database() -> Tx:
    """A database with one run, of key 1."""
    tx = Tx(connect(Path(":memory:")))
    migrate(tx)
    tx.run("INSERT INTO runs (id, run_id, project_id, name, user_id, status) VALUES (1, 'r', 0, '', '', 'RUNNING')")
    return tx


def emptied(stream) -> Tx:
    run_lines.delete_lines(database(), 1, stream)
    return database()


def stored(tx: Tx, stream) -> list[str]:
    return [line for row in run_lines.select_lines(tx, 1, stream) for line in row.lines]


@given(st.lists(SPANS), st.lists(SPANS), st.randoms(use_true_random=False))
def test_lines_of_two_processes_are_kept_once_each(first, second, random):
    """Each process sends its own lines under the same numbers, in chunks that come in any order, twice or thrice."""
    tx = emptied("history")
    chunks = [("a", span) for span in first] + [("b", span) for span in second]
    sent = chunks + random.choices(chunks, k=len(chunks)) if chunks else []
    random.shuffle(sent)
    for process, (start, end) in sent:
        lines = [f"{process}{number}" for number in range(start, end)]
        if lines:
            for writer, places in run_lines.find_free_lines(tx, 1, "history", start, lines):
                for place in places:
                    run_lines.add_lines(tx, 1, "history", writer, start + place, [lines[place]], [0])
    expected = {f"{process}{number}" for process, (start, end) in chunks for number in range(start, end)}
    assert sorted(stored(tx, "history")) == sorted(expected)


@given(st.lists(SPANS))
def test_lines_that_are_written_over_are_those_that_came_last(spans):
    tx, expected = emptied("console"), {}
    for turn, (start, end) in enumerate(spans):
        lines = [f"{turn}/{number}" for number in range(start, end)]
        if lines:
            run_lines.replace_lines(tx, 1, "console", "", start, lines)
            expected.update(zip(range(start, end), lines, strict=True))
    assert stored(tx, "console") == [expected[number] for number in sorted(expected)]
