"""Tables as CSV, whole, for whoever goes on with them elsewhere."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from starlette.responses import Response, StreamingResponse

from podium.errors import InvalidArgument

# A cell that begins so is a formula to spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TYPE = "text/csv; charset=utf-8"

Cell = str | int | float | None
Row = Sequence[Cell]
Table = tuple[Row, Iterable[Row]]  # its head, and its rows
Place = TypeVar("Place")


def csv_answer(name: str, head: Row, rows: Iterable[Row]) -> Response:
    """The file `name`.csv of rows in hand."""
    return Response(csv_lines([head, *rows]), headers=_headers(name), media_type=_TYPE)


def csv_choice(name: str, wanted: str, tables: Mapping[str, Table]) -> Response:
    """The file of that one of a page's tables which is wanted. Raises InvalidArgument for a name that none has."""
    if wanted not in tables:
        raise InvalidArgument(f"'table' is '{wanted[:50]}': expected one of {', '.join(tables)}.")
    return csv_answer(f"{name}-{wanted}", *tables[wanted])


async def csv_stream(name: str, head: Row, batches: AsyncIterator[Iterable[Row]]) -> Response:
    """The file of rows that come in batches, written out as they come.

    The first is waited for: what is refused is refused before the answer begins.
    """
    first = await anext(batches, ())
    return StreamingResponse(_written(head, first, batches), headers=_headers(name), media_type=_TYPE)


async def pages(
    fetch: Callable[[Place | None], Awaitable[tuple[Iterable[Row], Place | None]]],
) -> AsyncIterator[Iterable[Row]]:
    """The rows of every page; `fetch` gives those of the page at a place (None: the first), and the next place."""
    rows, place = await fetch(None)
    yield rows
    while place is not None:
        rows, place = await fetch(place)
        yield rows


def csv_lines(rows: Iterable[Row]) -> bytes:
    """Rows as lines of CSV; what is None is empty."""
    text = io.StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


async def _written(head: Row, first: Iterable[Row], batches: AsyncIterator[Iterable[Row]]) -> AsyncIterator[bytes]:
    yield csv_lines([head, *first])
    async for rows in batches:
        yield await asyncio.to_thread(csv_lines, rows)  # there may be many


def _headers(name: str) -> dict[str, str]:
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._") else "-" for letter in name)
    return {
        "content-disposition": f'attachment; filename="{safe}.csv"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }


def _safe(cell: Cell) -> Cell:
    """Text stays text: a value of a client does not become a formula. A negative number is none."""
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _is_number(cell):
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and text[-1:].isdigit()
