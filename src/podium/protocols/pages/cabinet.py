"""The first page: every registered model, what stands where, and how good it is."""

from podium.domain.cabinet import Wanted
from podium.domain.stages import STAGES
from podium.protocols.pages.csv_files import Row, csv_stream, pages
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.visit import Page, Visit
from podium.services.cabinet import Exhibit, Shelf

PAGE = 60
CSV_PAGE = 500
_VIEWS = ("table", "board")
_COLUMNS = ("Production", "Staging", "None", "Archived")


async def cabinet(visit: Visit) -> Answer:
    """The cabinet as a table, or as a board with a column a stage; with `format=csv`, as a file."""
    if visit.query("format") == "csv":
        return await _csv(visit)
    shelf = await _shelf(visit)
    view = visit.query("view") if visit.query("view") in _VIEWS else "table"
    template = "cabinet/found.html" if visit.is_partial else "cabinet/page.html"
    values = {
        "area": "cabinet",
        "shelf": shelf,
        "view": view,
        "teams": await visit.teams(),
        "stages": STAGES,
        "columns": _board(shelf) if view == "board" else {},
        "is_filtered": any(visit.query(name) for name in ("q", "stage", "alias", "tag", "team")),
    }
    return Page(template, values)


async def more(visit: Visit) -> Page:
    """The rows that follow those shown."""
    return Page("cabinet/rows.html", {"shelf": await _shelf(visit)})


async def _shelf(visit: Visit, limit: int = PAGE, after: str | None = None) -> Shelf:
    wanted = Wanted(
        text=visit.query("q"),
        stage=visit.query("stage"),
        alias=visit.query("alias").removeprefix("@"),
        tag=visit.query("tag"),
        by_name=visit.query("order") == "name",
    )
    return await visit.services.cabinet.shelf(
        visit.actor(),
        wanted,
        team=visit.query("team"),
        limit=limit,
        page_token=visit.query("after") if after is None else after,
    )


async def _csv(visit: Visit) -> Answer:
    async def page(after: str | None) -> tuple[list[Row], str | None]:
        shelf = await _shelf(visit, CSV_PAGE, after or "")
        return [_row(exhibit) for exhibit in shelf.exhibits], shelf.next_page_token

    head = ("team", "model", "production", "staging", "aliases", "metric", "value", "versions", "changed_ms")
    return await csv_stream("models", head, pages(page))


def _row(exhibit: Exhibit) -> Row:
    model, trend = exhibit.model, exhibit.trend
    standing = {latest.stage: latest.version for latest in model.latest}
    return (
        exhibit.team,
        model.name,
        standing.get("Production"),
        standing.get("Staging"),
        " ".join(f"{alias}={version}" for alias, version in model.aliases.items()),
        trend.metric if trend else None,
        trend.last if trend else None,
        exhibit.version_count,
        model.updated_at,
    )


def _board(shelf: Shelf) -> dict[str, list[tuple[Exhibit, int]]]:
    """The models of each column with the version that stands there; those without any version come into none."""
    columns: dict[str, list[tuple[Exhibit, int]]] = {stage: [] for stage in _COLUMNS}
    for exhibit in shelf.exhibits:
        for version in exhibit.model.latest:
            columns[version.stage].append((exhibit, version.version))
    return columns


ENDPOINTS = (Endpoint("GET", "/", cabinet), Endpoint("GET", "/cabinet/more", more))
