"""Histories up to a step: copied to the run that goes on from there, or cut off there."""

from podium.domain import history
from podium.store import metrics, run_lines
from podium.store import run_streams as rows
from podium.store.run_lines import LineRow
from podium.store.transaction import Tx


def copy_until(tx: Tx, source: int, target: int, step: int) -> None:
    """Give a run without a history that of another one up to and with a step, its lines numbered anew."""
    _write_history(tx, target, run_lines.select_lines(tx, source, "history", steps=(0, step + 1)), step)
    metrics.copy_points(tx, source, target, step)


def cut_behind(tx: Tx, run: int, step: int) -> None:
    """Remove the lines and points of a run's history behind a step, and the summary that told of them."""
    kept = run_lines.select_lines(tx, run, "history", steps=(0, step + 1))
    run_lines.delete_lines(tx, run, "history")
    rows.delete_document(tx, run, "summary")
    rows.delete_document(tx, run, "summary_metrics")
    _write_history(tx, run, kept, step)
    metrics.delete_points_behind(tx, run, step)


def _write_history(tx: Tx, run: int, kept: list[LineRow], last_step: int) -> None:
    lines = [line for row in kept for line in row.lines]
    steps = [point.step for point in history.parse_history(lines, 0)]
    places = [place for place, step in enumerate(steps) if step <= last_step]
    lines, steps = [lines[place] for place in places], [steps[place] for place in places]
    run_lines.add_lines(tx, run, "history", "", 0, lines, steps)
    rows.update_count(tx, run, "history", len(lines))
    rows.update_last_step(tx, run, max(steps, default=-1))
