"""Spans as MLflow's JSON has them: in OTLP's form within answers, in MLflow's own within files of traces."""

import base64
import json
from typing import Any

from podium.domain.traces import Span
from podium.protocols.mlflow.wire import json_float

_SCALARS = {bool: "bool_value", str: "string_value", int: "int_value", float: "double_value"}


def otlp_span(span: Span) -> dict[str, Any]:
    """A span as protobuf's JSON has OTLP's, with its own field names."""
    return {
        "trace_id": _base64(span.trace_id),
        "span_id": _base64(span.span_id),
        "parent_span_id": _base64(span.parent_id or ""),
        "name": span.name,
        "start_time_unix_nano": span.start_ns,
        "end_time_unix_nano": span.end_ns or 0,
        "attributes": _attributes({key: json.loads(value) for key, value in span.attributes.items()}),
        "events": [
            {"name": event.name, "time_unix_nano": event.time_ns, "attributes": _attributes(event.attributes)}
            for event in span.events
        ],
        "links": [
            {
                "trace_id": _base64(link.trace_id),
                "span_id": _base64(link.span_id),
                "attributes": _attributes(link.attributes),
            }
            for link in span.links
        ],
        "status": {"message": span.status_message, "code": f"STATUS_CODE_{span.status_code}"},
    }


def stored_span(span: Span) -> dict[str, Any]:
    """A span as MLflow's files of traces have it."""
    return {
        "trace_id": _base64(span.trace_id),
        "span_id": _base64(span.span_id),
        "parent_span_id": _base64(span.parent_id) if span.parent_id else None,
        "name": span.name,
        "start_time_unix_nano": span.start_ns,
        "end_time_unix_nano": span.end_ns,
        "events": [
            {"name": event.name, "time_unix_nano": event.time_ns, "attributes": event.attributes}
            for event in span.events
        ],
        "status": {"code": f"STATUS_CODE_{span.status_code}", "message": span.status_message},
        "attributes": span.attributes,
        "links": [
            {"trace_id": f"tr-{link.trace_id}", "span_id": link.span_id, "attributes": link.attributes or None}
            for link in span.links
        ],
    }


def _base64(digits: str) -> str:
    return base64.b64encode(bytes.fromhex(digits)).decode()


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _any_value(value)} for key, value in values.items()]


def _any_value(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, list):
        return {"array_value": {"values": [_any_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlist_value": {"values": _attributes(value)}}
    return {_SCALARS[type(value)]: json_float(value) if isinstance(value, float) else value}
