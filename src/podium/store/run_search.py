"""Searching runs."""

from podium.domain.filters import Node
from podium.domain.projects import ViewType
from podium.store.filters import INDEXED_LENGTH, Indexed, SideTable, Source, Walk
from podium.store.paging import Page, PageQuery, count_rows, search_page
from podium.store.registries import outside
from podium.store.transaction import Tx

_HEARTBEAT = "(SELECT s.heartbeat_at FROM run_streams s WHERE s.run_id = runs.id)"

SOURCE = Source(
    rows="runs",
    key="runs.id",
    attributes={
        "run_id": "runs.run_id",
        "name": "runs.name",
        "user_id": "runs.user_id",
        "slug": "runs.slug",
        "status": "runs.status",
        "note": "(SELECT s.note FROM run_streams s WHERE s.run_id = runs.id)",
        "heartbeat_at": f"COALESCE({_HEARTBEAT}, runs.end_time, runs.start_time)",
        "duration": f"((COALESCE(runs.end_time, {_HEARTBEAT}, runs.start_time) - runs.start_time) / 1000.0)",
        "start_time": "runs.start_time",
        "end_time": "runs.end_time",
        "artifact_uri": (
            "((SELECT p.artifact_location FROM projects p WHERE p.id = runs.project_id)"
            " || '/' || runs.run_id || '/artifacts')"
        ),
    },
    nullable=frozenset({"end_time", "note"}),
    tags=SideTable("run_tags", "run_id", indexed=True),
    params=SideTable("run_params", "run_id", indexed=True),
    metrics=SideTable("latest_metrics", "run_id", indexed=True, single=True),
    has_datasets=True,
    indexed={
        "run_id": Indexed("runs.run_id", rows="runs"),
        "slug": Indexed("runs.slug"),
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
    own = _own(tx, team_id, project_ids)
    if not own:
        return Page([], None)
    return search_page(
        tx,
        SOURCE,
        scope=scope_of(own, view),
        scope_parameters={},
        query=query,
        parts=[scope_of([key], view) for key in own],
    )


def count_runs(tx: Tx, team_id: int, *, project_ids: list[int], view: ViewType, condition: Node) -> int:
    """How many runs of these projects there are, as far as they are the team's, for which the condition holds."""
    own = _own(tx, team_id, project_ids)
    if not own:
        return 0
    return count_rows(tx, SOURCE, scope=scope_of(own, view), scope_parameters={}, condition=condition)


def _own(tx: Tx, team_id: int, project_ids: list[int]) -> list[int]:
    """Those of the projects that are the team's."""
    wanted = ", ".join(str(key) for key in project_ids) or "NULL"
    own = f"team_id = :team AND id IN ({wanted}) AND {outside('projects.id')}"
    rows = tx.all(f"SELECT id FROM projects WHERE {own}", team=team_id)
    return [row[0] for row in rows]


def scope_of(projects: list[int], view: ViewType) -> str:
    """The condition for the runs of these projects in this view."""
    listed = ", ".join(str(key) for key in projects)
    within = f"= {listed}" if len(projects) == 1 else f"IN ({listed})"
    return f"runs.project_id {within} AND {_VIEWS[view]}"
