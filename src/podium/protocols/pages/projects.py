"""All projects that the viewer may see, and the addresses by ids that lead to a project or a run by its names."""

from starlette.responses import Response

from podium.protocols.pages.csv_files import Row, csv_stream, pages
from podium.protocols.pages.endpoint import Endpoint
from podium.protocols.pages.visit import Page, Redirect, Visit, path_to
from podium.services.project_pages import ProjectList

_CSV_PAGE = 1000


async def projects(visit: Visit) -> Page:
    """The projects of all of the viewer's teams, the last active first."""
    found = await _projects(visit, visit.query("after"))
    values = {
        "area": "projects",
        "found": found,
        "teams": await visit.teams(),
        "csv": "/projects.csv" + visit.address(after=None)[len("/projects") :],
    }
    return Page("projects/found.html" if visit.is_partial else "projects/page.html", values)


async def projects_csv(visit: Visit) -> Response:
    """The same as a file."""

    async def page(after: str | None) -> tuple[list[Row], str | None]:
        found = await _projects(visit, after or "", _CSV_PAGE)
        rows: list[Row] = [
            (one.team, one.name, one.run_count, one.active_at, one.description) for one in found.projects
        ]
        return rows, found.next_page_token

    head = ("team", "project", "runs", "last_active_ms", "description")
    return await csv_stream("projects", head, pages(page))


async def project_by_id(visit: Visit) -> Redirect:
    """To the project with this id."""
    team, name = await visit.services.project_pages.place(visit.actor(), visit.parameter("project_id"))
    return Redirect(path_to(team, name))


async def run_by_id(visit: Visit) -> Redirect:
    """To the run with this public id."""
    team, project, slug = await visit.services.run_pages.place(visit.actor(), visit.parameter("run_id"))
    return Redirect(path_to(team, project, "runs", slug))


async def _projects(visit: Visit, after: str, limit: int = 100) -> ProjectList:
    return await visit.services.project_pages.list_projects(visit.actor(), visit.query("q"), after, limit)


ENDPOINTS = (
    Endpoint("GET", "/projects", projects),
    Endpoint("GET", "/projects.csv", projects_csv),
    Endpoint("GET", "/projects/{project_id}", project_by_id),
    Endpoint("GET", "/runs/{run_id}", run_by_id),
)
