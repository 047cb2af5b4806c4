"""All projects that the viewer may see, and the addresses by ids that lead to a project or a run by its names."""

from starlette.responses import Response

from podium.protocols.pages.csv_download import csv_download
from podium.protocols.pages.endpoint import Endpoint
from podium.protocols.pages.visit import Page, Redirect, Visit, path_to
from podium.services.project_pages import ProjectList

_CSV_PAGE = 10_000


async def projects(visit: Visit) -> Page:
    """The projects of all of the viewer's teams, the last active first."""
    found = await _projects(visit)
    values = {
        "area": "projects",
        "found": found,
        "teams": await visit.teams(),
        "csv": "/projects.csv" + visit.address(after=None)[len("/projects") :],
    }
    return Page("projects/found.html" if visit.is_partial else "projects/page.html", values)


async def projects_csv(visit: Visit) -> Response:
    """The same as a file."""
    found = await _projects(visit, _CSV_PAGE)
    header = ("team", "project", "runs", "last_active_ms", "description")
    rows = ((one.team, one.name, one.run_count, one.active_at, one.description) for one in found.projects)
    return csv_download("projects.csv", header, rows)


async def project_by_id(visit: Visit) -> Redirect:
    """To the project with this id."""
    team, name = await visit.services.project_pages.place(visit.actor(), visit.parameter("project_id"))
    return Redirect(path_to(team, name))


async def run_by_id(visit: Visit) -> Redirect:
    """To the run with this public id."""
    team, project, slug = await visit.services.run_pages.place(visit.actor(), visit.parameter("run_id"))
    return Redirect(path_to(team, project, "runs", slug))


async def _projects(visit: Visit, limit: int = 100) -> ProjectList:
    return await visit.services.project_pages.list_projects(
        visit.actor(), visit.query("q"), visit.query("after"), limit
    )


ENDPOINTS = (
    Endpoint("GET", "/projects", projects),
    Endpoint("GET", "/projects.csv", projects_csv),
    Endpoint("GET", "/projects/{project_id}", project_by_id),
    Endpoint("GET", "/runs/{run_id}", run_by_id),
)
