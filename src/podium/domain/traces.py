"""Traces: what a program did to answer one request, as a tree of spans, and what people and programs think of it."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

TraceState = Literal["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"]
StatusCode = Literal["UNSET", "OK", "ERROR"]
AssessmentKind = Literal["feedback", "expectation", "issue"]

# Tags and metadata that MLflow's client writes or reads.
NAME_TAG = "mlflow.traceName"
ARTIFACT_LOCATION_TAG = "mlflow.artifactLocation"
SPANS_LOCATION_TAG = "mlflow.trace.spansLocation"
SPANS_WITH_SERVER = "TRACKING_STORE"
SOURCE_RUN_METADATA = "mlflow.sourceRun"
SIZE_METADATA = "mlflow.trace.sizeStats"

TYPE_ATTRIBUTE = "mlflow.spanType"
INPUTS_ATTRIBUTE = "mlflow.spanInputs"
OUTPUTS_ATTRIBUTE = "mlflow.spanOutputs"

MAX_PREVIEW = 1000
# Jeffreys' prior: what is added to each count so that few traces do not look like certainty.
_PRIOR = 0.5


class SpanEvent(msgspec.Struct, frozen=True):
    """Something that happened at one moment of a span."""

    name: str
    time_ns: int
    attributes: dict[str, Any]


class SpanLink(msgspec.Struct, frozen=True):
    """A span elsewhere that this one belongs with; the ids are hex digits."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any]


class Span(msgspec.Struct, frozen=True):
    """A step of a trace. Ids are hex digits; each attribute is the JSON of its value."""

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    start_ns: int
    end_ns: int | None
    status_code: StatusCode
    status_message: str
    attributes: dict[str, str]
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()

    @property
    def type(self) -> str:
        """MLflow's type of the span, `UNKNOWN` when it has none."""
        value = msgspec.json.decode(self.attributes.get(TYPE_ATTRIBUTE, "null"))
        return value if isinstance(value, str) else "UNKNOWN"


class AssessmentError(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a judge could not give its feedback."""

    error_code: str = ""
    error_message: str | None = None
    stack_trace: str | None = None


class Assessment(msgspec.Struct, frozen=True):
    """A feedback on a trace, what was expected of it, or an issue that it shows. `value` is any JSON value."""

    assessment_id: str
    trace_id: str
    kind: AssessmentKind
    name: str
    value: Any
    error: AssessmentError | None
    source_type: str
    source_id: str
    rationale: str | None
    metadata: dict[str, str]
    span_id: str | None
    overrides: str | None
    valid: bool
    created_at: int
    updated_at: int


class Trace(msgspec.Struct, frozen=True):
    """A trace without its spans. Times are milliseconds; `is_final` tells that no more is to come from spans."""

    key: int
    trace_id: str
    project_id: int
    request_time: int
    duration_ms: int | None
    state: TraceState
    client_request_id: str | None
    request_preview: str | None
    response_preview: str | None
    is_final: bool = True
    tags: dict[str, str] = {}
    metadata: dict[str, str] = {}
    assessments: tuple[Assessment, ...] = ()

    @property
    def span_count(self) -> int:
        """How many spans the client said that it would send; 0 when it did not say."""
        try:
            stats = msgspec.json.decode(self.metadata.get(SIZE_METADATA, "{}"), type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            return 0
        count = stats.get("num_spans", 0)
        return count if isinstance(count, int) else 0


class Correlation(msgspec.Struct, frozen=True):
    """How two conditions on traces go together, from -1 (never) over 0 (by chance) to 1 (always)."""

    total: int
    first: int
    second: int
    both: int

    @property
    def npmi(self) -> float:
        """Normalized pointwise mutual information; NaN when one of the conditions holds nowhere."""
        if not self.first or not self.second:
            return math.nan
        return -1.0 if not self.both else self._npmi(0)

    @property
    def npmi_smoothed(self) -> float:
        """The same with a prior, steadier for few traces."""
        return self._npmi(_PRIOR) if self.first and self.second else math.nan

    def _npmi(self, prior: float) -> float:
        if self.both == self.total:
            return 1.0
        both, total = self.both + prior, self.total + 4 * prior
        first, second = self.first + 2 * prior, self.second + 2 * prior
        value = math.log(both * total / (first * second)) / -math.log(both / total)
        return max(-1.0, min(1.0, value))


def trace_from_spans(trace_id: str, project_id: int, spans: Sequence[Span]) -> Trace:
    """What the spans that came tell of their trace, which is in progress until the root span is among them."""
    start = min(span.start_ns for span in spans) // 1_000_000
    ends = [span.end_ns // 1_000_000 for span in spans if span.end_ns is not None]
    root = next((span for span in spans if span.parent_id is None), None)
    state: TraceState = "IN_PROGRESS"
    if root is not None:
        state = "ERROR" if root.status_code == "ERROR" else "OK"
    return Trace(
        key=0,
        trace_id=trace_id,
        project_id=project_id,
        request_time=start,
        duration_ms=max(ends) - start if ends else None,
        state=state,
        client_request_id=None,
        request_preview=_preview(root, INPUTS_ATTRIBUTE),
        response_preview=_preview(root, OUTPUTS_ATTRIBUTE),
        is_final=False,
    )


def joined(known: Trace, told: Trace) -> Trace:
    """A trace that is not final yet, with what more spans told of it."""
    start = min(known.request_time, told.request_time)
    ends = [trace.request_time + trace.duration_ms for trace in (known, told) if trace.duration_ms is not None]
    return msgspec.structs.replace(
        known,
        request_time=start,
        duration_ms=max(ends) - start if ends else None,
        state=told.state if known.state in ("IN_PROGRESS", "STATE_UNSPECIFIED") else known.state,
        request_preview=known.request_preview or told.request_preview,
        response_preview=known.response_preview or told.response_preview,
    )


def _preview(root: Span | None, attribute: str) -> str | None:
    return None if root is None or attribute not in root.attributes else root.attributes[attribute][:MAX_PREVIEW]
