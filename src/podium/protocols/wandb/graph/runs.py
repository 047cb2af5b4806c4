"""Runs: found by name, begun, resumed and changed, and what is done to them from outside."""

from typing import Any

import msgspec
from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.domain.run_streams import STATES, RunState
from podium.domain.tracked_runs import RunChange
from podium.errors import InvalidArgument, NotFound
from podium.protocols.wandb.graph import run_shapes
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import key_of
from podium.protocols.wandb.graph.run_shapes import shape_resumed, shape_run
from podium.services.run_control import Alert

DEFAULT_PROJECT = "uncategorized"  # as W&B's own server calls it
# What a process says as a whole when it begins a run, and when one of these changes; with config changes it says none.
# Others than processes either do not name the run, or say nothing but its state.
_SAID_AT_START = ("host", "program", "display_name", "group", "job_type", "notes", "labels", "repo", "commit", "sweep")
# How the fields of the input are called that RunChange calls otherwise.
_CHANGES = {"group_name": "group", "tags": "labels", "summary_metrics": "summary", "job_program": "program"} | {
    "job_repo": "repo"
}


async def _run(project: dict[str, Any], info: GraphQLResolveInfo, name: str, **_: Any) -> dict[str, Any] | None:
    caller: Caller = info.context
    tracked = await caller.services.tracked_runs.find(caller.actor(project["entity_name"]), project["name"], name)
    return None if tracked is None else shape_run(tracked)


async def _bucket(
    project: dict[str, Any],
    info: GraphQLResolveInfo,
    name: str,
    missing_ok: bool | None = None,  # noqa: FBT001
) -> dict[str, Any] | None:
    caller: Caller = info.context
    actor = caller.actor(project["entity_name"])
    status = await caller.services.tracked_runs.resume_status(actor, project["name"], name)
    if status is None and not missing_ok:
        raise NotFound(f"There is no run '{name}' in the project '{project['name']}'.")
    return None if status is None else shape_resumed(status)


async def _upsert_bucket(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    change, upserts = _change(input), caller.services.run_upserts
    if input.get("id"):
        done = await upserts.change(caller.actor(), key_of("Run", input["id"]), change)
    else:
        actor = caller.actor(input.get("entity_name"))
        project, name = input.get("model_name") or DEFAULT_PROJECT, input.get("name") or ""
        done = await upserts.upsert(actor, project, name, change, together=caller.shares_run)
    return {"bucket": shape_run(done.tracked), "inserted": done.inserted}


async def _delete_run(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    await caller.services.run_control.delete(caller.actor(), key_of("Run", input["id"]))
    return {"client_mutation_id": input.get("client_mutation_id")}


async def _stop_run(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    await caller.services.run_control.stop(caller.actor(), key_of("Run", input["id"]))
    return {"success": True}


async def _update_run_state(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    await caller.services.run_control.set_state(caller.actor(), key_of("Run", input["id"]), _state(input["state"]))
    return {"success": True}


async def _rewind_run(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    if input["metric_name"] != "_step":
        raise InvalidArgument(f"'metricName' is '{input['metric_name']}'; runs are rewound to a '_step'")
    rewound = await caller.services.run_control.rewind(
        caller.actor(input.get("entity_name")),
        input.get("project_name") or DEFAULT_PROJECT,
        input["run_name"],
        int(input["metric_value"]),
    )
    return {"rewound_run": shape_run(rewound)}


async def _notify_alert(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    actor = caller.actor(input["entity_name"])
    alert = Alert(input["title"], input["text"], input.get("severity") or "INFO")
    await caller.services.run_control.alert(actor, input["project_name"], input["run_name"], alert)
    return {"success": True}


def _change(given: dict[str, Any]) -> RunChange:
    """What the input says of the run; null is nothing said."""
    fields = {_CHANGES.get(name, name): value for name, value in given.items() if value is not None}
    known = {name: fields[name] for name in RunChange.__struct_fields__ if name in fields}
    if "state" in known:
        known["state"] = _state(known["state"])
    known["begins"] = bool(given.get("name")) and any(name in known for name in _SAID_AT_START)
    try:
        return msgspec.convert(known, RunChange)
    except msgspec.ValidationError as error:
        raise InvalidArgument(f"The run's input is not valid: {error}") from error


def _state(name: str) -> RunState:
    for state in STATES:
        if state == name.lower():
            return state
    raise InvalidArgument(f"'state' is '{name}'; one of {', '.join(STATES)} is expected")


RESOLVERS: Resolvers = {
    **run_shapes.RESOLVERS,
    ("Project", "run"): _run,
    ("Project", "bucket"): _bucket,
    ("Mutation", "upsertBucket"): _upsert_bucket,
    ("Mutation", "deleteRun"): _delete_run,
    ("Mutation", "stopRun"): _stop_run,
    ("Mutation", "updateRunState"): _update_run_state,
    ("Mutation", "rewindRun"): _rewind_run,
    ("Mutation", "notifyScriptableRunAlert"): _notify_alert,
}
