"""Traces in version 2 of MLflow's API, which clients before 3.0 speak: started and ended in two calls."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from podium.domain.access import Actor
from podium.domain.traces import Trace, TraceState
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.traces import Names, search_of
from podium.protocols.mlflow.wire import Name
from podium.services import Services

# Up to the end of the year 9999, the last that RFC 3339 can write.
Milliseconds = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]

_UNSPECIFIED = "TRACE_STATUS_UNSPECIFIED"
_NAMED: tuple[TraceState, ...] = ("OK", "ERROR", "IN_PROGRESS")
# A status travels as a name or as the number of protobuf's enum.
_STATES: dict[str | int, TraceState] = {
    _UNSPECIFIED: "STATE_UNSPECIFIED",
    0: "STATE_UNSPECIFIED",
    **{name: name for name in _NAMED},
    **dict(enumerate(_NAMED, 1)),
}


class Fact(msgspec.Struct):
    key: Name
    value: str = ""


class StartTrace(msgspec.Struct):
    experiment_id: Name
    timestamp_ms: Milliseconds
    request_metadata: list[Fact] = []
    tags: list[Fact] = []


class EndTrace(msgspec.Struct):
    request_id: Name
    timestamp_ms: Milliseconds
    status: Literal["TRACE_STATUS_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS", 0, 1, 2, 3] = "OK"
    request_metadata: list[Fact] = []
    tags: list[Fact] = []


class RequestId(msgspec.Struct):
    request_id: Name


class SearchTraces(msgspec.Struct):
    experiment_ids: Names
    filter: str = ""
    max_results: int = 100
    order_by: list[str] = []
    page_token: str = ""


class TraceInfo(msgspec.Struct):
    """MLflow's `TraceInfo` of version 2."""

    request_id: str
    experiment_id: str
    timestamp_ms: int
    execution_time_ms: int
    status: str
    request_metadata: list[Fact]
    tags: list[Fact]


class OneTrace(msgspec.Struct):
    trace_info: TraceInfo


class FoundTraces(msgspec.Struct, omit_defaults=True):
    traces: list[TraceInfo] = []
    next_page_token: str | None = None


async def start(services: Services, actor: Actor, request: StartTrace) -> OneTrace:
    trace = Trace(
        key=0,
        trace_id="",
        project_id=0,
        request_time=request.timestamp_ms,
        duration_ms=None,
        state="IN_PROGRESS",
        client_request_id=None,
        request_preview=None,
        response_preview=None,
        tags=_facts(request.tags),
        metadata=_facts(request.request_metadata),
    )
    return OneTrace(_info(await services.traces.start(actor, request.experiment_id, trace)))


async def end(services: Services, actor: Actor, request: EndTrace) -> OneTrace:
    trace = await services.traces.end(
        actor,
        request.request_id,
        ended_at=request.timestamp_ms,
        state=_STATES[request.status],
        tags=_facts(request.tags),
        metadata=_facts(request.request_metadata),
    )
    return OneTrace(_info(trace))


async def get_info(services: Services, actor: Actor, request: RequestId) -> OneTrace:
    return OneTrace(_info(await services.traces.get(actor, request.request_id)))


async def search(services: Services, actor: Actor, request: SearchTraces) -> FoundTraces:
    wanted = search_of(request.filter, request.order_by, request.max_results, request.page_token)
    found = await services.traces.search(actor, request.experiment_ids, wanted)
    return FoundTraces([_info(trace) for trace in found.items], found.next_page_token)


def _info(trace: Trace) -> TraceInfo:
    return TraceInfo(
        request_id=trace.trace_id,
        experiment_id=str(trace.project_id),
        timestamp_ms=trace.request_time,
        execution_time_ms=trace.duration_ms or 0,
        status=_UNSPECIFIED if trace.state == "STATE_UNSPECIFIED" else trace.state,
        request_metadata=[Fact(key, value) for key, value in trace.metadata.items()],
        tags=[Fact(key, value) for key, value in trace.tags.items()],
    )


def _facts(facts: list[Fact]) -> dict[str, str]:
    return {fact.key: fact.value for fact in facts}


ENDPOINTS = (
    Call("POST", "traces", StartTrace, start),
    Call("GET", "traces", SearchTraces, search),
    Call("PATCH", "traces/{request_id}", EndTrace, end),
    Call("GET", "traces/{request_id}/info", RequestId, get_info),
)
