"""OTLP's protobuf, as the OpenTelemetry libraries write it."""

import json
import math

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from podium.errors import InvalidArgument
from podium.protocols.mlflow.otlp import read_spans
from podium.protocols.mlflow.span_shapes import otlp_span, stored_span

TRACE = bytes(range(16))


def exported(**changes):
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id = TRACE, b"\x01" * 8
    for name, value in changes.items():
        setattr(span, name, value)
    return request, span


def only(request):
    [[span]] = read_spans(request.SerializeToString()).values()
    return span


def test_every_part_of_a_span_is_read():
    request, span = exported(name="ask", start_time_unix_nano=5, end_time_unix_nano=2**62, parent_span_id=b"\x02" * 8)
    span.status.code, span.status.message = 2, "no answer"
    event = span.events.add(name="retry", time_unix_nano=7)
    event.attributes.add(key="times").value.int_value = 3
    link = span.links.add(trace_id=b"\x0f" * 16, span_id=b"\x03" * 8)
    link.attributes.add(key="why").value.string_value = "caused"

    read = only(request)
    assert (read.trace_id, read.span_id, read.parent_id) == (TRACE.hex(), "01" * 8, "02" * 8)
    assert (read.name, read.start_ns, read.end_ns) == ("ask", 5, 2**62)
    assert (read.status_code, read.status_message, read.type) == ("ERROR", "no answer", "UNKNOWN")
    assert [(e.name, e.time_ns, e.attributes) for e in read.events] == [("retry", 7, {"times": 3})]
    assert [(one.trace_id, one.span_id, one.attributes) for one in read.links] == [
        ("0f" * 16, "03" * 8, {"why": "caused"})
    ]
    assert read.attributes == {"mlflow.traceRequestId": f'"tr-{TRACE.hex()}"'}
    assert stored_span(read)["status"] == {"code": "STATUS_CODE_ERROR", "message": "no answer"}


def test_values_keep_their_types():
    request, span = exported()
    value = span.attributes.add(key="all").value.kvlist_value
    for key, field, content in (
        ("text", "string_value", "füß"),
        ("yes", "bool_value", True),
        ("no", "bool_value", False),
        ("minus", "int_value", -(2**63)),
        ("half", "double_value", 0.5),
        ("bytes", "bytes_value", b"\x00\xff"),
    ):
        setattr(value.values.add(key=key).value, field, content)
    value.values.add(key="nothing")
    items = value.values.add(key="list").value.array_value.values
    items.add().int_value = 1
    items.add().double_value = math.inf
    read = only(request)
    assert json.loads(read.attributes["all"]) == {
        "text": "füß",
        "yes": True,
        "no": False,
        "minus": -(2**63),
        "half": 0.5,
        "bytes": "AP8=",
        "nothing": None,
        "list": [1, math.inf],
    }
    [shown] = [item for item in otlp_span(read)["attributes"] if item["key"] == "all"]
    values = {item["key"]: item["value"] for item in shown["value"]["kvlist_value"]["values"]}
    assert values["yes"] == {"bool_value": True}
    assert values["list"] == {"array_value": {"values": [{"int_value": 1}, {"double_value": "Infinity"}]}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x0a",
        b"\xff" * 30,
        b"\x0a\x05abc",
        b"\x0b\x0c",
        exported(trace_id=b"short")[0].SerializeToString(),
        exported(span_id=b"")[0].SerializeToString(),
        exported(start_time_unix_nano=2**63)[0].SerializeToString(),
    ],
)
def test_what_is_no_span_is_refused(body: bytes):
    with pytest.raises(InvalidArgument, match="OpenTelemetry"):
        read_spans(body)


def test_values_nested_without_end_are_refused():
    request, span = exported()
    value = span.attributes.add(key="deep").value
    for _ in range(90):
        value = value.array_value.values.add()
    assert only(request).attributes["deep"].startswith("[[[")
    body = request.SerializeToString()
    inner = b""
    for _ in range(5_000):
        inner = b"\x2a" + _length(len(b"\x0a" + _length(len(inner)) + inner)) + b"\x0a" + _length(len(inner)) + inner
    pair = b"\x0a\x01k\x12" + _length(len(inner)) + inner
    deep = b"\x0a\x10" + TRACE + b"\x12\x08" + b"\x01" * 8 + b"\x4a" + _length(len(pair)) + pair
    for _ in range(3):
        deep = (b"\x12" if _ < 2 else b"\x0a") + _length(len(deep)) + deep
    with pytest.raises(InvalidArgument, match="nested"):
        read_spans(body + deep)


def _length(size: int) -> bytes:
    out = b""
    while size > 0x7F:
        out += bytes([size & 0x7F | 0x80])
        size >>= 7
    return out + bytes([size])
