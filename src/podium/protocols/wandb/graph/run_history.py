"""Histories of runs: whole, in pages of steps, sampled; and the system metrics beside them."""

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolver, Resolvers
from podium.domain.history import STEP, parse_object
from podium.domain.history_reading import DEFAULT_SAMPLES
from podium.domain.run_streams import Stream
from podium.errors import InvalidArgument
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.run_shapes import tail_of
from podium.services.tracked_runs import TrackedRun, as_json

_FAR = 2**62
_LOG_LINES, _MOST_LOG_LINES = 1000, 10_000


async def _history(
    run: dict[str, Any],
    info: GraphQLResolveInfo,
    samples: int | None = None,
    min_step: int | None = None,
    max_step: int | None = None,
) -> Sequence[str]:
    caller: Caller = info.context
    steps = None if min_step is None and max_step is None else (min_step or 0, _FAR if max_step is None else max_step)
    most = DEFAULT_SAMPLES if samples is None else samples
    return await caller.services.run_history.lines(run["tracked"], samples=most, steps=steps)


async def _events(run: dict[str, Any], info: GraphQLResolveInfo, samples: int | None = None) -> Sequence[str]:
    caller: Caller = info.context
    most = DEFAULT_SAMPLES if samples is None else samples
    return await caller.services.run_history.events(run["tracked"], samples=most)


async def _sampled(run: dict[str, Any], info: GraphQLResolveInfo, specs: list[str]) -> list[list[dict[str, Any]]]:
    caller: Caller = info.context
    return await caller.services.run_history.samples(run["tracked"], specs)


async def _parquet(run: dict[str, Any], info: GraphQLResolveInfo, **_: Any) -> dict[str, Any]:
    """No line is in a Parquet file: all are live, of which the client needs to know where they begin."""
    caller: Caller = info.context
    step = await caller.services.run_history.first_step(run["tracked"])
    return {"parquet_urls": [], "live_data": [] if step is None else [{STEP: step}]}


async def _log_lines(
    run: dict[str, Any],
    info: GraphQLResolveInfo,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Lines of the console: the last ones, or those behind a number."""
    caller: Caller = info.context
    count = run["log_line_count"]
    if last is not None:
        start, end = max(0, count - _page(last)), count
    else:
        start = _number(after)
        end = min(count, start + _page(first))
    lines = await caller.services.run_history.console(run["tracked"], start, end)
    return {
        "edges": [{"node": line, "cursor": str(line.number + 1)} for line in lines],
        "page_info": {"end_cursor": str(end), "has_next_page": end < count},
    }


def _page(asked: int | None) -> int:
    return _LOG_LINES if asked is None else max(0, min(asked, _MOST_LOG_LINES))


def _number(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 16):
        raise InvalidArgument(f"'after' is '{cursor[:100]}', which no page of the console's lines ended with")
    return int(cursor)


def _keys(run: dict[str, Any], info: GraphQLResolveInfo) -> dict[str, Any] | None:
    caller: Caller = info.context
    return caller.services.run_history.keys(run["tracked"])


def _system_metrics(run: dict[str, Any], info: GraphQLResolveInfo) -> str | Awaitable[str]:
    """The last line of the system metrics: in a page of runs it has been read for all of them."""
    line = run.get("last_event")
    return _read_system_metrics(run["tracked"], info.context) if line is None else _without_internal(line)


async def _read_system_metrics(tracked: TrackedRun, caller: Caller) -> str:
    events = await caller.services.run_search.last_events([tracked])
    return _without_internal(events.get(tracked.run.info.id, ""))


def _tail(stream: Stream) -> Resolver:
    """Resolves the last line of a stream, which came with a run that is resumed."""
    field = f"{stream}_tail"

    async def resolve(run: dict[str, Any], info: GraphQLResolveInfo) -> str:
        caller: Caller = info.context
        if field in run:
            given: str = run[field]
            return given
        return tail_of(await caller.services.run_history.last_line(run["tracked"], stream))

    return resolve


def _without_internal(line: str) -> str:
    """The object in the line, without what is the client's own in it."""
    values: dict[str, Any] = {}
    with suppress(InvalidArgument):  # lines were once kept whatever they were
        values = parse_object(line, "wandb-events.jsonl") if line else {}
    return as_json({key: value for key, value in values.items() if not key.startswith("_")})


RESOLVERS: Resolvers = {
    ("Run", "history"): _history,
    ("Run", "events"): _events,
    ("Run", "sampledHistory"): _sampled,
    ("Run", "parquetHistory"): _parquet,
    ("Run", "logLines"): _log_lines,
    ("Run", "historyKeys"): _keys,
    ("Run", "systemMetrics"): _system_metrics,
    ("Run", "historyTail"): _tail("history"),
    ("Run", "eventsTail"): _tail("events"),
}
