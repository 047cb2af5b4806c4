"""Projects: where runs belong."""

from datetime import datetime

import msgspec

from podium.domain.access import Actor
from podium.domain.projects import Project, ViewType
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.search import SearchInput, search_of
from podium.protocols.native.shapes import Name, Tags, shown, shown_or_none


class ProjectView(msgspec.Struct, frozen=True):
    """A project."""

    id: str
    name: str
    artifact_location: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    tags: Tags


class ProjectPage(msgspec.Struct, frozen=True):
    """A page of projects."""

    items: list[ProjectView]
    next_cursor: str | None


class ListProjects(SearchInput, frozen=True, kw_only=True):
    """A search over the team's projects."""

    view: ViewType = "active"


class CreateProject(Input, frozen=True, kw_only=True):
    """A project to be made."""

    name: Name
    artifact_location: str | None = None
    tags: Tags = msgspec.field(default_factory=dict)


class OneProject(Input, frozen=True, kw_only=True):
    """A project by its id."""

    project_id: str


class RenameProject(OneProject, frozen=True, kw_only=True):
    """Another name for a project."""

    name: Name


class ProjectTag(OneProject, frozen=True, kw_only=True):
    """A tag of a project."""

    key: str


class SetProjectTag(ProjectTag, frozen=True, kw_only=True):
    """A tag of a project and its value."""

    value: str


def view_of(project: Project) -> ProjectView:
    """A project as the API shows it."""
    return ProjectView(
        id=str(project.id),
        name=project.name,
        artifact_location=project.artifact_location,
        created_at=shown(project.created_at),
        updated_at=shown(project.updated_at),
        deleted_at=shown_or_none(project.deleted_at),
        tags=project.tags,
    )


async def list_projects(api: Api, actor: Actor, request: ListProjects) -> ProjectPage:
    found = await api.services.projects.search(actor, search_of(api, "projects", request), request.view)
    return ProjectPage([view_of(project) for project in found.items], found.next_page_token)


async def create_project(api: Api, actor: Actor, request: CreateProject) -> ProjectView:
    key = await api.services.projects.create(actor, request.name, request.artifact_location, request.tags)
    return view_of(await api.services.projects.get(actor, str(key)))


async def get_project(api: Api, actor: Actor, request: OneProject) -> ProjectView:
    return view_of(await api.services.projects.resolve(actor, request.project_id))


async def rename_project(api: Api, actor: Actor, request: RenameProject) -> ProjectView:
    await api.services.projects.rename(actor, request.project_id, request.name)
    return view_of(await api.services.projects.get(actor, request.project_id))


async def delete_project(api: Api, actor: Actor, request: OneProject) -> None:
    """Its runs go with it. Both can be restored until garbage collection."""
    await api.services.projects.delete(actor, request.project_id)


async def restore_project(api: Api, actor: Actor, request: OneProject) -> ProjectView:
    """Brings back the runs that were deleted together with it, too."""
    await api.services.projects.restore(actor, request.project_id)
    return view_of(await api.services.projects.get(actor, request.project_id))


async def set_project_tag(api: Api, actor: Actor, request: SetProjectTag) -> None:
    await api.services.projects.set_tag(actor, request.project_id, request.key, request.value)


async def delete_project_tag(api: Api, actor: Actor, request: ProjectTag) -> None:
    await api.services.projects.delete_tag(actor, request.project_id, request.key)


_ONE = "/projects/{project_id}"
_CHANGED = (InvalidArgument, NotFound, InvalidState)

TOPIC = Topic(
    "projects",
    "Where runs belong; the mlflow client calls them experiments.",
    (
        Call("GET", "/projects", ListProjects, ProjectPage, list_projects, "Search projects", (InvalidArgument,)),
        Call(
            "POST",
            "/projects",
            CreateProject,
            ProjectView,
            create_project,
            "Create a project",
            (InvalidArgument, AlreadyExists),
            status=201,
        ),
        Call("GET", _ONE, OneProject, ProjectView, get_project, "Read a project"),
        Call(
            "PATCH",
            _ONE,
            RenameProject,
            ProjectView,
            rename_project,
            "Rename a project",
            (*_CHANGED, AlreadyExists),
        ),
        Call("DELETE", _ONE, OneProject, None, delete_project, "Delete a project", _CHANGED),
        Call("POST", f"{_ONE}/restore", OneProject, ProjectView, restore_project, "Restore a project", _CHANGED),
        Call("PUT", f"{_ONE}/tags/{{key}}", SetProjectTag, None, set_project_tag, "Set a tag", _CHANGED),
        Call("DELETE", f"{_ONE}/tags/{{key}}", ProjectTag, None, delete_project_tag, "Take a tag off", _CHANGED),
    ),
)
