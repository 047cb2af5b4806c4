"""Lines of runs' streams, kept as they were sent, by writer and number. A row holds some hundred of them."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from podium.domain.history import is_same_line
from podium.domain.run_streams import Stream
from podium.store.transaction import Row, Tx

# So many lines make a row: reading a page of a history has to read little more than the page.
ROW_LINES = 500
# The end of a row that is looked into for its last line.
_TAIL = 16_000


class LineRow(msgspec.Struct, frozen=True):
    """Lines with consecutive numbers, and the steps that they lie between (0 where lines have none)."""

    writer: str
    first: int
    min_step: int
    max_step: int
    lines: list[str]


def select_lines(
    tx: Tx, run: int, stream: Stream, *, steps: tuple[int, int] | None = None, limit: int | None = None
) -> list[LineRow]:
    """A stream's rows in the order in which they came, which is that of the numbers where there is one writer.

    `steps` leaves out rows without any line from the first up to, not including, the second of them; rows that stay may
    hold lines of other steps. `limit` is one of rows. Two processes that resumed a run at the same time have lines of
    the same numbers and steps, under two writers.
    """
    rows = tx.all(
        "SELECT writer, first_line, min_step, max_step, content FROM run_lines WHERE run_id = :run AND stream = :stream"
        + (" AND max_step >= :first AND min_step < :end" if steps else "")
        + (" ORDER BY first_line, id" if stream == "console" else " ORDER BY id")
        + ("" if limit is None else f" LIMIT {limit}"),
        run=run,
        stream=stream,
        first=steps[0] if steps else 0,
        end=steps[1] if steps else 0,
    )
    return [_row(row) for row in rows]


def find_last_line(tx: Tx, run: int, stream: Stream) -> str | None:
    """The line of the highest step (of several the last to come); None for a stream without lines."""
    content: str | None = tx.value(
        "SELECT content FROM run_lines WHERE id = (SELECT id FROM run_lines"
        " WHERE run_id = :run AND stream = :stream ORDER BY max_step DESC, id DESC LIMIT 1)",
        run=run,
        stream=stream,
    )
    return None if content is None else content.rpartition("\n")[2]


def select_numbered(tx: Tx, run: int, stream: Stream, first: int, end: int) -> list[tuple[int, str]]:
    """A stream's lines with the numbers from the first up to, not including, the end, by number."""
    rows = tx.all(
        "SELECT writer, first_line, min_step, max_step, content FROM run_lines WHERE run_id = :run AND stream = :stream"
        " AND first_line + line_count > :first AND first_line < :end ORDER BY first_line, id",
        run=run,
        stream=stream,
        first=first,
        end=end,
    )
    found = [(number, line) for row in map(_row, rows) for number, line in enumerate(row.lines, row.first)]
    return sorted((item for item in found if first <= item[0] < end), key=lambda item: item[0])


def find_first_step(tx: Tx, run: int) -> int | None:
    """The lowest step of a run's history; None for one without lines."""
    step: int | None = tx.value(
        "SELECT MIN(min_step) FROM run_lines WHERE run_id = :run AND stream = 'history'", run=run
    )
    return step


def select_last_lines(tx: Tx, runs: Iterable[int], stream: Stream) -> dict[int, str]:
    """The line that came last to each of the runs, by their keys, in one statement; none that is longer than a page."""
    wanted = ", ".join(str(run) for run in runs) or "NULL"
    tail = f"CASE WHEN LENGTH(content) > {_TAIL} THEN SUBSTR(content, LENGTH(content) - {_TAIL}) ELSE content END"
    rows = tx.all(
        f"SELECT run_id, {tail}, LENGTH(content) FROM run_lines WHERE id IN (SELECT MAX(id) FROM run_lines"
        f" WHERE run_id IN ({wanted}) AND stream = :stream GROUP BY run_id)",
        stream=stream,
    )
    return {run: end.rpartition("\n")[2] for run, end, length in rows if length <= _TAIL or "\n" in end}


def add_lines(
    tx: Tx, run: int, stream: Stream, writer: str, first: int, lines: Sequence[str], steps: Sequence[int]
) -> None:
    """Add lines whose numbers the writer has not used; `steps` has one for each."""
    tx.insert(
        "INSERT INTO run_lines (run_id, stream, writer, first_line, line_count, min_step, max_step, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        list(_rows(run, stream, writer, first, lines, steps)),
    )


def find_free_lines(tx: Tx, run: int, stream: Stream, first: int, lines: Sequence[str]) -> list[tuple[str, list[int]]]:
    """The places of those lines that are not kept yet, by the writers under whose names they are to be kept.

    A line that is kept under its number with this text, but for the step that it got here, came twice, since its
    sender did not hear that it had come. With another text it is of another process, which resumed the run at the same
    time: one of the two gets another writer's name. So each line is kept once, whoever sends it again.
    """
    found, left, lane = [], list(range(len(lines))), 1
    while left:
        writer = "" if lane == 1 else str(lane)
        kept = _kept(tx, run, stream, writer, first, len(lines))
        free = [place for place in left if first + place not in kept]
        if free:
            found.append((writer, free))
        left = [place for place in left if not is_same_line(kept.get(first + place, lines[place]), lines[place])]
        lane += 1
    return found


def find_new_lines(
    tx: Tx, run: int, stream: Stream, writer: str, first: int, count: int
) -> list[tuple[str, list[int]]]:
    """The places of those of `count` lines from number `first` that the writer has not sent yet, as above."""
    kept = _kept(tx, run, stream, writer, first, count)
    return [(writer, [place for place in range(count) if first + place not in kept])]


def replace_lines(tx: Tx, run: int, stream: Stream, writer: str, first: int, lines: Sequence[str]) -> None:
    """Put lines in place of those that have their numbers; the other lines stay."""
    overlapping = _overlapping(tx, run, stream, writer, first, len(lines))
    if overlapping:
        tx.run(
            "DELETE FROM run_lines WHERE run_id = :run AND stream = :stream AND writer = :writer"
            " AND first_line >= :low AND first_line <= :high",
            run=run,
            stream=stream,
            writer=writer,
            low=overlapping[0].first,
            high=overlapping[-1].first,
        )
        head, tail = overlapping[0], overlapping[-1]
        before = head.lines[: max(0, first - head.first)]
        after = tail.lines[first + len(lines) - tail.first :] if _end(tail) > first + len(lines) else []
        lines = [*before, *lines, *after]
        first -= len(before)
    add_lines(tx, run, stream, writer, first, lines, [0] * len(lines))


def delete_lines(tx: Tx, run: int, stream: Stream) -> None:
    """Remove all lines of a stream."""
    tx.run("DELETE FROM run_lines WHERE run_id = :run AND stream = :stream", run=run, stream=stream)


def _kept(tx: Tx, run: int, stream: Stream, writer: str, first: int, count: int) -> dict[int, str]:
    return {
        number: line
        for row in _overlapping(tx, run, stream, writer, first, count)
        for number, line in enumerate(row.lines, row.first)
        if first <= number < first + count
    }


def _overlapping(tx: Tx, run: int, stream: Stream, writer: str, first: int, count: int) -> list[LineRow]:
    """The writer's rows with any of `count` numbers from `first`, by number."""
    rows = tx.all(
        "SELECT writer, first_line, min_step, max_step, content FROM run_lines WHERE run_id = :run AND stream = :stream"
        " AND writer = :writer AND first_line < :end AND first_line > :low AND first_line + line_count > :first"
        " ORDER BY first_line",
        run=run,
        stream=stream,
        writer=writer,
        first=first,
        low=first - ROW_LINES,  # no row is longer
        end=first + count,
    )
    return [_row(row) for row in rows]


def _rows(
    run: int, stream: Stream, writer: str, first: int, lines: Sequence[str], steps: Iterable[int]
) -> Iterator[Row]:
    steps = list(steps)
    for start in range(0, len(lines), ROW_LINES):
        part, within = lines[start : start + ROW_LINES], steps[start : start + ROW_LINES]
        yield run, stream, writer, first + start, len(part), min(within), max(within), "\n".join(part)


def _row(row: Row) -> LineRow:
    writer, first, min_step, max_step, content = row
    return LineRow(writer, first, min_step, max_step, content.split("\n"))


def _end(row: LineRow) -> int:
    return row.first + len(row.lines)
