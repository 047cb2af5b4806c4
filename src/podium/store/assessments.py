"""Rows of assessments."""

from collections.abc import Mapping

import msgspec

from podium.domain.traces import Assessment, AssessmentError
from podium.store.transaction import Row, Tx

_COLUMNS = (
    "assessment_id, kind, name, value, error, source_type, source_id, rationale, metadata, span_id, overrides,"
    " valid, created_at, updated_at"
)
_WRITTEN = f"{_COLUMNS}, value_text, value_number"
_NAMES = _WRITTEN.split(", ")


def upsert_assessment(tx: Tx, key: int, assessment: Assessment) -> None:
    """Store an assessment of a trace, in place of the one that has its id."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[1:])
    tx.run(
        f"INSERT INTO assessments (trace_id, {_WRITTEN}) VALUES (:trace, {', '.join(':' + name for name in _NAMES)})"
        f" ON CONFLICT (trace_id, assessment_id) DO UPDATE SET {changes}",
        trace=key,
        **_values(assessment),
    )


def find_assessment(tx: Tx, key: int, trace_id: str, assessment_id: str) -> Assessment | None:
    """The assessment of a trace that has this id."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM assessments WHERE trace_id = :trace AND assessment_id = :id",
        trace=key,
        id=assessment_id,
    )
    return None if row is None else _assessment(trace_id, row)


def update_valid(tx: Tx, key: int, assessment_id: str, *, valid: bool) -> bool:
    """Whether the trace has the assessment, which counts from now on, or does not."""
    changed = tx.count(
        "UPDATE assessments SET valid = :valid WHERE trace_id = :trace AND assessment_id = :id",
        trace=key,
        id=assessment_id,
        valid=int(valid),
    )
    return changed > 0


def delete_assessment(tx: Tx, key: int, assessment_id: str) -> None:
    """Delete an assessment of a trace."""
    tx.run("DELETE FROM assessments WHERE trace_id = :trace AND assessment_id = :id", trace=key, id=assessment_id)


def load_assessments(tx: Tx, trace_ids: Mapping[int, str]) -> dict[int, list[Assessment]]:
    """The assessments of each of the traces that has any, the oldest first; `trace_ids` has their ids by their keys."""
    found: dict[int, list[Assessment]] = {}
    inlined = ", ".join(str(key) for key in trace_ids) or "NULL"
    rows = tx.all(f"SELECT {_COLUMNS}, trace_id FROM assessments WHERE trace_id IN ({inlined}) ORDER BY created_at, id")
    for row in rows:
        found.setdefault(row[-1], []).append(_assessment(trace_ids[row[-1]], row[:-1]))
    return found


def _assessment(trace_id: str, row: Row) -> Assessment:
    assessment_id, kind, name, value, error, *source, metadata, span_id, overrides, valid, created, updated = row
    source_type, source_id, rationale = source
    return Assessment(
        assessment_id=assessment_id,
        trace_id=trace_id,
        kind=kind,
        name=name,
        value=msgspec.json.decode(value),
        error=None if error is None else msgspec.json.decode(error, type=AssessmentError),
        source_type=source_type,
        source_id=source_id,
        rationale=rationale,
        metadata=msgspec.json.decode(metadata, type=dict[str, str]),
        span_id=span_id,
        overrides=overrides,
        valid=bool(valid),
        created_at=created,
        updated_at=updated,
    )


def _values(assessment: Assessment) -> dict[str, object]:
    value = assessment.value
    text = msgspec.json.encode(value).decode()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    values: dict[str, object] = {name: getattr(assessment, name) for name in _COLUMNS.split(", ")}
    return {
        **values,
        "value": text,
        "value_text": value if isinstance(value, str) else text,
        "value_number": float(value) if is_number else None,
        "error": None if assessment.error is None else msgspec.json.encode(assessment.error).decode(),
        "metadata": msgspec.json.encode(assessment.metadata).decode(),
        "valid": int(assessment.valid),
    }
