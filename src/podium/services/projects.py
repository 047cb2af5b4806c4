"""Projects: created, renamed, tagged, deleted with their runs, and restored."""

from contextlib import suppress

import msgspec

from podium.domain import names
from podium.domain.access import DEFAULT_TEAM, DEFAULT_TEAM_ID, Actor
from podium.domain.events import Change, State
from podium.domain.filters import Field, FieldKind, Order
from podium.domain.projects import Project, ViewType
from podium.domain.registries import check_plain_name, check_registry_name, nothing_begins
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound
from podium.services.context import Context
from podium.services.registry_roles import check_visible, limited_view, refuse_registry, require_role
from podium.services.searching import Found, Search, check_limit, find_page
from podium.store import projects as rows
from podium.store import registries
from podium.store import runs as run_rows
from podium.store import teams as team_rows
from podium.store.transaction import Tx

MAX_LOCATION = 2048
DEFAULT_PROJECT = "Default"
MAX_LISTED = 50_000

_NEWEST_FIRST = (Order(Field(FieldKind.ATTRIBUTE, "created_at"), ascending=False),)


class Projects:
    """What the actor may do with projects of its team."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(self, actor: Actor, name: str, artifact_location: str | None, tags: dict[str, str]) -> int:
        """The new project's key. Without `artifact_location` its files go to this server."""
        names.check_project_name(name)
        check_plain_name(name)
        _check_location(artifact_location)
        for key, value in tags.items():
            names.check_tag(key, value, names.MAX_PROJECT_TAG_VALUE)

        def work(tx: Tx) -> int:
            team = self._context.team_id(tx, actor)
            key = create_project(self._context, tx, actor, team, name, artifact_location, tags)
            if key is None:
                raise AlreadyExists(f"Experiment(name={name}) already exists.")
            return key

        return await self._context.store.write(work, brief=True)

    async def get(self, actor: Actor, project_id: str) -> Project:
        """The project with this public id. Raises NotFound."""

        def work(tx: Tx) -> Project:
            team = self._context.team_id(tx, actor)
            project = require_project(tx, team, project_id)
            check_visible(tx, actor, team, project.id, _missing(project_id))
            return project

        return await self._context.store.read(work)

    async def get_by_name(self, actor: Actor, name: str) -> Project:
        """The project of this name, deleted or not. Raises NotFound."""

        def work(tx: Tx) -> Project:
            team = self._context.team_id(tx, actor)
            project = rows.find_project_by_name(tx, team, name)
            missing = f"Could not find experiment with name '{name}'"
            if project is None:
                raise NotFound(missing)
            check_visible(tx, actor, team, project.id, missing)
            return project

        return await self._context.store.read(work)

    async def find_team(self, actor: Actor, project_id: str) -> str | None:
        """The name of the team that has this project, whichever it is of those that the actor belongs to."""
        key = project_key(project_id)

        def work(tx: Tx) -> str | None:
            name = team_rows.select_names_by_project(tx, [key]).get(key)
            if name is None:
                return None
            with suppress(NotFound):
                team = self._context.team_id(tx, actor.at(name))
                check_visible(tx, actor, team, key, _missing(project_id))
                return name
            return None

        return await self._context.store.read(work)

    async def resolve(self, actor: Actor, id_or_name: str) -> Project:
        """The project with this id, or else of this name. Raises NotFound."""

        def work(tx: Tx) -> Project:
            team = self._context.team_id(tx, actor)
            by_id = rows.find_project(tx, team, int(id_or_name)) if _is_id(id_or_name) else None
            project = by_id or rows.find_project_by_name(tx, team, id_or_name)
            missing = f"There is no project with the id or name '{id_or_name}'"
            if project is None:
                raise NotFound(missing)
            check_visible(tx, actor, team, project.id, missing)
            return project

        return await self._context.store.read(work)

    async def search(self, actor: Actor, search: Search, view: ViewType) -> Found[Project]:
        """A page of the team's projects, the newest first when no order is asked for."""
        check_limit(search.limit, MAX_LISTED)
        if not search.order:
            search = msgspec.structs.replace(search, order=_NEWEST_FIRST)

        def work(tx: Tx) -> Found[Project]:
            team = self._context.team_id(tx, actor)
            page = find_page(
                search,
                f"projects/{team}/{view}",
                lambda query: rows.search_projects(tx, team, view=view, query=query, user_id=limited_view(actor, team)),
            )
            return Found(rows.load_projects(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)

    async def rename(self, actor: Actor, project_id: str, name: str) -> None:
        """Give a project another name. Raises AlreadyExists when that is taken."""
        names.check_project_name(name)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor, only_reads=True)
            team_rows.lock_names(tx, team)
            project = self._require_changeable(tx, actor, team, project_id)
            is_registry = registries.find_registry(tx, project.id) is not None
            (check_registry_name if is_registry else check_plain_name)(name)
            if project.deleted_at is not None:
                raise InvalidState("Cannot rename a non-active experiment.")
            other = rows.find_project_by_name(tx, team, name)
            if other is not None and other.id != project.id:
                raise AlreadyExists(f"Experiment(name={name}) already exists.")
            at = self._context.clock()
            rows.update_name(tx, project.id, name, at)
            self._record(tx, actor, team, project.id, name, "rename", {"name": project.name}, {"name": name}, at=at)

        await self._context.store.write(work)

    async def delete(self, actor: Actor, project_id: str) -> None:
        """Mark an active project and its runs deleted; `restore` brings both back."""
        await self._set_deleted(actor, project_id, deleted=True)

    async def restore(self, actor: Actor, project_id: str) -> None:
        """Bring a deleted project and its runs back."""
        await self._set_deleted(actor, project_id, deleted=False)

    async def set_tag(self, actor: Actor, project_id: str, key: str, value: str) -> None:
        """Set a tag of an active project."""
        names.check_tag(key, value, names.MAX_PROJECT_TAG_VALUE, path="key")

        def work(tx: Tx) -> None:
            team, project = self._require_active(tx, actor, project_id)
            if project.tags.get(key) == value:
                return
            rows.upsert_tag(tx, project.id, key, value)
            before = {key: project.tags[key]} if key in project.tags else None
            at = self._context.clock()
            self._record(tx, actor, team, project.id, project.name, "set_tag", before, {key: value}, at=at)

        await self._context.store.write(work)

    async def delete_tag(self, actor: Actor, project_id: str, key: str) -> None:
        """Take a tag off. Raises NotFound when the project does not have it."""

        def work(tx: Tx) -> None:
            team, project = self._require_active(tx, actor, project_id)
            if not rows.delete_tag(tx, project.id, key):
                raise NotFound(f"No tag with name: {key} in experiment with id {project_id}")
            before, at = {key: project.tags[key]}, self._context.clock()
            self._record(tx, actor, team, project.id, project.name, "delete_tag", before, at=at)

        await self._context.store.write(work)

    async def _set_deleted(self, actor: Actor, project_id: str, *, deleted: bool) -> None:
        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor, only_reads=True)
            project = self._require_changeable(tx, actor, team, project_id)
            if (project.deleted_at is not None) == deleted:
                raise NotFound(f"No Experiment with id={project_id} exists")
            at = self._context.clock()
            rows.update_deleted(tx, project.id, at if deleted else None, at)
            run_rows.update_deleted_of_project(tx, project.id, at if deleted else None, project.deleted_at)
            action = "delete" if deleted else "restore"
            self._record(tx, actor, team, project.id, project.name, action, at=at)

        await self._context.store.write(work)

    def _require_active(self, tx: Tx, actor: Actor, project_id: str) -> tuple[int, Project]:
        team = self._context.team_id(tx, actor, only_reads=True)
        project = self._require_changeable(tx, actor, team, project_id)
        require_active(project)
        return team, project

    def _require_changeable(self, tx: Tx, actor: Actor, team: int, project_id: str) -> Project:
        """The project, to be changed itself: a registry by who administers it, others by who writes in the team."""
        project = rows.find_project(tx, team, project_key(project_id), lock=True)
        if project is None or registries.find_registry(tx, project.id) is None:
            self._context.team_id(tx, actor)
            return require_project(tx, team, project_id)
        check_visible(tx, actor, team, project.id, _missing(project_id))
        require_role(tx, actor, team, project.id, "admin")
        return project

    def _record(
        self,
        tx: Tx,
        actor: Actor,
        team: int,
        key: int,
        name: str,
        action: str,
        before: State = None,
        after: State = None,
        *,
        at: int,
    ) -> None:
        change = Change("project", str(key), name, action, before, after)
        self._context.record(tx, actor, team, change, at=at)


def ensure_project(context: Context, tx: Tx, actor: Actor, team: int, name: str) -> Project:
    """The team's active project of this name, to log into, made if missing.

    Raises InvalidArgument when it is deleted, and for a registry.
    """
    project = rows.find_project_by_name(tx, team, name)
    if project is None:
        names.check_project_name(name)
        check_plain_name(name)
        create_project(context, tx, actor, team, name, None, {})
        project = rows.find_project_by_name(tx, team, name)
        assert project is not None, "it is there now, whoever made it"
    if registries.find_registry(tx, project.id) is not None:
        raise InvalidArgument(nothing_begins(name))
    require_active(project)
    return project


def project_for_run(context: Context, tx: Tx, actor: Actor, team: int, project_id: str) -> Project:
    """As `require_project`, for a new run: 0, which is where runs go whose scripts name none, is the team's own one."""
    if project_id == "0" and team != DEFAULT_TEAM_ID:
        return ensure_project(context, tx, actor, team, DEFAULT_PROJECT)
    return project_to_fill(tx, actor, team, project_id)


def project_to_fill(tx: Tx, actor: Actor, team: int, project_id: str) -> Project:
    """As `require_project`, to add runs, traces and the like to. Raises InvalidArgument for a registry."""
    project = require_project(tx, team, project_id)
    refuse_registry(tx, actor, team, project, _missing(project_id))
    return project


def create_project(
    context: Context, tx: Tx, actor: Actor, team: int, name: str, location: str | None, tags: dict[str, str]
) -> int | None:
    """The new project's key, or None when the team has one of this name."""
    at = context.clock()
    key = rows.insert_project(tx, team_id=team, name=name, artifact_location=location or "", at=at)
    if key is None:
        return None
    if not location:
        root = team_rows.find_artifact_root(tx, team)
        rows.update_location(tx, key, f"{root.rstrip('/')}/{key}" if root else default_location(actor.team, key))
    for tag, value in tags.items():
        rows.upsert_tag(tx, key, tag, value)
    change = Change("project", str(key), name, "create", after={"name": name, "tags": tags})
    context.record(tx, actor, team, change, at=at)
    return key


def require_project(tx: Tx, team_id: int, project_id: str, *, lock: bool = False) -> Project:
    """The team's project with this public id; with `lock` it stays as it is until the transaction ends.

    Raises NotFound, InvalidArgument when it cannot be an id.
    """
    project = rows.find_project(tx, team_id, project_key(project_id), lock=lock)
    if project is None:
        raise NotFound(_missing(project_id))
    return project


def _missing(project_id: str) -> str:
    return f"No Experiment with id={project_id} exists"


def project_key(project_id: str) -> int:
    """The key behind a public id. Raises InvalidArgument when it cannot be one."""
    if not _is_id(project_id):
        raise InvalidArgument(f"Invalid experiment ID '{project_id}'. Experiment ID must be a valid integer.")
    return int(project_id)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def require_active(project: Project) -> None:
    """Raise InvalidArgument when the project is deleted."""
    if project.deleted_at is not None:
        raise InvalidArgument(f"The experiment {project.id} must be in the 'active' state. Current state is deleted.")


def default_location(team: str, project_id: int) -> str:
    """Where a project's files go on this server."""
    folder = "" if team == DEFAULT_TEAM else f"workspaces/{team}/"
    return f"mlflow-artifacts:/{folder}{project_id}"


def _check_location(location: str | None) -> None:
    if not location:
        return
    if location.startswith("runs:"):
        raise InvalidArgument(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    names.check_length("artifact_location", location, MAX_LOCATION)
    names.check_text("artifact_location", location)
    if "#" in location:
        raise InvalidArgument("'artifact_location' URL can't include fragments or params.")
