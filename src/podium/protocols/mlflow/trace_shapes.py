"""Traces and assessments as MLflow's JSON has them: times in RFC 3339, durations in seconds."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from podium.domain.nesting import check_nesting
from podium.domain.traces import Assessment, AssessmentError, Trace, TraceState
from podium.errors import InvalidArgument
from podium.services.assessments import Verdict

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"(-?\d{1,12})(\.\d{1,9})?s")
_JSON_FORMAT = "JSON_FORMAT"
# What MLflow shows of a metadata value and of a tag's.
_SHOWN_METADATA = 250
_SHOWN_TAG = 4096


class ExperimentLocation(msgspec.Struct):
    experiment_id: str = ""


class Location(msgspec.Struct, omit_defaults=True):
    type: str = ""
    mlflow_experiment: ExperimentLocation | None = None


class Source(msgspec.Struct):
    source_type: str = "SOURCE_TYPE_UNSPECIFIED"
    source_id: str = "default"


class FeedbackValue(msgspec.Struct):
    value: Any = None
    error: AssessmentError | msgspec.UnsetType = msgspec.UNSET


class SerializedValue(msgspec.Struct):
    serialization_format: str = ""
    value: str = ""


class ExpectationValue(msgspec.Struct):
    value: Any = msgspec.UNSET
    serialized_value: SerializedValue | msgspec.UnsetType = msgspec.UNSET


class IssueValue(msgspec.Struct):
    issue_name: str = ""


class AssessmentMessage(msgspec.Struct, omit_defaults=True):
    """MLflow's `Assessment`; one of feedback, expectation and issue is given."""

    assessment_id: str = ""
    assessment_name: str = ""
    trace_id: str = ""
    span_id: str | None = None
    source: Source | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: FeedbackValue | None = None
    expectation: ExpectationValue | None = None
    issue: IssueValue | None = None
    rationale: str | None = None
    metadata: dict[str, str] = {}
    overrides: str | None = None
    valid: bool | None = None


class TraceInfo(msgspec.Struct, omit_defaults=True):
    """MLflow's `TraceInfoV3`."""

    trace_id: str = ""
    client_request_id: str | None = None
    trace_location: Location | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str | None = None
    execution_duration: str | None = None
    state: TraceState | Literal[0, 1, 2, 3] = "STATE_UNSPECIFIED"
    trace_metadata: dict[str, str] = {}
    tags: dict[str, str] = {}
    assessments: list[AssessmentMessage] = []


class TraceMessage(msgspec.Struct, omit_defaults=True):
    """MLflow's `Trace`: the information, and the spans in OTLP's form."""

    trace_info: TraceInfo
    spans: list[dict[str, Any]] = []


_STATES: tuple[TraceState, ...] = ("STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS")


def trace_info_of(trace: Trace) -> TraceInfo:
    """A trace as MLflow shows it."""
    return TraceInfo(
        trace_id=trace.trace_id,
        client_request_id=trace.client_request_id,
        trace_location=Location("MLFLOW_EXPERIMENT", ExperimentLocation(str(trace.project_id))),
        request_preview=trace.request_preview,
        response_preview=trace.response_preview,
        request_time=timestamp(trace.request_time),
        execution_duration=None if trace.duration_ms is None else f"{trace.duration_ms / 1000:.3f}s",
        state=trace.state,
        trace_metadata={key: value[:_SHOWN_METADATA] for key, value in trace.metadata.items()},
        tags={key: value[:_SHOWN_TAG] for key, value in trace.tags.items()},
        assessments=[assessment_of(assessment) for assessment in trace.assessments],
    )


def trace_from(info: TraceInfo, now: int) -> Trace:
    """The trace that a client tells of; its project is told beside it."""
    return Trace(
        key=0,
        trace_id=info.trace_id,
        project_id=0,
        request_time=now if info.request_time is None else milliseconds(info.request_time),
        duration_ms=None if info.execution_duration is None else _duration_ms(info.execution_duration),
        state=_STATES[info.state] if isinstance(info.state, int) else info.state,
        client_request_id=info.client_request_id,
        request_preview=info.request_preview,
        response_preview=info.response_preview,
        tags=info.tags,
        metadata=info.trace_metadata,
        assessments=tuple(assessment_from(message, info.trace_id, now) for message in info.assessments),
    )


def assessment_of(assessment: Assessment) -> AssessmentMessage:
    """An assessment as MLflow shows it."""
    message = AssessmentMessage(
        assessment_id=assessment.assessment_id,
        assessment_name=assessment.name,
        trace_id=assessment.trace_id,
        span_id=assessment.span_id,
        source=Source(assessment.source_type, assessment.source_id),
        create_time=timestamp(assessment.created_at),
        last_update_time=timestamp(assessment.updated_at),
        rationale=assessment.rationale,
        metadata=assessment.metadata,
        overrides=assessment.overrides,
        valid=assessment.valid,
    )
    if assessment.kind == "feedback":
        message.feedback = FeedbackValue(assessment.value, assessment.error or msgspec.UNSET)
    elif assessment.kind == "issue":
        message.issue = IssueValue(str(assessment.value))
    elif isinstance(assessment.value, list | dict):
        serialized = SerializedValue(_JSON_FORMAT, json.dumps(assessment.value))
        message.expectation = ExpectationValue(serialized_value=serialized)
    else:
        message.expectation = ExpectationValue(assessment.value)
    return message


def assessment_from(message: AssessmentMessage, trace_id: str, now: int) -> Assessment:
    """The assessment that a client tells of. It counts, whatever the client says: only another can override it."""
    verdict = verdict_from(message)
    source = message.source or Source()
    return Assessment(
        assessment_id=message.assessment_id,
        trace_id=trace_id,
        kind=verdict.kind,
        name=message.assessment_name,
        value=verdict.value,
        error=verdict.error,
        source_type=source.source_type,
        source_id=source.source_id,
        rationale=message.rationale or None,
        metadata=message.metadata,
        span_id=message.span_id or None,
        overrides=message.overrides or None,
        valid=True,
        created_at=now if message.create_time is None else milliseconds(message.create_time),
        updated_at=now if message.last_update_time is None else milliseconds(message.last_update_time),
    )


def verdict_from(message: AssessmentMessage) -> Verdict:
    """What an assessment says. Raises InvalidArgument when it says nothing."""
    if message.feedback is not None:
        error = message.feedback.error
        return Verdict("feedback", message.feedback.value, None if error is msgspec.UNSET else error)
    if message.issue is not None:
        return Verdict("issue", message.issue.issue_name)
    if message.expectation is None:
        raise InvalidArgument("Unknown assessment type: None")
    serialized = message.expectation.serialized_value
    if serialized is msgspec.UNSET:
        value = message.expectation.value
        return Verdict("expectation", None if value is msgspec.UNSET else value)
    if serialized.serialization_format != _JSON_FORMAT:
        raise InvalidArgument(f"Unknown serialization format: {serialized.serialization_format}.")
    check_nesting(serialized.value, "The serialized value")
    try:
        return Verdict("expectation", msgspec.json.decode(serialized.value))
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"The serialized value is not valid JSON: {error}") from error


def timestamp(at: int) -> str:
    """Milliseconds as protobuf's JSON has a time."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """A time of protobuf's JSON in milliseconds. Raises InvalidArgument for what is none."""
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, TypeError) as error:
        raise InvalidArgument(f"Invalid time {text[:100]!r}: expected RFC 3339") from error


def _duration_ms(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidArgument(f"Invalid duration {text[:100]!r}: expected seconds, like '1.5s'")
    return round(float(text[:-1]) * 1000)
