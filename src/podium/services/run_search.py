"""Searching runs across projects."""

import msgspec

from podium.domain.access import Actor
from podium.domain.filters import Field, FieldKind, Order
from podium.domain.projects import ViewType
from podium.domain.runs import Run
from podium.services.context import Context
from podium.services.projects import project_key
from podium.services.searching import Found, Search, check_limit, find_page
from podium.store.run_data import load_runs
from podium.store.run_search import search_runs
from podium.store.transaction import Tx

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

    async def search(self, actor: Actor, project_ids: list[str], search: Search, view: ViewType) -> Found[Run]:
        """A page of whole runs. Projects that are not there, or not the team's, have none.

        Raises InvalidArgument for what cannot be the id of a project.
        """
        check_limit(search.limit, MAX_LISTED)
        keys = sorted({project_key(project_id) for project_id in project_ids})
        named = {item.field for item in search.order}
        order = (*search.order, *(item for item in _LAST if item.field not in named))
        search = msgspec.structs.replace(search, order=order)

        def work(tx: Tx) -> Found[Run]:
            team = self._context.team_id(tx, actor)
            page = find_page(
                search,
                f"runs/{team}/{view}/{keys}",
                lambda query: search_runs(tx, team, project_ids=keys, view=view, query=query),
            )
            return Found(load_runs(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)
