"""Searching runs across projects."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from podium.domain.access import Actor
from podium.domain.filters import Field, FieldKind, Node, Order
from podium.domain.projects import ViewType
from podium.domain.runs import Run
from podium.services.context import Context
from podium.services.forms import Forms
from podium.services.projects import project_key
from podium.services.runs import require_run
from podium.services.searching import Found, Search, check_limit, find_page
from podium.services.tracked_runs import TrackedRun, load_listed, load_tracked
from podium.store.run_data import load_runs
from podium.store.run_lines import select_last_lines
from podium.store.run_search import count_runs, search_runs
from podium.store.runs import select_revisions
from podium.store.transaction import Tx

T = TypeVar("T")
Shape = Callable[[Run], bytes]

MAX_LISTED = 50_000

# What MLflow documents: the newest first, ties by the run's id.
_LAST = (
    Order(Field(FieldKind.ATTRIBUTE, "start_time"), ascending=False),
    Order(Field(FieldKind.ATTRIBUTE, "run_id")),
)


class RunSearch:
    """Finds runs that the actor may see."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._forms = Forms(load_runs)

    async def search(self, actor: Actor, project_ids: list[str], search: Search, view: ViewType) -> Found[Run]:
        """A page of whole runs. Projects that are not there, or not the team's, have none.

        Raises InvalidArgument for what cannot be the id of a project.
        """
        return await self._search(actor, project_ids, search, view, load_runs)

    async def search_forms(
        self, actor: Actor, project_ids: list[str], search: Search, view: ViewType, shape: Shape
    ) -> Found[bytes]:
        """As `search`, each run in the form that `shape` gives it; a run that has not changed keeps its form."""
        return await self._search(
            actor, project_ids, search, view, lambda tx, keys: self._forms.select(tx, select_revisions(tx, keys), shape)
        )

    async def search_tracked(self, actor: Actor, project_id: str, search: Search, *, whole: bool) -> Found[TrackedRun]:
        """A page of a project's active runs, with config, summary and metrics only when they are asked for `whole`."""
        load = load_tracked if whole else load_listed
        return await self._search(
            actor, [project_id], search, "active", lambda tx, keys: load(tx, keys, self._context.clock())
        )

    async def count(self, actor: Actor, project_id: str, condition: Node) -> int:
        """How many active runs of a project a condition lets through."""
        keys = [project_key(project_id)]

        def work(tx: Tx) -> int:
            team = self._context.team_id(tx, actor)
            return count_runs(tx, team, project_ids=keys, view="active", condition=condition)

        return await self._context.store.read(work)

    async def last_events(self, runs: Sequence[TrackedRun]) -> dict[int, str]:
        """The last line of system metrics of each of the runs that sent some, by the runs' keys."""
        keys = [tracked.run.info.id for tracked in runs]
        return await self._context.store.read(lambda tx: select_last_lines(tx, keys, "events"))

    async def get_form(self, actor: Actor, run_id: str, shape: Shape) -> bytes:
        """The run with this public id, deleted or not, in the form that `shape` gives it. Raises NotFound."""

        def work(tx: Tx) -> bytes:
            run = require_run(tx, self._context.team_id(tx, actor), run_id)
            return self._forms.select(tx, [(run.id, run.revision)], shape)[0]

        return await self._context.store.read(work)

    async def _search(
        self,
        actor: Actor,
        project_ids: list[str],
        search: Search,
        view: ViewType,
        load: Callable[[Tx, list[int]], list[T]],
    ) -> Found[T]:
        check_limit(search.limit, MAX_LISTED)
        keys = sorted({project_key(project_id) for project_id in project_ids})
        named = {item.field for item in search.order}
        order = (*search.order, *(item for item in _LAST if item.field not in named))
        search = msgspec.structs.replace(search, order=order)

        def work(tx: Tx) -> Found[T]:
            team = self._context.team_id(tx, actor)
            page = find_page(
                search,
                f"runs/{team}/{view}/{keys}",
                lambda query: search_runs(tx, team, project_ids=keys, view=view, query=query),
            )
            return Found(load(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)
