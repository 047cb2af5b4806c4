"""Summaries of runs: the whole document, and its numbers as metrics where the history has none of that name."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from podium.domain.history import HistoryLine, numbers, parse_object, step_of, time_ms
from podium.domain.runs import RunRow
from podium.store import metrics
from podium.store import run_streams as rows
from podium.store.transaction import Tx


def write_summary(tx: Tx, run: RunRow, text: str, summary: Mapping[str, Any], ids: Mapping[str, int]) -> None:
    """Put the summary in place of the one before; `ids` has those of its numbers' names.

    Where the history tells of a metric, that is what MLflow shows; a number of the summary alone is a metric of one
    point.
    """
    if rows.find_document(tx, run.id, "summary") == text:
        return
    rows.upsert_document(tx, run.id, "summary", text)
    values, before = numbers(summary), _alone(tx, run.id)
    logged = metrics.select_key_ids(tx, run.id) - before
    alone = {name: ids[name] for name in values if ids[name] not in logged}
    if not alone and not before:
        return
    metrics.delete_points(tx, run.id, before | set(alone.values()))
    metrics.insert_history(tx, run.id, alone, [_as_line(run, summary, values)])
    _note_alone(tx, run.id, alone.values())


def merged_summary(tx: Tx, run: RunRow, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The summary of one of several processes together with what the others told before."""
    before = rows.find_document(tx, run.id, "summary")
    return {**(parse_object(before, "summary") if before else {}), **summary}


def yield_to_history(tx: Tx, run: int, key_ids: Iterable[int]) -> None:
    """Make way for points of the history: the summary is no longer alone with these metrics."""
    before = _alone(tx, run)
    if taken := before.intersection(key_ids):
        metrics.delete_points(tx, run, taken)
        _note_alone(tx, run, before - taken)


def _as_line(run: RunRow, summary: Mapping[str, Any], values: Mapping[str, float]) -> HistoryLine:
    time = time_ms(summary.get("_timestamp"))
    return HistoryLine(max(step_of(summary), 0), run.start_time if time is None else time, values)


def _alone(tx: Tx, run: int) -> set[int]:
    text = rows.find_document(tx, run, "summary_metrics")
    return set(msgspec.json.decode(text, type=list[int])) if text else set()


def _note_alone(tx: Tx, run: int, key_ids: Iterable[int]) -> None:
    rows.upsert_document(tx, run, "summary_metrics", msgspec.json.encode(sorted(key_ids)).decode())
