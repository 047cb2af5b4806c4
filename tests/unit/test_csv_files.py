"""Tables as files: whole, page by page, and never a formula."""

import asyncio
import csv
import io

import pytest
from starlette.responses import Response, StreamingResponse

from podium.errors import NotFound
from podium.protocols.pages.csv_files import csv_answer, csv_lines, csv_stream, pages


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode())))


def test_text_of_clients_becomes_no_formula_and_numbers_stay_numbers():
    cells = ["=1+1", "+cmd", "@SUM(A1)", "-x", "\tx", "-0.5", "-1e-05", -2.5, None, "plain"]
    (row,) = rows_of(csv_lines([cells]))
    assert row == ["'=1+1", "'+cmd", "'@SUM(A1)", "'-x", "'\tx", "-0.5", "-1e-05", "-2.5", "", "plain"]


def test_a_file_is_named_after_what_it_is_of():
    answer = csv_answer('a "b"/ü\r\n', ("x",), [(1,)])
    assert answer.headers["content-disposition"] == 'attachment; filename="a--b-----.csv"'
    assert rows_of(bytes(answer.body)) == [["x"], ["1"]]


def test_every_page_is_written():
    async def fetch(place: int | None) -> tuple[list[tuple[int]], int | None]:
        begin = place or 0
        return [(begin,), (begin + 1,)], begin + 2 if begin < 4 else None

    async def content() -> bytes:
        answer = await csv_stream("numbers", ("n",), pages(fetch))
        assert isinstance(answer, StreamingResponse)
        return b"".join([part async for part in answer.body_iterator])  # type: ignore[misc]

    assert rows_of(asyncio.run(content())) == [["n"], *([str(n)] for n in range(6))]


def test_what_is_refused_is_refused_before_the_answer_begins():
    async def fetch(_: int | None) -> tuple[list[tuple[int]], int | None]:
        raise NotFound("Not yours.")

    async def ask() -> Response:
        return await csv_stream("numbers", ("n",), pages(fetch))

    with pytest.raises(NotFound):
        asyncio.run(ask())
