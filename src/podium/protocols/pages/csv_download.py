"""A table as a file that spreadsheets open."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


def csv_download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The answer that a browser saves as `name`; what is None is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_harmless(cell) for cell in header])
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _harmless(cell: object) -> object:
    """Text stays text: a value of a client does not become a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
