"""Spans over OTLP/HTTP in protobuf, as MLflow's client sends them: `POST /v1/traces`.

The field numbers are those of opentelemetry-proto's trace.proto and common.proto, which are frozen. OTLP in JSON is
not taken.
"""

import asyncio
import base64
import json
import zlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import read_body
from podium.asgi.limits import MAX_JSON_BYTES
from podium.domain.access import Actor
from podium.domain.traces import Span, SpanEvent, SpanLink, StatusCode
from podium.errors import InvalidArgument, TooLarge
from podium.protocols.mlflow.endpoint import ROOT, Stream
from podium.protocols.mlflow.protobuf import (
    as_bytes,
    as_double,
    as_int,
    as_signed,
    as_text,
    fields,
)
from podium.services import Services

EXPERIMENT_HEADER = "x-mlflow-experiment-id"
RUN_HEADER = "x-mlflow-run-id"
MEDIA_TYPE = "application/x-protobuf"

_TRACE_PREFIX = "tr-"
_REQUEST_ID_ATTRIBUTE = "mlflow.traceRequestId"
_STATUS_CODES: dict[int, StatusCode] = {1: "OK", 2: "ERROR"}
_MAX_DEPTH = 100
_LARGE_BODY = 256 << 10
_Fields = dict[int, list[int | bytes]]
_WINDOW_BITS = {"gzip": 31, "deflate": 15}


async def export(services: Services, actor: Actor, request: Request) -> Response:
    project_id = request.headers.get(EXPERIMENT_HEADER)
    if not project_id:
        raise InvalidArgument(f"The header {EXPERIMENT_HEADER} is required.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type != MEDIA_TYPE:
        raise InvalidArgument(f"Invalid Content-Type: {media_type}. Expected: {MEDIA_TYPE}")
    body, encoding = await read_body(request), request.headers.get("content-encoding", "")
    # Five megabytes take a second: what is large, or may become so, is read beside the other requests.
    beside = encoding or len(body) > _LARGE_BODY
    traces = await asyncio.to_thread(_read, body, encoding) if beside else read_spans(body)
    await services.traces.log_spans(actor, project_id, traces)
    run_id = request.headers.get(RUN_HEADER)
    if run_id:
        await services.traces.link_to_run(actor, list(traces), run_id)
    return Response(b"", media_type=MEDIA_TYPE)


def _read(body: bytes, encoding: str) -> dict[str, list[Span]]:
    return read_spans(_decompressed(body, encoding))


def read_spans(body: bytes) -> dict[str, list[Span]]:
    """The spans of an `ExportTraceServiceRequest` by MLflow's id of their trace. Raises InvalidArgument."""
    traces: dict[str, list[Span]] = {}
    for number, resource_spans in fields(body):
        for inner, scope_spans in fields(as_bytes(resource_spans)) if number == 1 else ():
            for innermost, span in fields(as_bytes(scope_spans)) if inner == 2 else ():
                if innermost == 2:
                    read = _span(as_bytes(span))
                    traces.setdefault(_TRACE_PREFIX + read.trace_id, []).append(read)
    if not traces:
        raise InvalidArgument("Invalid OpenTelemetry format - no spans found")
    return traces


def _span(message: bytes) -> Span:
    given = _collected(message)
    trace_id, span_id, parent_id = (as_bytes(_last(given, number, b"")).hex() for number in (1, 2, 4))
    if len(trace_id) != 32 or len(span_id) != 16:
        raise InvalidArgument("Cannot convert OpenTelemetry span to MLflow span: its ids have to be 16 and 8 bytes")
    attributes = {**_attributes(given, 9), _REQUEST_ID_ATTRIBUTE: _TRACE_PREFIX + trace_id}
    status = _collected(as_bytes(_last(given, 15, b"")))
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_id=parent_id or None,
        name=as_text(_last(given, 5, b"")),
        start_ns=_time(_last(given, 7, 0)),
        end_ns=_time(_last(given, 8, 0)) or None,
        status_code=_STATUS_CODES.get(as_int(_last(status, 3, 0)), "UNSET"),
        status_message=as_text(_last(status, 2, b"")),
        attributes={key: json.dumps(value, ensure_ascii=False) for key, value in attributes.items()},
        events=tuple(_event(as_bytes(value)) for value in given.get(11, ())),
        links=tuple(_link(as_bytes(value)) for value in given.get(13, ())),
    )


def _event(message: bytes) -> SpanEvent:
    given = _collected(message)
    return SpanEvent(as_text(_last(given, 2, b"")), _time(_last(given, 1, 0)), _attributes(given, 3))


def _link(message: bytes) -> SpanLink:
    given = _collected(message)
    trace_id, span_id = (as_bytes(_last(given, number, b"")).hex() for number in (1, 2))
    return SpanLink(trace_id, span_id, _attributes(given, 4))


def _collected(message: bytes) -> _Fields:
    given: _Fields = {}
    for number, value in fields(message):
        given.setdefault(number, []).append(value)
    return given


def _last(given: _Fields, number: int, default: int | bytes) -> int | bytes:
    """The field's value; the last one counts when it came more than once, as protobuf has it."""
    return given.get(number, [default])[-1]


def _attributes(given: _Fields, number: int) -> dict[str, Any]:
    return dict(_key_value(as_bytes(value)) for value in given.get(number, ()))


def _key_value(message: bytes, depth: int = 0) -> tuple[str, Any]:
    key, value = "", None
    for number, content in fields(message):
        if number == 1:
            key = as_text(content)
        elif number == 2:
            value = _value(as_bytes(content), depth)
    return key, value


def _value(message: bytes, depth: int) -> Any:
    """The value of an `AnyValue`; the last of its fields counts, as protobuf has it for alternatives."""
    if depth > _MAX_DEPTH:
        raise InvalidArgument("Invalid OpenTelemetry format: a value is nested too deeply")
    found: Any = None
    for number, value in fields(message):
        match number:
            case 1:
                found = as_text(value)
            case 2:
                found = as_int(value) != 0
            case 3:
                found = as_signed(value)
            case 4:
                found = as_double(value)
            case 5:
                found = [_value(as_bytes(item), depth + 1) for _, item in fields(as_bytes(value))]
            case 6:
                found = dict(_key_value(as_bytes(item), depth + 1) for _, item in fields(as_bytes(value)))
            case 7:
                found = base64.b64encode(as_bytes(value)).decode()
    return found


def _time(value: int | bytes) -> int:
    nanoseconds = as_int(value)
    if nanoseconds >> 63:
        raise InvalidArgument("Invalid OpenTelemetry format: a time is beyond what 63 bits hold")
    return nanoseconds


def _decompressed(body: bytes, encoding: str) -> bytes:
    """The body as it was before compression, within the limit that holds for bodies."""
    if not encoding or encoding == "identity":
        return body
    if encoding not in _WINDOW_BITS:
        raise InvalidArgument(f"Unsupported Content-Encoding: {encoding}")
    unpacker = zlib.decompressobj(_WINDOW_BITS[encoding])
    try:
        unpacked = unpacker.decompress(body, MAX_JSON_BYTES)
    except zlib.error as error:
        raise InvalidArgument(f"Failed to decompress {encoding} payload") from error
    if unpacker.unconsumed_tail:
        raise TooLarge(f"The request's body is over {MAX_JSON_BYTES} bytes.")
    return unpacked


ENDPOINTS = (Stream("POST", "v1/traces", export, prefixes=ROOT),)
