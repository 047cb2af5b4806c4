"""A table as CSV, for whoever goes on with it elsewhere."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

# A cell that begins so is a formula to spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | None


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The file `name`.csv. Text that a spreadsheet would run is quoted."""
    safe = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name)
    headers = {"content-disposition": f'attachment; filename="{safe}.csv"', "x-content-type-options": "nosniff"}
    return Response(csv_lines([head, *rows]), headers=headers, media_type="text/csv")


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as lines of CSV, for files that are written out as they are made."""
    text = io.StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
