"""Projects as the pages show them: over all teams of the viewer, and the runs of one, in groups and as they change."""

from collections.abc import Sequence

import msgspec

from podium.domain.access import Actor, may_write
from podium.domain.filters import Node, decode_cursor, encode_cursor
from podium.domain.project_lists import Group, GroupKind, ListedProject
from podium.domain.projects import Project, ViewType
from podium.errors import NotFound
from podium.services.context import Context
from podium.services.projects import project_key
from podium.services.registry_roles import check_visible, hidden_registries
from podium.store import project_pages as rows
from podium.store import projects, teams
from podium.store.transaction import Tx

PAGE = 100


class ProjectList(msgspec.Struct, frozen=True):
    """A page of projects, and the token of the next one."""

    projects: list[ListedProject]
    next_page_token: str | None


class OpenProject(msgspec.Struct, frozen=True):
    """A project, and whether the viewer may change what it has."""

    team: str
    project: Project
    writable: bool


class ProjectPages:
    """What the viewer may see of projects."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_projects(self, actor: Actor, text: str = "", page_token: str = "", limit: int = PAGE) -> ProjectList:
        """Active projects of all teams of the actor that have `text` in their name or description."""
        scope = f"project-pages/{text}"
        after = decode_cursor(page_token, scope) if page_token else None

        def work(tx: Tx) -> ProjectList:
            keys = [team.id for team in self._context.readable_teams(tx, actor)]
            hidden = hidden_registries(tx, actor, keys)
            found = rows.list_projects(tx, keys, hidden, text, after, limit + 1)  # type: ignore[arg-type]  # as encoded below
            shown = found[:limit]
            counts = rows.count_runs_of(tx, [project.id for project in shown])
            last = shown[-1] if len(found) > limit else None
            token = None if last is None else encode_cursor((last.active_at, last.id), scope)
            counted = [msgspec.structs.replace(one, run_count=counts.get(one.id, 0)) for one in shown]
            return ProjectList(counted, token)

        return await self._context.store.read(work)

    async def open(self, actor: Actor, name: str) -> OpenProject:
        """The project of this name in the actor's team, deleted or not. Raises NotFound."""

        def work(tx: Tx) -> OpenProject:
            team = self._context.team_id(tx, actor)
            return OpenProject(actor.team, self._require(tx, actor, team, name), may_write(actor, team))

        return await self._context.store.read(work)

    async def place(self, actor: Actor, project_id: str) -> tuple[str, str]:
        """The team's and the project's name of the project with this id, whichever team has it. Raises NotFound."""
        key = project_key(project_id)

        def work(tx: Tx) -> tuple[str, str]:
            known = {team.name: team.id for team in self._context.readable_teams(tx, actor)}
            team = teams.select_names_by_project(tx, [key]).get(key, "")
            project = projects.find_project(tx, known[team], key) if team in known else None
            missing = f"There is no project with the id {project_id}."
            if project is None:
                raise NotFound(missing)
            check_visible(tx, actor, known[team], key, missing)
            return team, project.name

        return await self._context.store.read(work)

    async def groups(
        self,
        actor: Actor,
        project: Project,
        view: ViewType,
        condition: Node,
        *,
        kind: GroupKind,
        key: str,
        metrics: Sequence[str],
    ) -> list[Group]:
        """The runs of a project by their value of a param or tag, with the spread of these metrics."""

        def work(tx: Tx) -> list[Group]:
            check_visible(tx, actor, self._context.team_id(tx, actor), project.id, _missing(actor, project.name))
            return rows.select_groups(tx, project.id, view, condition, kind=kind, key=key, metrics=metrics)

        return await self._context.store.read(work)

    async def mark(self, actor: Actor, name: str, shown: Sequence[int]) -> str:
        """A text that changes when a run of these, or one of the newest of the project, does. Raises NotFound."""

        def work(tx: Tx) -> str:
            project = self._require(tx, actor, self._context.team_id(tx, actor), name)
            marks = rows.select_marks(tx, project.id, shown)
            return ",".join(f"{key}.{revision}" for key, revision in marks)

        return await self._context.store.read(work)

    def _require(self, tx: Tx, actor: Actor, team: int, name: str) -> Project:
        project = projects.find_project_by_name(tx, team, name)
        missing = _missing(actor, name)
        if project is None:
            raise NotFound(missing)
        check_visible(tx, actor, team, project.id, missing)
        return project


def _missing(actor: Actor, name: str) -> str:
    return f"There is no project '{name}' in the team '{actor.team}'."
