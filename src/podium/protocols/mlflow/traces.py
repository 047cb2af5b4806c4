"""Traces in version 3 of MLflow's API, and what both versions share: deleting, tags and links."""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from podium.domain.access import Actor
from podium.domain.filters import And
from podium.errors import InvalidArgument
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.grammar import parse_order
from podium.protocols.mlflow.grammar.traces import TRACES, parse_trace_filter
from podium.protocols.mlflow.span_shapes import otlp_span
from podium.protocols.mlflow.trace_shapes import (
    Location,
    TraceInfo,
    TraceMessage,
    trace_from,
    trace_info_of,
)
from podium.protocols.mlflow.wire import Name
from podium.services import Services
from podium.services.context import now_ms
from podium.services.searching import Search
from podium.services.traces import WholeTrace

V3 = "3.0"
Names = Annotated[list[str], Meta(min_length=1)]

# Tags that the server keeps for itself.
_KEPT_TAGS = {"mlflow.artifactLocation", "mlflow.trace.spansLocation"}


class StartTrace(msgspec.Struct):
    trace: TraceMessage


class TraceId(msgspec.Struct):
    trace_id: Name


class GetTrace(msgspec.Struct):
    trace_id: Name
    allow_partial: bool = False


class TraceIds(msgspec.Struct):
    trace_ids: Names


class SearchTraces(msgspec.Struct):
    locations: Annotated[list[Location], Meta(min_length=1)]
    filter: str = ""
    max_results: int = 100
    order_by: list[str] = []
    page_token: str = ""


class DeleteTraces(msgspec.Struct):
    experiment_id: Name
    max_timestamp_millis: int | None = None
    max_traces: int | None = None
    request_ids: list[str] = []


class Correlate(msgspec.Struct):
    experiment_ids: Names
    filter_string1: Name
    filter_string2: Name
    base_filter: str = ""


class SetTag(msgspec.Struct):
    trace_id: Name
    key: Name
    value: str = ""


class DeleteTag(msgspec.Struct):
    trace_id: Name
    key: Name


class LinkToRun(msgspec.Struct):
    trace_ids: Names
    run_id: Name


class PromptVersion(msgspec.Struct):
    name: Name
    version: Name


class LinkPrompts(msgspec.Struct):
    trace_id: Name
    prompt_versions: Annotated[list[PromptVersion], Meta(min_length=1)]


class OneTrace(msgspec.Struct):
    trace: TraceMessage


class ManyTraces(msgspec.Struct, omit_defaults=True):
    traces: list[TraceMessage] = []


class TraceInfos(msgspec.Struct, omit_defaults=True):
    trace_infos: list[TraceInfo] = []


class FoundTraces(msgspec.Struct, omit_defaults=True):
    traces: list[TraceInfo] = []
    next_page_token: str | None = None


class Deleted(msgspec.Struct):
    traces_deleted: int


class Correlated(msgspec.Struct, omit_defaults=True):
    """NPMI is left out where it is undefined."""

    filter1_count: int
    filter2_count: int
    joint_count: int
    total_count: int
    npmi: float | None = None
    npmi_smoothed: float | None = None


async def start(services: Services, actor: Actor, request: StartTrace) -> OneTrace:
    info = request.trace.trace_info
    place = info.trace_location and info.trace_location.mlflow_experiment
    if not place:
        raise InvalidArgument("A trace needs the experiment that it belongs to, in trace_location.mlflow_experiment.")
    trace = await services.traces.start(actor, place.experiment_id, trace_from(info, now_ms()))
    return OneTrace(TraceMessage(trace_info_of(trace)))


async def get_info(services: Services, actor: Actor, request: TraceId) -> OneTrace:
    return OneTrace(TraceMessage(trace_info_of(await services.traces.get(actor, request.trace_id))))


async def get(services: Services, actor: Actor, request: GetTrace) -> OneTrace:
    found = await services.traces.get_whole(actor, request.trace_id, partial=request.allow_partial)
    return OneTrace(_message(found))


async def batch_get(services: Services, actor: Actor, request: TraceIds) -> ManyTraces:
    return ManyTraces([_message(found) for found in await services.traces.list_whole(actor, request.trace_ids)])


async def batch_get_infos(services: Services, actor: Actor, request: TraceIds) -> TraceInfos:
    return TraceInfos([trace_info_of(trace) for trace in await services.traces.list_by_id(actor, request.trace_ids)])


async def search(services: Services, actor: Actor, request: SearchTraces) -> FoundTraces:
    wanted = search_of(request.filter, request.order_by, request.max_results, request.page_token)
    places = [place.mlflow_experiment.experiment_id for place in request.locations if place.mlflow_experiment]
    found = await services.traces.search(actor, places, wanted)
    return FoundTraces([trace_info_of(trace) for trace in found.items], found.next_page_token)


def search_of(text: str, order_by: list[str], max_results: int, page_token: str) -> Search:
    """What a search for traces asks for."""
    return Search(
        condition=parse_trace_filter(text),
        order=parse_order(order_by, TRACES),
        limit=max_results,
        page_token=page_token or None,
    )


async def delete(services: Services, actor: Actor, request: DeleteTraces) -> Deleted:
    count = await services.traces.delete(
        actor,
        request.experiment_id,
        before=request.max_timestamp_millis,
        trace_ids=request.request_ids,
        most=request.max_traces,
    )
    return Deleted(count)


async def correlate(services: Services, actor: Actor, request: Correlate) -> Correlated:
    base = parse_trace_filter(request.base_filter)
    first, second = (
        And((*base.items, *parse_trace_filter(text).items)) for text in (request.filter_string1, request.filter_string2)
    )
    found = await services.traces.correlate(actor, request.experiment_ids, first, second, base)
    return Correlated(
        found.first, found.second, found.both, found.total, _defined(found.npmi), _defined(found.npmi_smoothed)
    )


async def set_tag(services: Services, actor: Actor, request: SetTag) -> None:
    _check_free(request.key, "set")
    await services.traces.set_tag(actor, request.trace_id, request.key, request.value)


async def delete_tag(services: Services, actor: Actor, request: DeleteTag) -> None:
    _check_free(request.key, "deleted")
    await services.traces.delete_tag(actor, request.trace_id, request.key)


async def link_to_run(services: Services, actor: Actor, request: LinkToRun) -> None:
    await services.traces.link_to_run(actor, request.trace_ids, request.run_id)


async def link_prompts(services: Services, actor: Actor, request: LinkPrompts) -> None:
    versions = [(prompt.name, prompt.version) for prompt in request.prompt_versions]
    await services.traces.link_prompts(actor, request.trace_id, versions)


def _message(found: WholeTrace) -> TraceMessage:
    return TraceMessage(trace_info_of(found.trace), [otlp_span(span) for span in found.spans])


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _check_free(key: str, action: str) -> None:
    if key in _KEPT_TAGS:
        raise InvalidArgument(f"Tag '{key}' is immutable and cannot be {action} on a trace.")


ENDPOINTS = (
    Call("POST", "traces", StartTrace, start, V3),
    Call("GET", "traces/get", GetTrace, get, V3),
    Call("GET", "traces/batchGet", TraceIds, batch_get, V3),
    Call("POST", "traces/batchGetInfos", TraceIds, batch_get_infos, V3),
    Call("POST", "traces/search", SearchTraces, search, V3),
    Call("POST", "traces/calculate-filter-correlation", Correlate, correlate, V3),
    Call("GET", "traces/{trace_id}", TraceId, get_info, V3),
    Call("PATCH", "traces/{trace_id}/tags", SetTag, set_tag, V3),
    Call("DELETE", "traces/{trace_id}/tags", DeleteTag, delete_tag, V3),
    Call("PATCH", "traces/{trace_id}/tags", SetTag, set_tag),
    Call("DELETE", "traces/{trace_id}/tags", DeleteTag, delete_tag),
    Call("POST", "traces/delete-traces", DeleteTraces, delete),
    Call("POST", "traces/delete-traces", DeleteTraces, delete, V3),
    Call("POST", "traces/link-to-run", LinkToRun, link_to_run),
    Call("POST", "traces/link-prompts", LinkPrompts, link_prompts),
)
