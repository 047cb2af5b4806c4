"""Searching runs."""

from podium.domain.projects import ViewType
from podium.store.filters import INDEXED_LENGTH, Indexed, SideTable, Source, Walk
from podium.store.paging import Page, PageQuery, search_page
from podium.store.transaction import Tx

SOURCE = Source(
    rows="runs",
    key="runs.id",
    attributes={
        "run_id": "runs.run_id",
        "name": "runs.name",
        "user_id": "runs.user_id",
        "status": "runs.status",
        "start_time": "runs.start_time",
        "end_time": "runs.end_time",
        "artifact_uri": (
            "((SELECT p.artifact_location FROM projects p WHERE p.id = runs.project_id)"
            " || '/' || runs.run_id || '/artifacts')"
        ),
    },
    nullable=frozenset({"end_time"}),
    tags=SideTable("run_tags", "run_id", indexed=True),
    params=SideTable("run_params", "run_id", indexed=True),
    metrics=SideTable("latest_metrics", "run_id", indexed=True, single=True),
    has_datasets=True,
    indexed={
        "run_id": Indexed("runs.run_id", rows="runs"),
        "name": Indexed(f"SUBSTR(runs.name, 1, {INDEXED_LENGTH})", length=INDEXED_LENGTH),
        "status": Indexed("runs.status"),
        "start_time": Indexed("runs.start_time"),
    },
    walks={"start_time": Walk("runs"), "status": Walk("runs")},
    identity=("run_id",),
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
    listed = ", ".join(str(key) for key in own)
    each = [f"runs.project_id = {key} AND {_VIEWS[view]}" for key in own]
    return search_page(
        tx,
        SOURCE,
        scope=each[0] if len(own) == 1 else f"runs.project_id IN ({listed}) AND {_VIEWS[view]}",
        scope_parameters={},
        query=query,
        parts=each,
    )
