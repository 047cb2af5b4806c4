"""What runs logged, read back line by line. Runs that logged points of metrics have the lines that these make up."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from podium.domain.console import ConsoleLine, parse_console
from podium.domain.history import flat
from podium.domain.history_reading import (
    MAX_KEYS,
    MAX_SAMPLES,
    SampleSpec,
    StepPoint,
    evenly,
    history_keys,
    in_order,
    lines_of_points,
    lines_within,
    samples_of,
    steps_around,
)
from podium.domain.run_streams import Stream
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.services.tracked_runs import TrackedRun
from podium.store import metrics, run_lines
from podium.store.run_lines import LineRow
from podium.store.transaction import Tx

T = TypeVar("T")

MAX_SPECS = 100
# Reading through more lines than these goes on in a thread, so that nobody waits for it.
_MAX_HERE = 1000


class RunHistory:
    """Reads the histories of runs that the actor has found."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def lines(self, tracked: TrackedRun, *, samples: int, steps: tuple[int, int] | None) -> Sequence[str]:
        """The lines from the first of the steps up to, not including, the second, or else so many, spread evenly."""
        most = min(samples, MAX_SAMPLES) if steps is None else None
        if not _is_streamed(tracked):
            return await self._made(tracked, steps, most)
        return evenly(await self._lines(tracked, "history", steps), most)

    async def events(self, tracked: TrackedRun, *, samples: int) -> Sequence[str]:
        """So many lines of the system metrics, spread evenly."""
        return evenly(await self._lines(tracked, "events", None), min(samples, MAX_SAMPLES))

    async def samples(self, tracked: TrackedRun, specs: Sequence[str]) -> list[list[dict[str, Any]]]:
        """What each of the specs, which are JSON texts, asks of the lines. Raises InvalidArgument."""
        if len(specs) > MAX_SPECS:
            raise InvalidArgument(f"'specs' has {len(specs)} items, at most {MAX_SPECS} are answered at once")
        parsed = [_parse_spec(text) for text in specs]
        if not specs or not _is_streamed(tracked):
            return await self._samples_of_points(tracked, parsed)
        rows = await self._rows(tracked, "history", steps_around(parsed))
        return await _aside(_count(rows), lambda: samples_of(_joined(rows), parsed))

    async def first_step(self, tracked: TrackedRun) -> int | None:
        """The step with which the history begins; None for one without lines."""
        find = run_lines.find_first_step if _is_streamed(tracked) else metrics.find_first_step
        return await self._context.store.read(lambda tx: find(tx, tracked.run.info.id))

    async def last_line(self, tracked: TrackedRun, stream: Stream) -> str | None:
        """The line of a stream's highest step; None for a stream without lines."""
        return await self._context.store.read(lambda tx: run_lines.find_last_line(tx, tracked.run.info.id, stream))

    async def console(self, tracked: TrackedRun, first: int, end: int) -> list[ConsoleLine]:
        """What was written to the console, from the first line up to, not including, the end."""

        def work(tx: Tx) -> list[tuple[int, str]]:
            return run_lines.select_numbered(tx, tracked.run.info.id, "console", first, end)

        return [parse_console(number, text) for number, text in await self._context.store.read(work)]

    def keys(self, tracked: TrackedRun) -> dict[str, Any] | None:
        """Which keys the history has, and its last step; None for one without lines."""
        streams, points = tracked.streams, tracked.run.metrics
        latest = {point.key: point.value for point in points}
        if streams is not None and streams.history_lines:
            # The summary has what is no number, but of a metric that it keeps the least value of no last one.
            return history_keys({**flat(tracked.summary), **latest}, streams.history_lines, streams.last_step)
        last = max((point.step for point in points), default=-1)
        return history_keys(latest, last + 1, last)

    async def _samples_of_points(self, tracked: TrackedRun, specs: Sequence[SampleSpec]) -> list[list[dict[str, Any]]]:
        """Only the points that a sample needs are read, and once for those that are alike."""
        texts = [msgspec.json.encode(spec) for spec in specs]
        different = dict(zip(texts, specs, strict=True))
        found = {text: await self._sample_points(tracked, spec) for text, spec in different.items()}
        return [found[text] for text in texts]

    async def _sample_points(self, tracked: TrackedRun, spec: SampleSpec) -> list[dict[str, Any]]:
        keys = [key for key in spec.keys if not key.startswith("_")]
        lines = await self._made(tracked, spec.steps, spec.most, keys)
        return await _aside(len(lines), lambda: samples_of(lines, [spec])[0])

    async def _made(
        self, tracked: TrackedRun, steps: tuple[int, int] | None, most: int | None, keys: Sequence[str] = ()
    ) -> list[str]:
        """Lines that points make up: of so many of the steps that have all of the keys, spread evenly."""
        run = tracked.run.info

        def work(tx: Tx) -> list[StepPoint]:
            ids = metrics.find_keys(tx, keys)
            if len(ids) < len(set(keys)):
                return []
            chosen = evenly(metrics.select_steps(tx, run.id, list(ids.values()), steps), most)
            return metrics.select_at_steps(tx, run.id, list(ids.values()), chosen)

        points = await self._context.store.read(work)
        return await _aside(len(points), lambda: lines_of_points(points, run.start_time or 0))

    async def _lines(self, tracked: TrackedRun, stream: Stream, steps: tuple[int, int] | None) -> list[str]:
        rows = await self._rows(tracked, stream, steps)
        return await _aside(_count(rows), lambda: _joined(rows, steps))

    async def _rows(self, tracked: TrackedRun, stream: Stream, steps: tuple[int, int] | None) -> list[LineRow]:
        def work(tx: Tx) -> list[LineRow]:
            return run_lines.select_lines(tx, tracked.run.info.id, stream, steps=steps)

        # Few rows with much text: on the event loop they would hold others up unnoticed.
        streams = tracked.streams
        count = 0 if streams is None else streams.event_lines if stream == "events" else streams.history_lines
        return await self._context.store.read(work, brief=count <= _MAX_HERE)


def _is_streamed(tracked: TrackedRun) -> bool:
    """Whether the run sent lines; else points are all that there is."""
    return tracked.streams is not None and tracked.streams.history_lines > 0


def _count(rows: Sequence[LineRow]) -> int:
    return sum(len(row.lines) for row in rows)


def _joined(rows: Sequence[LineRow], steps: tuple[int, int] | None = None) -> list[str]:
    lines = [line for row in rows for line in row.lines]
    if steps is not None:
        lines = lines_within(lines, *steps)
    return in_order(lines) if len({row.writer for row in rows}) > 1 else lines


async def _aside(count: int, work: Callable[[], T]) -> T:
    """What work on so many lines gives."""
    return await asyncio.to_thread(work) if count > _MAX_HERE else work()


def _parse_spec(text: str) -> SampleSpec:
    try:
        spec = msgspec.json.decode(text, type=SampleSpec)
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"'specs' holds what is no request for samples: {error}") from error
    if not 0 < len(spec.keys) <= MAX_KEYS or spec.samples < 0:
        raise InvalidArgument(f"'specs' needs 'keys', 1 to {MAX_KEYS} names, and 'samples' that are not negative")
    return spec
