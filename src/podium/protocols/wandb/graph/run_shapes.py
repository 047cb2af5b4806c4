"""Runs as W&B's client reads them. What is dear to make is made only for queries that ask for it."""

from collections.abc import Awaitable
from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.run_config import internal_values
from podium.domain.tracked_runs import (
    COMMIT_TAG,
    DESCRIPTION_TAG,
    GROUP_TAG,
    JOB_TYPE_TAG,
    LABELS_TAG,
    NOTES_TAG,
    SWEEP_TAG,
    read_labels,
)
from podium.protocols.wandb.graph.ids import global_id
from podium.protocols.wandb.graph.people import USER_NAMES, user_named
from podium.protocols.wandb.graph.people_shapes import unknown_user
from podium.protocols.wandb.graph.projects import shape_project
from podium.protocols.wandb.graph.selections import asks_beyond, asks_for
from podium.services.tracked_runs import ResumeStatus, TrackedRun, as_json

# Fields that need more than what lists show of a run.
_WHOLE = ("config", "wandbConfig", "summaryMetrics", "historyKeys")


def shape_run(tracked: TrackedRun) -> dict[str, Any]:
    """A run; `tracked` in it is for the resolvers of its documents."""
    info, tags, streams = tracked.run.info, tracked.run.tags, tracked.streams
    return {
        "__typename": "Run",
        "tracked": tracked,
        "id": global_id("Run", info.id),
        "name": info.slug,
        "display_name": info.name,
        "project": shape_project(tracked.project, tracked.team),
        "project_id": info.project_id,
        "state": tracked.state,
        "stopped": streams is not None and streams.stop_requested,
        "tags": read_labels(tags.get(LABELS_TAG)),
        "group": tags.get(GROUP_TAG),
        "job_type": tags.get(JOB_TYPE_TAG),
        "commit": tags.get(COMMIT_TAG),
        "sweep_name": tags.get(SWEEP_TAG),
        "description": tags.get(DESCRIPTION_TAG),
        "notes": tags.get(NOTES_TAG),
        "read_only": False,
        "created_at": info.start_time or 0,
        "heartbeat_at": streams.heartbeat_at if streams else info.end_time or info.start_time,
        "history_line_count": streams.history_lines if streams else 0,
        "events_line_count": streams.event_lines if streams else 0,
        "log_line_count": streams.console_lines if streams else 0,
    }


def asks_for_whole(info: GraphQLResolveInfo) -> bool:
    """Whether a query for runs asks for more than what lists show of them."""
    return asks_for(info, _WHOLE)


def shape_resumed(status: ResumeStatus) -> dict[str, Any]:
    """A run with where its streams end. A tail is a text that holds a list of texts that hold objects."""
    return {
        **shape_run(status.tracked),
        "history_tail": tail_of(status.last_history),
        "events_tail": tail_of(status.last_event),
    }


def tail_of(line: str | None) -> str:
    """The last line of a stream, if it has any."""
    return as_json([line] if line else [])


def _user(run: dict[str, Any], info: GraphQLResolveInfo) -> dict[str, Any] | Awaitable[dict[str, Any]]:
    """Lists of a thousand runs ask for no more than the name, and wait for nothing."""
    tracked: TrackedRun = run["tracked"]
    name = tracked.run.info.user_id
    return user_named(info, name) if asks_beyond(info, USER_NAMES) else unknown_user(name)


def _config(run: dict[str, Any], _: GraphQLResolveInfo) -> str:
    tracked: TrackedRun = run["tracked"]
    return as_json(tracked.config)


def _wandb_config(run: dict[str, Any], _: GraphQLResolveInfo, keys: list[str] | None = None) -> str:
    tracked: TrackedRun = run["tracked"]
    known = internal_values(tracked.config)
    return as_json({key: value for key, value in known.items() if keys is None or key in keys})


def _summary(run: dict[str, Any], _: GraphQLResolveInfo) -> str:
    tracked: TrackedRun = run["tracked"]
    return as_json(tracked.summary)


RESOLVERS: Resolvers = {
    ("Run", "user"): _user,
    ("Run", "config"): _config,
    ("Run", "wandbConfig"): _wandb_config,
    ("Run", "summaryMetrics"): _summary,
}
