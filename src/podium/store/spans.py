"""Rows of spans: the whole span as JSON, beside the columns that are searched."""

from collections.abc import Sequence

import msgspec

from podium.domain.traces import Span
from podium.store.transaction import Tx


def upsert_spans(tx: Tx, key: int, spans: Sequence[Span]) -> None:
    """Store spans of a trace; one that came before is replaced."""
    tx.many(
        "INSERT INTO spans (trace_id, span_id, parent_id, name, type, status, start_ns, content)"
        " VALUES (:trace_id, :span_id, :parent_id, :name, :type, :status, :start_ns, :content)"
        " ON CONFLICT (trace_id, span_id) DO UPDATE SET parent_id = excluded.parent_id, name = excluded.name,"
        " type = excluded.type, status = excluded.status, start_ns = excluded.start_ns, content = excluded.content",
        [
            {
                "trace_id": key,
                "span_id": span.span_id,
                "parent_id": span.parent_id,
                "name": span.name,
                "type": span.type,
                "status": span.status_code,
                "start_ns": span.start_ns,
                "content": msgspec.json.encode(span).decode(),
            }
            for span in spans
        ],
    )


def load_spans(tx: Tx, keys: list[int]) -> dict[int, list[Span]]:
    """The spans of each trace, the root before the others, those by their start."""
    found: dict[int, list[Span]] = {key: [] for key in keys}
    inlined = ", ".join(str(key) for key in keys) or "NULL"
    rows = tx.all(
        f"SELECT trace_id, content FROM spans WHERE trace_id IN ({inlined})"
        " ORDER BY CASE WHEN parent_id IS NULL THEN 0 ELSE 1 END, start_ns, span_id"
    )
    for key, content in rows:
        found[key].append(msgspec.json.decode(content, type=Span))
    return found
