"""Searching runs."""

from podium.domain.projects import ViewType
from podium.store.filters import SideTable, Source
from podium.store.paging import Page, PageQuery, search_page
from podium.store.transaction import Tx

SOURCE = Source(
    rows="runs JOIN projects ON projects.id = runs.project_id",
    key="runs.id",
    attributes={
        "run_id": "runs.run_id",
        "name": "runs.name",
        "user_id": "runs.user_id",
        "status": "runs.status",
        "start_time": "runs.start_time",
        "end_time": "runs.end_time",
        "artifact_uri": "(projects.artifact_location || '/' || runs.run_id || '/artifacts')",
    },
    nullable=frozenset({"end_time"}),
    tags=SideTable("run_tags", "run_id"),
    params=SideTable("run_params", "run_id"),
    metrics=SideTable("latest_metrics", "run_id"),
    has_datasets=True,
)

_VIEWS = {"active": "runs.deleted_at IS NULL", "deleted": "runs.deleted_at IS NOT NULL", "all": "1 = 1"}


def search_runs(
    tx: Tx,
    team_id: int,
    *,
    project_ids: list[int],
    view: ViewType,
    query: PageQuery,
) -> Page:
    """The keys of a page of the runs of these projects, as far as they are the team's."""
    wanted = ", ".join(str(key) for key in project_ids) or "NULL"
    own = [
        row[0] for row in tx.all(f"SELECT id FROM projects WHERE team_id = :team AND id IN ({wanted})", team=team_id)
    ]
    if not own:
        return Page([], None)
    keys = f"= {own[0]}" if len(own) == 1 else f"IN ({', '.join(str(key) for key in own)})"
    return search_page(
        tx,
        SOURCE,
        scope=f"runs.project_id {keys} AND {_VIEWS[view]}",
        scope_parameters={},
        query=query,
    )
