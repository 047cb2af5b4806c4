"""The figures of a race as Markdown for people and as JSON for programs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from bench.peers import NAMES, PODIUM
from bench.race import Result
from bench.workloads.base import Workload

QUARTER = 0.25
TITLES = {"podium": "Podium", "mlflow": "`mlflow server`", "fasttrackml": "FastTrackML"}
# What is no workload of its own.
MEASURED_BESIDE = {
    "start": "From the command to the first answer, on an empty folder.",
    "idle": "Memory after the first answer: all processes, shared pages once (PSS).",
    "loaded": "Memory after all the workloads.",
}


class Report(msgspec.Struct, frozen=True):
    """All that a race found, and what the figures belong to."""

    date: str
    command: str
    rounds: int
    sent_by: str
    facts: dict[str, str]
    versions: dict[str, str]
    absent: list[str]
    limits: dict[str, Result]
    limit_meanings: dict[str, str]
    results: list[Result]


def markdown(report: Report, workloads: Sequence[Workload]) -> str:
    """The report's tables, and beside each workload the part of its limit that Podium reaches."""
    known = {workload.name: workload for workload in workloads}
    own = {workload.name for workload in workloads if workload.origin == "own"}
    race = [result for result in report.results if result.name not in own]
    more = [result for result in report.results if result.name in own]
    parts = [_head(report), _table(report, race, known)]
    parts += [_table(report, more, known)] if more else []
    parts += [_below_a_quarter(report, known), _failures(report), _limits(report), _meanings(report, known)]
    return "\n\n".join(part for part in parts if part)


def replace_block(page: str, name: str, text: str) -> str:
    """The page with `text` between the markers of this name. Raises ValueError when they are missing."""
    start, end = f"<!-- {name}: written by make -->", f"<!-- end of {name} -->"
    before, found, rest = page.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"The page has no lines '{start}' and '{end}' for the tables to stand between.")
    return f"{before}{start}\n\n{text}\n\n{end}{after}"


def write_json(report: Report, path: Path) -> None:
    """Keep every round's figure in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))


def _head(report: Report) -> str:
    versions = ", ".join(f"{TITLES.get(name, name)} {version}" for name, version in report.versions.items())
    facts = "; ".join(f"{name}: {value}" for name, value in report.facts.items())
    lines = [
        f"`{report.command}`, {report.date}, medians of {report.rounds} rounds, requests sent by {report.sent_by}.",
        f"{versions}. {facts}.",
        *report.absent,
    ]
    return "\n".join(lines)


def _table(report: Report, results: Iterable[Result], known: dict[str, Workload]) -> str:
    peers = [name for name in NAMES if name in report.versions and name != PODIUM]
    columns = ["workload", "unit", TITLES[PODIUM], *(TITLES[peer] for peer in peers)]
    columns += [f"x {TITLES[peer]}" for peer in peers] + ["of the limit"]
    rows = []
    for result in results:
        figures = [_cell(result.median(name)) for name in (PODIUM, *peers)]
        ratios = [_times(result.ratio(PODIUM, peer)) for peer in peers]
        rows.append([result.name, result.unit, *figures, *ratios, _share(report, result, known)])
    return _lines(columns, rows, left=2)


def _share(report: Report, result: Result, known: dict[str, Workload]) -> str:
    share, limit = share_of_limit(report, result, known)
    return f"{share:.0%} ({limit})" if share is not None else "-"


def share_of_limit(report: Report, result: Result, known: dict[str, Workload]) -> tuple[float | None, str]:
    """How much of the lowest limit of a workload Podium reaches, and which limit that is."""
    figure = result.median(PODIUM)
    bounds = known[result.name].bounds if result.name in known else ()
    most = [(value * bound.times, bound.limit) for bound in bounds if (value := _limit(report, bound.limit))]
    if figure is None or not most:
        return None, ""
    lowest, name = min(most)
    return figure / lowest, name


def _limit(report: Report, name: str) -> float | None:
    result = report.limits.get(name)
    return result.median("limit") if result else None


def _below_a_quarter(report: Report, known: dict[str, Workload]) -> str:
    shares = [(result.name, *share_of_limit(report, result, known)) for result in report.results]
    below = [f"`{name}` ({share:.0%} of {limit})" for name, share, limit in shares if share and share < QUARTER]
    return f"Podium is below a quarter of the limit in: {', '.join(below)}." if below else ""


def _failures(report: Report) -> str:
    """The servers without a figure, with the reason once for the workloads that share it."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in report.results:
        for server, reason in result.failed.items():
            reasons.setdefault((server, reason), []).append(f"`{result.name}`")
    lines = [f"- {TITLES[server]}, {', '.join(names)}: {reason}" for (server, reason), names in reasons.items()]
    return "No figure, and why:\n\n" + "\n".join(lines) if lines else ""


def _limits(report: Report) -> str:
    rows = [
        [name, result.unit, _cell(result.median("limit")), report.limit_meanings[name]]
        for name, result in report.limits.items()
    ]
    return _lines(["limit", "unit", "figure", "what it is"], rows, left=2, right=1) if rows else ""


def _meanings(report: Report, known: dict[str, Workload]) -> str:
    meanings = {name: workload.meaning for name, workload in known.items()} | MEASURED_BESIDE
    rows = [[result.name, meanings[result.name]] for result in report.results]
    return _lines(["workload", "what it does"], rows, left=2)


def _lines(columns: list[str], rows: list[list[str]], left: int, right: int | None = None) -> str:
    """A Markdown table: the first `left` columns are text, so are those after the next `right`."""
    numbers = range(left, len(columns) if right is None else left + right)
    rule = ["---:" if place in numbers else "---" for place in range(len(columns))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (columns, rule, *rows))


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1f}"
