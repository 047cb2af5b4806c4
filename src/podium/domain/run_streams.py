"""Runs that send their data as streams of lines: what they send, and how they stand while they do."""

from typing import Literal, get_args

import msgspec

from podium.domain.runs import RunStatus

Stream = Literal["history", "events", "console"]
# The last one is Podium's own: which metrics have no other point than the summary's.
DocumentKind = Literal["config", "summary", "summary_metrics"]
Note = Literal["crashed", "preempting", "preempted"]
# How a run stands, in finer grades than its status.
RunState = Literal["running", "finished", "failed", "crashed", "killed", "pending", "preempting", "preempted"]
STATES: tuple[RunState, ...] = get_args(RunState)

# A client sends a heartbeat every half a minute.
SILENT_AFTER_MS = 5 * 60_000

_STATE_OF: dict[RunStatus, RunState] = {
    "RUNNING": "running",
    "SCHEDULED": "pending",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
_STATUS_OF: dict[RunState, tuple[RunStatus, Note | None]] = {
    "running": ("RUNNING", None),
    "pending": ("SCHEDULED", None),
    "finished": ("FINISHED", None),
    "failed": ("FAILED", None),
    "killed": ("KILLED", None),
    "crashed": ("FAILED", "crashed"),
    "preempting": ("RUNNING", "preempting"),
    "preempted": ("RUNNING", "preempted"),
}


class Chunk(msgspec.Struct, frozen=True):
    """Lines of a stream, of which the first has the number `offset`."""

    offset: int
    lines: list[str]


class Intake(msgspec.Struct, frozen=True):
    """What a run sends at once. Nothing at all is a heartbeat.

    `writer` names the one of several processes that write to the run together; each numbers its lines from 0.
    """

    history: Chunk | None = None
    events: Chunk | None = None
    console: Chunk | None = None
    summary: str | None = None
    preempting: bool = False
    complete: bool = False
    exit_code: int = 0
    writer: str = ""

    @property
    def shows(self) -> bool:
        """Whether it changes what listings show of the run; heartbeats, system metrics and the console do not."""
        return self.history is not None or self.summary is not None or self.complete

    @property
    def line_count(self) -> int:
        """How many lines there are in all."""
        return sum(len(chunk.lines) for chunk in (self.history, self.events, self.console) if chunk)


class StreamRow(msgspec.Struct, frozen=True):
    """What is known of a run that sends streams. The counts are the numbers that the next lines have."""

    created_at: int
    heartbeat_at: int
    live: bool
    note: Note | None
    exit_code: int | None
    stop_requested: bool
    history_lines: int
    event_lines: int
    console_lines: int
    last_step: int  # the highest one of the history, -1 before the first


def state_of(status: RunStatus, streams: StreamRow | None, now: int) -> RunState:
    """How a run stands at the time `now`; one whose heartbeats stopped has crashed, or was preempted as it said."""
    state = _STATE_OF[status]
    if streams is None:
        return state
    if state == "failed":
        return "crashed" if streams.note == "crashed" else state
    if state != "running":
        return state
    silent = streams.live and streams.heartbeat_at < now - SILENT_AFTER_MS
    if streams.note in ("preempting", "preempted"):
        return "preempted" if silent else streams.note
    return "crashed" if silent else state


def status_of(state: RunState) -> tuple[RunStatus, Note | None]:
    """The status and the note by which a state is stored."""
    return _STATUS_OF[state]
