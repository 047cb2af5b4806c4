"""Traces: taken in from clients, whole or span by span, found again, tagged, linked and deleted.

Like params and metrics of runs, traces are logged, not governed: they write no events.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from podium.domain import names
from podium.domain.access import Actor
from podium.domain.filters import Field, FieldKind, Node, Order
from podium.domain.ids import new_trace_id
from podium.domain.projects import Project
from podium.domain.registry import MAX_MODEL_NAME
from podium.domain.traces import (
    ARTIFACT_LOCATION_TAG,
    SPANS_LOCATION_TAG,
    SPANS_WITH_SERVER,
    Correlation,
    Span,
    Trace,
    TraceState,
    joined,
    trace_from_spans,
)
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.projects import project_to_fill, require_active
from podium.services.searching import Found, Search, check_limit, find_page
from podium.store import runs as run_rows
from podium.store import traces as rows
from podium.store.assessments import upsert_assessment
from podium.store.spans import load_spans, upsert_spans
from podium.store.transaction import Tx

MAX_LISTED = 500
MAX_LINKED = 100

_LAST = (
    Order(Field(FieldKind.ATTRIBUTE, "request_time"), ascending=False),
    Order(Field(FieldKind.ATTRIBUTE, "trace_id")),
)
# Clients send spans and the trace in the background: a trace that was just finished is waited for.
_WAITS_S = (0.2, 0.8, 2.0, 0)


class WholeTrace(msgspec.Struct, frozen=True):
    """A trace with its spans, the root first."""

    trace: Trace
    spans: list[Span]


class Traces:
    """What the actor may do with traces of its team."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def start(self, actor: Actor, project_id: str, trace: Trace) -> Trace:
        """Store a trace as its client tells it, also when spans of it came before; an empty id gets a new one."""
        _check_facts(trace.tags)
        _check_facts(trace.metadata)
        if not trace.trace_id:
            trace = msgspec.structs.replace(trace, trace_id=new_trace_id())

        def work(tx: Tx) -> Trace:
            team = self._context.team_id(tx, actor)
            project = project_to_fill(tx, actor, team, project_id)
            require_active(project)
            told = msgspec.structs.replace(trace, project_id=project.id)
            key = _write_final(tx, team, told)
            location = {ARTIFACT_LOCATION_TAG: _location(project, told.trace_id)}
            rows.upsert_facts(tx, "trace_tags", key, {**told.tags, **location})
            rows.upsert_facts(tx, "trace_metadata", key, told.metadata)
            for assessment in told.assessments:
                upsert_assessment(tx, key, assessment)
            return rows.load_traces(tx, [key])[0]

        return await self._context.store.write(work)

    async def end(
        self,
        actor: Actor,
        trace_id: str,
        *,
        ended_at: int,
        state: TraceState,
        tags: Mapping[str, str],
        metadata: Mapping[str, str],
    ) -> Trace:
        """Finish a trace that a client of the older protocol started."""
        _check_facts(tags)
        _check_facts(metadata)

        def work(tx: Tx) -> Trace:
            trace = self._lock(tx, actor, trace_id)
            duration = ended_at - trace.request_time
            rows.update_trace(tx, trace.key, msgspec.structs.replace(trace, duration_ms=duration, state=state))
            rows.upsert_facts(tx, "trace_tags", trace.key, tags)
            rows.upsert_facts(tx, "trace_metadata", trace.key, metadata)
            return rows.load_traces(tx, [trace.key])[0]

        return await self._context.store.write(work)

    async def log_spans(self, actor: Actor, project_id: str, spans: Mapping[str, Sequence[Span]]) -> None:
        """Store spans by the id of their trace; a trace that nobody told of yet is made from them."""

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            project = project_to_fill(tx, actor, team, project_id)
            require_active(project)
            for trace_id, of_trace in sorted(spans.items()):
                told = trace_from_spans(trace_id, project.id, of_trace)
                key = _write_spans_trace(tx, team, told)
                upsert_spans(tx, key, of_trace)
                tags = {SPANS_LOCATION_TAG: SPANS_WITH_SERVER, ARTIFACT_LOCATION_TAG: _location(project, trace_id)}
                rows.upsert_facts(tx, "trace_tags", key, tags)

        await self._context.store.write(work)

    async def get(self, actor: Actor, trace_id: str) -> Trace:
        """The trace without its spans. Raises NotFound."""
        found = await self.list_by_id(actor, [trace_id])
        if not found:
            raise _absent(trace_id)
        return found[0]

    async def list_by_id(self, actor: Actor, trace_ids: list[str]) -> list[Trace]:
        """Those of the traces that are there, in the order asked for."""

        def work(tx: Tx) -> list[Trace]:
            keys = rows.find_keys(tx, self._context.team_id(tx, actor), trace_ids)
            return rows.load_traces(tx, [keys[trace_id] for trace_id in dict.fromkeys(trace_ids) if trace_id in keys])

        return await self._context.store.read(work)

    async def get_whole(self, actor: Actor, trace_id: str, *, partial: bool) -> WholeTrace:
        """The trace with its spans; unless `partial`, all those are waited for that the client said it would send.

        Raises NotFound when there is no such trace, or when its spans do not come.
        """
        for wait in _WAITS_S:
            found = await self._load_whole(actor, [trace_id])
            if not found:
                raise _absent(trace_id)
            if partial or _is_complete(found[0]):
                return found[0]
            await asyncio.sleep(wait)
        raise NotFound(f"Trace with ID {trace_id} is not fully exported yet, please try again later.")

    async def list_whole(self, actor: Actor, trace_ids: list[str]) -> list[WholeTrace]:
        """Those of the traces that are there with all their spans."""
        return [found for found in await self._load_whole(actor, trace_ids) if _is_complete(found)]

    async def search(self, actor: Actor, project_ids: list[str], search: Search) -> Found[Trace]:
        """A page of traces without their spans, the newest first when no order is asked for."""
        check_limit(search.limit, MAX_LISTED)
        keys = _project_keys(project_ids)
        named = {item.field for item in search.order}
        order = (*search.order, *(item for item in _LAST if item.field not in named))
        search = msgspec.structs.replace(search, order=order)

        def work(tx: Tx) -> Found[Trace]:
            team = self._context.team_id(tx, actor)
            page = find_page(
                search,
                f"traces/{team}/{keys}",
                lambda query: rows.search_traces(tx, team, project_ids=keys, query=query),
            )
            return Found(rows.load_traces(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)

    async def correlate(
        self, actor: Actor, project_ids: list[str], first: Node, second: Node, base: Node
    ) -> Correlation:
        """How two conditions go together among the traces for which `base` holds."""
        keys = _project_keys(project_ids)

        def work(tx: Tx) -> Correlation:
            team = self._context.team_id(tx, actor)
            return rows.count_correlation(tx, team, project_ids=keys, base=base, first=first, second=second)

        return await self._context.store.read(work)

    async def delete(
        self, actor: Actor, project_id: str, *, before: int | None, trace_ids: list[str], most: int | None
    ) -> int:
        """Delete traces for good, those named or the oldest up to a time, and return how many."""
        if (before is None) == (not trace_ids):
            raise InvalidArgument("Either `max_timestamp_millis` or `trace_ids` must be specified, but not both.")
        if trace_ids and most is not None:
            raise InvalidArgument("`max_traces` can't be specified if `trace_ids` is specified.")
        if most is not None and most <= 0:
            raise InvalidArgument(f"`max_traces` must be a positive integer, received {most}.")

        def work(tx: Tx) -> int:
            team = self._context.team_id(tx, actor)
            project = project_to_fill(tx, actor, team, project_id)
            return rows.delete_traces(tx, team, project.id, before=before, trace_ids=trace_ids, most=most)

        return await self._context.store.write(work)

    async def set_tag(self, actor: Actor, trace_id: str, key: str, value: str) -> None:
        """Set a tag; a value that is too long is cut, as MLflow does."""
        names.check_key(key)
        tag = {key: names.cut("value", value, names.MAX_RUN_TAG_VALUE)}

        def work(tx: Tx) -> None:
            rows.upsert_facts(tx, "trace_tags", self._lock(tx, actor, trace_id).key, tag)

        await self._context.store.write(work)

    async def delete_tag(self, actor: Actor, trace_id: str, key: str) -> None:
        """Take a tag off. Raises NotFound when the trace does not have it."""

        def work(tx: Tx) -> None:
            if not rows.delete_tag(tx, self._lock(tx, actor, trace_id).key, key):
                raise NotFound(f"No trace tag with key '{key}' for trace with ID '{trace_id}'")

        await self._context.store.write(work)

    async def link_to_run(self, actor: Actor, trace_ids: list[str], run_id: str) -> None:
        """Let a search for the run's traces find these too; ids of no trace are passed over."""
        if len(trace_ids) > MAX_LINKED:
            raise InvalidArgument(
                f"Cannot link more than {MAX_LINKED} traces to a run in a single request. "
                f"Provided {len(trace_ids)} traces."
            )

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            if run_rows.find_run(tx, team, run_id) is None:
                raise NotFound(f"Run with id={run_id} not found")
            rows.insert_links(tx, rows.find_keys(tx, team, trace_ids).values(), "run", [run_id])

        await self._context.store.write(work)

    async def link_prompts(self, actor: Actor, trace_id: str, versions: list[tuple[str, str]]) -> None:
        """Note which versions of prompts a trace used."""
        for name, version in versions:
            names.check_label("prompt_versions.name", name, MAX_MODEL_NAME)
            names.check_label("prompt_versions.version", version, names.MAX_KEY)
        targets = [f"{name}/{version}" for name, version in versions]

        def work(tx: Tx) -> None:
            rows.insert_links(tx, [self._lock(tx, actor, trace_id).key], "prompt", targets)

        await self._context.store.write(work)

    async def _load_whole(self, actor: Actor, trace_ids: list[str]) -> list[WholeTrace]:
        def work(tx: Tx) -> list[WholeTrace]:
            keys = rows.find_keys(tx, self._context.team_id(tx, actor), trace_ids)
            traces = rows.load_traces(tx, [keys[name] for name in dict.fromkeys(trace_ids) if name in keys])
            spans = load_spans(tx, [trace.key for trace in traces])
            return [WholeTrace(trace, spans[trace.key]) for trace in traces]

        return await self._context.store.read(work)

    def _lock(self, tx: Tx, actor: Actor, trace_id: str) -> Trace:
        return require_trace(tx, self._context.team_id(tx, actor), trace_id)


def require_trace(tx: Tx, team_id: int, trace_id: str) -> Trace:
    """The team's trace, locked for a change, without tags and metadata. Raises NotFound."""
    trace = rows.lock_trace(tx, team_id, trace_id)
    if trace is None:
        raise _absent(trace_id)
    return trace


def _write_final(tx: Tx, team: int, told: Trace) -> int:
    key = rows.insert_trace(tx, team, told)
    if key is not None:
        return key
    known = require_trace(tx, team, told.trace_id)
    told = msgspec.structs.replace(
        told,
        request_preview=told.request_preview or known.request_preview,
        response_preview=told.response_preview or known.response_preview,
    )
    rows.update_trace(tx, known.key, told)
    return known.key


def _write_spans_trace(tx: Tx, team: int, told: Trace) -> int:
    key = rows.insert_trace(tx, team, told)
    if key is not None:
        return key
    known = require_trace(tx, team, told.trace_id)
    if not known.is_final:
        rows.update_trace(tx, known.key, joined(known, told))
    return known.key


def _is_complete(found: WholeTrace) -> bool:
    return bool(found.spans) and len(found.spans) >= found.trace.span_count


def _location(project: Project, trace_id: str) -> str:
    return f"{project.artifact_location}/traces/{trace_id}/artifacts"


def _project_keys(project_ids: list[str]) -> list[int]:
    return sorted({int(key) for key in project_ids if key.isdecimal() and len(key) <= 18})


def _check_facts(facts: Mapping[str, str]) -> None:
    for key, value in facts.items():
        names.check_label("key", key, names.MAX_KEY)
        names.check_label(key, value, names.MAX_CUT_VALUE)


def _absent(trace_id: str) -> NotFound:
    return NotFound(f"Trace with ID '{trace_id}' not found.")
