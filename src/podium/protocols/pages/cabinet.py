"""The first page: every registered model, what stands where, and how good it is."""

from podium.domain.cabinet import Wanted
from podium.domain.stages import STAGES
from podium.protocols.pages.endpoint import Endpoint
from podium.protocols.pages.live import followed
from podium.protocols.pages.visit import Page, Visit
from podium.services.cabinet import Exhibit, Shelf

PAGE = 60
_VIEWS = ("table", "board")
_COLUMNS = ("Production", "Staging", "None", "Archived")


async def cabinet(visit: Visit) -> Page:
    """The cabinet as a table, or as a board with a column a stage."""
    live = await followed(visit, visit.actor(), "cabinet")
    shelf = await _shelf(visit)
    view = visit.query("view") if visit.query("view") in _VIEWS else "table"
    template = "cabinet/found.html" if visit.is_partial else "cabinet/page.html"
    values = {
        "area": "cabinet",
        "live": live,
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


async def _shelf(visit: Visit) -> Shelf:
    wanted = Wanted(
        text=visit.query("q"),
        stage=visit.query("stage"),
        alias=visit.query("alias").removeprefix("@"),
        tag=visit.query("tag"),
        by_name=visit.query("order") == "name",
    )
    return await visit.services.cabinet.shelf(
        visit.actor(), wanted, team=visit.query("team"), limit=PAGE, page_token=visit.query("after")
    )


def _board(shelf: Shelf) -> dict[str, list[tuple[Exhibit, int]]]:
    """The models of each column with the version that stands there; those without any version come into none."""
    columns: dict[str, list[tuple[Exhibit, int]]] = {stage: [] for stage in _COLUMNS}
    for exhibit in shelf.exhibits:
        for version in exhibit.model.latest:
            columns[version.stage].append((exhibit, version.version))
    return columns


ENDPOINTS = (Endpoint("GET", "/", cabinet), Endpoint("GET", "/cabinet/more", more))
