"""A project's runs: searched, sorted, grouped, as a table and as CSV."""

import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import msgspec
from starlette.responses import Response

from podium.domain.filters import And, Comparison, Field, FieldKind, Node, Operator, Or
from podium.domain.project_lists import Group
from podium.domain.projects import ViewType
from podium.domain.runs import Run
from podium.errors import InvalidArgument
from podium.protocols.pages.csv_files import Row, csv_answer, csv_stream
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.live import followed
from podium.protocols.pages.models import without_team
from podium.protocols.pages.run_columns import (
    FIXED,
    Column,
    cells,
    chosen_columns,
    offered_columns,
    order_of,
    parse_column,
)
from podium.protocols.pages.visit import Page, Redirect, Visit, path_to
from podium.services.context import TeamNotFound
from podium.services.project_pages import OpenProject
from podium.services.searching import Found, Search

ParseFilter = Callable[[str], Node]

PAGE = 50
_CSV_PAGE = 1000
_MARKS = re.compile(r"[=<>!]|\b(like|ilike|in|is)\b", re.IGNORECASE)


class Table(msgspec.Struct, frozen=True):
    """What a page of the table shows. `problem` is what is wrong with the filter, and then there are no runs."""

    runs: list[Run]
    columns: list[Column]
    offered: dict[str, list[Column]]
    next_page_token: str | None
    groups: list[Group] | None = None
    grouped_by: Column | None = None
    problem: str = ""


class RunTables:
    """Shows projects' runs. Filters are in the grammar of the mlflow client, which the application hands in."""

    def __init__(self, parse_filter: ParseFilter) -> None:
        self._parse_filter = parse_filter

    async def page(self, visit: Visit) -> Answer:
        """The table with all around it, or alone when a page that is open asks for it."""
        try:
            opened = await _opened(visit)
        except TeamNotFound:
            if visit.parameter("team") != "models":
                raise
            return await without_team(visit, visit.parameter("project"))
        table = await self._table(visit, opened)
        home = path_to(opened.team, opened.project.name)
        shown = [run.info.id for run in table.runs]
        values = {
            "area": "projects",
            "opened": opened,
            "home": home,
            "table": table,
            "fixed": FIXED,
            "cells": cells,
            "view": _view(visit),
            "live": await followed(visit, visit.actor(opened.team), "project", str(opened.project.id), shown),
            "narrowed": partial(_narrowed, visit.query("q"), table.grouped_by),
            "csv": home + "/runs.csv" + visit.address(after=None)[len(visit.request.url.path) :],
        }
        return Page("runs/found.html" if visit.is_partial else "runs/page.html", values)

    async def describe(self, visit: Visit) -> Redirect:
        """Put a description in place of the one before."""
        opened = await _opened(visit)
        text = visit.field("description").replace("\r\n", "\n").strip()
        await visit.services.projects.describe(visit.actor(opened.team), str(opened.project.id), text)
        return Redirect(path_to(opened.team, opened.project.name))

    async def csv(self, visit: Visit) -> Response:
        """Every run that the filter finds, with the columns shown, or the groups."""
        opened = await _opened(visit)
        table = await self._table(visit, opened, _CSV_PAGE)
        if table.problem:
            raise InvalidArgument(table.problem)
        name = f"{opened.project.name}-runs"
        if table.groups is not None:
            return csv_answer(name, _group_header(table), [_group_row(group, table) for group in table.groups])
        header = ["run_id", *(fixed.name for fixed in FIXED), *(column.spec for column in table.columns)]
        return await csv_stream(name, header, self._rows(visit, opened, table))

    async def _table(self, visit: Visit, opened: OpenProject, limit: int = PAGE) -> Table:
        try:
            condition = self._condition(visit.query("q"))
            search = Search(condition, order_of(visit), limit, visit.query("after") or None)
            found = await _search(visit, opened, search)
        except InvalidArgument as error:
            return Table([], [], {}, None, problem=error.message)
        columns = chosen_columns(visit, found.items)
        offered = offered_columns(found.items, columns)
        if not visit.query("group"):
            return Table(found.items, columns, offered, found.next_page_token)
        by = parse_column(visit.query("group"))
        if by.kind == "metric":
            raise InvalidArgument("Runs are grouped by a param or a tag.")
        groups = await visit.services.project_pages.groups(
            visit.actor(opened.team),
            opened.project,
            _view(visit),
            condition,
            kind="param" if by.kind == "param" else "tag",
            key=by.key,
            metrics=[column.key for column in columns if column.kind == "metric"],
        )
        return Table(found.items, columns, offered, None, groups, by)

    def _condition(self, text: str) -> Node:
        """What was typed: a filter, or where it compares nothing, a part of a name. Raises InvalidArgument."""
        if not text:
            return And()
        if _MARKS.search(text):
            return self._parse_filter(text)
        return Or(
            (
                Comparison(Field(FieldKind.ATTRIBUTE, "name"), Operator.ILIKE, f"%{text}%"),
                Comparison(Field(FieldKind.ATTRIBUTE, "slug"), Operator.EQ, text),
            )
        )

    async def _rows(self, visit: Visit, opened: OpenProject, first: Table) -> AsyncIterator[list[Row]]:
        """The rows of the first page and of those behind it."""
        yield [_csv_row(run, first.columns) for run in first.runs]
        token, condition = first.next_page_token, self._condition(visit.query("q"))
        while token is not None:
            found = await _search(visit, opened, Search(condition, order_of(visit), _CSV_PAGE, token))
            yield [_csv_row(run, first.columns) for run in found.items]
            token = found.next_page_token


def endpoints(parse_filter: ParseFilter) -> tuple[Endpoint, ...]:
    """The pages of projects, which take what no other page has in its address."""
    tables = RunTables(parse_filter)
    return (
        Endpoint("GET", "/{team}/{project}", tables.page),
        Endpoint("GET", "/{team}/{project}/runs.csv", tables.csv),
        Endpoint("POST", "/{team}/{project}/description", tables.describe),
    )


async def _opened(visit: Visit) -> OpenProject:
    return await visit.services.project_pages.open(visit.actor(visit.parameter("team")), visit.parameter("project"))


async def _search(visit: Visit, opened: OpenProject, search: Search) -> Found[Run]:
    actor = visit.actor(opened.team)
    return await visit.services.run_search.search(actor, [str(opened.project.id)], search, _view(visit))


def _view(visit: Visit) -> ViewType:
    return "deleted" if visit.query("view") == "deleted" else "active"


def _narrowed(text: str, by: Column | None, value: str) -> str:
    """The filter for the runs of a group, of those that a filter finds."""
    assert by is not None, "there are groups"
    quote = '"' if "'" in value else "'"
    own = f'{by.kind}s."{by.key}" = {quote}{value}{quote}'
    return f"{text} AND {own}" if _MARKS.search(text) else own


def _csv_row(run: Run, columns: list[Column]) -> list[Any]:
    info = run.info
    duration = None if info.end_time is None or not info.start_time else (info.end_time - info.start_time) / 1000
    own = [info.run_id, info.status, info.name, info.user_id, info.start_time, duration]
    return [*own, *cells(run, columns)]


def _metrics(table: Table) -> list[str]:
    return [column.key for column in table.columns if column.kind == "metric"]


def _group_header(table: Table) -> list[str]:
    assert table.grouped_by is not None, "there are groups"
    parts = [f"{part} {key}" for key in _metrics(table) for part in ("mean", "min", "max")]
    return [table.grouped_by.spec, "runs", *parts]


def _group_row(group: Group, table: Table) -> list[Any]:
    row: list[Any] = [group.value, group.count]
    for key in _metrics(table):
        spread = group.metrics.get(key)
        row += [None] * 3 if spread is None else [spread.mean, spread.least, spread.greatest]
    return row
