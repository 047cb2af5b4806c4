"""What running processes send: history, system metrics, the console's lines, summaries, heartbeats, and the end."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from podium.domain import history
from podium.domain.access import Actor
from podium.domain.history import HistoryLine
from podium.domain.run_streams import Chunk, Intake, Stream, StreamRow
from podium.domain.runs import RunRow
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.metric_names import MetricNames
from podium.services.run_summaries import merged_summary, write_summary, yield_to_history
from podium.services.tracked_runs import as_json
from podium.store import metrics, run_lines, runs
from podium.store import run_streams as rows
from podium.store.transaction import Tx

# Up to so many lines are taken in between other requests; more of them in a thread.
_MAX_BRIEF_LINES = 20
MAX_LINE = 2**31 - 1  # of what GraphQL can say as an Int


class RunStreams:
    """Takes in what the actor's running processes send, each line once however often it comes."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._names = MetricNames()

    async def take(self, actor: Actor, project: str, slug: str, intake: Intake) -> bool:
        """Whether the process is asked to stop. Raises NotFound for a run that is not there, or deleted."""
        points = await self._parse(intake.history)
        await self._check_events(intake.events)
        summary = history.parse_object(intake.summary, "wandb-summary.json") if intake.summary else None
        wanted = history.metric_names(points)

        def work(tx: Tx) -> tuple[bool, dict[str, int]]:
            run = self._require(tx, actor, project, slug, intake)
            at = self._context.clock()
            rows.upsert_streams(tx, run.id, at, live=True)  # from here on no other process changes the streams
            state = rows.find_streams(tx, run.id)
            assert state is not None, "it was just written"
            ids = self._names.ids(tx, wanted)
            if intake.history is not None:
                _add_history(tx, run, state, intake, points, ids.of)
            _add_others(tx, run, state, intake)
            if intake.summary is not None and summary is not None:
                self._add_summary(tx, run, intake.summary, summary, together=bool(intake.writer))
            self._write_state(tx, run, state, intake, at)
            return state.stop_requested, ids.made

        stop, made = await self._context.store.write(work, brief=intake.line_count <= _MAX_BRIEF_LINES)
        self._names.remember(made)
        return stop

    async def _parse(self, chunk: Chunk | None) -> list[HistoryLine]:
        if chunk is None:
            return []
        lines, now = _lines(chunk), self._context.clock()
        if len(lines) <= _MAX_BRIEF_LINES:
            return history.parse_history(lines, now)
        return await asyncio.to_thread(history.parse_history, lines, now)  # others are served meanwhile

    async def _check_events(self, chunk: Chunk | None) -> None:
        """Raise InvalidArgument for lines that nobody could read back."""
        if chunk is None:
            return
        if len(chunk.lines) <= _MAX_BRIEF_LINES:
            _check_objects(chunk.lines)
        else:
            await asyncio.to_thread(_check_objects, chunk.lines)

    def _require(self, tx: Tx, actor: Actor, project: str, slug: str, intake: Intake) -> RunRow:
        """The run, changed if what was sent shows."""
        team = self._context.team_id(tx, actor)
        run = runs.find_run_by_slug(tx, team, project, slug)
        if run is not None and run.deleted_at is None and intake.shows:
            run = runs.change_run(tx, team, run.run_id)
        if run is None or run.deleted_at is not None:
            raise NotFound(f"There is no run '{slug}' in the project '{project}', or it is deleted.")
        return run

    def _add_summary(self, tx: Tx, run: RunRow, text: str, summary: dict[str, Any], *, together: bool) -> None:
        if together:
            summary = merged_summary(tx, run, summary)
            text = as_json(summary)
        write_summary(tx, run, text, summary, self._names.ids(tx, history.numbers(summary)).of)

    def _write_state(self, tx: Tx, run: RunRow, state: StreamRow, intake: Intake, at: int) -> None:
        """How the run stands after this. One that has ended is not begun again by what comes late."""
        if intake.complete:
            rows.update_end(tx, run.id, intake.exit_code)
            ended = state.exit_code == intake.exit_code and run.end_time is not None
            status = "FINISHED" if intake.exit_code == 0 else "FAILED"
            end = run.end_time if ended else at
            runs.update_state(tx, msgspec.structs.replace(run, status=status, end_time=end))
        elif intake.preempting:
            rows.update_note(tx, run.id, "preempting")
        elif state.note is not None:  # what was thought to have crashed goes on
            rows.update_note(tx, run.id, None)
            if run.status == "FAILED":
                runs.count_change(tx, run.id)
                runs.update_state(tx, msgspec.structs.replace(run, status="RUNNING", end_time=None))
        elif run.status not in ("RUNNING", "SCHEDULED"):
            rows.upsert_streams(tx, run.id, at, live=False)


def _add_history(
    tx: Tx, run: RunRow, state: StreamRow, intake: Intake, points: Sequence[HistoryLine], ids: dict[str, int]
) -> None:
    """Keep the lines that are new, and their numbers as points of metrics."""
    assert intake.history is not None, "the caller looked"
    first, lines = intake.history.offset, _lines(intake.history)
    new = _find_new(tx, run, "history", first, lines, intake.writer)
    added, last = _with_steps({place: points[place] for _, places in new for place in places}, state.last_step)
    if not added:
        return
    for writer, places in new:
        kept = [
            lines[place] if points[place].step >= 0 else history.with_step(lines[place], added[place].step)
            for place in places
        ]
        _add_new(tx, run, "history", writer, first, places, kept, [added[place].step for place in places])
    logged = {name: ids[name] for name in history.metric_names(list(added.values()))}
    yield_to_history(tx, run.id, logged.values())
    metrics.insert_history(tx, run.id, logged, added.values())
    rows.update_last_step(tx, run.id, last)
    rows.update_count(tx, run.id, "history", max(state.history_lines, first + len(lines)))


def _with_steps(points: dict[int, HistoryLine], last: int) -> tuple[dict[int, HistoryLine], int]:
    """The points, each with a step, and the highest of all: where a sender leaves steps to the server, it counts on."""
    stepped = {}
    for place, point in points.items():
        if point.step < 0:
            last += 1
            stepped[place] = msgspec.structs.replace(point, step=last)
        else:
            last = max(last, point.step)
            stepped[place] = point
    return stepped, last


def _add_others(tx: Tx, run: RunRow, state: StreamRow, intake: Intake) -> None:
    """Keep lines of system metrics, which are only added, and of the console, which may be written over."""
    if intake.events is not None:
        first, lines = intake.events.offset, _lines(intake.events)
        for writer, places in _find_new(tx, run, "events", first, lines, intake.writer):
            kept = [lines[place] for place in places]
            _add_new(tx, run, "events", writer, first, places, kept, [0] * len(kept))
        rows.update_count(tx, run.id, "events", max(state.event_lines, first + len(lines)))
    if intake.console is not None:
        first, lines = intake.console.offset, _lines(intake.console)
        run_lines.replace_lines(tx, run.id, "console", intake.writer, first, lines)
        rows.update_count(tx, run.id, "console", max(state.console_lines, first + len(lines)))


def _find_new(
    tx: Tx, run: RunRow, stream: Stream, first: int, lines: Sequence[str], writer: str
) -> list[tuple[str, list[int]]]:
    """The places of lines that are new, by the writers under whose names they are kept."""
    if writer:
        return run_lines.find_new_lines(tx, run.id, stream, writer, first, len(lines))
    return run_lines.find_free_lines(tx, run.id, stream, first, lines)


def _add_new(
    tx: Tx,
    run: RunRow,
    stream: Stream,
    writer: str,
    first: int,
    places: Sequence[int],
    lines: Sequence[str],
    steps: Sequence[int],
) -> None:
    """Add lines by their places behind the first number; those that follow each other go together."""
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != places[end - 1] + 1:
            number = first + places[start]
            run_lines.add_lines(tx, run.id, stream, writer, number, lines[start:end], steps[start:end])
            start = end


def _check_objects(lines: Sequence[str]) -> None:
    for line in lines:
        history.parse_object(line, "wandb-events.jsonl")


def _lines(chunk: Chunk) -> list[str]:
    """The lines as they are kept: one line feed parts two of them, and NUL is no text to PostgreSQL."""
    if not 0 <= chunk.offset <= MAX_LINE - len(chunk.lines):
        raise InvalidArgument(f"'offset' is {chunk.offset}; a line's number is expected")
    if not any("\n" in line or "\x00" in line for line in chunk.lines):
        return chunk.lines
    return [line.replace("\n", " ").replace("\x00", "\ufffd") for line in chunk.lines]
