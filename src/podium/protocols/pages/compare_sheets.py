"""What is compared as sheets: rows of one cell a thing, which the page shows and the CSV file holds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from podium.domain.comparing import Row, best_of, rows_of, shares_of
from podium.domain.manifests import ManifestEntry
from podium.domain.signatures import PARTS, SignatureChange, signature_changes
from podium.protocols.pages.templating import number, short, size, span
from podium.services.comparison import ComparedRun, ComparedVersion

T = TypeVar("T")
_INTERNAL = ("mlflow.", "wandb.")
_NAMED = {"inputs": "input", "outputs": "output", "params": "param"}


class Cell(msgspec.Struct, frozen=True):
    """What a thing has in a row. `text` is empty for nothing; `share` is the length of its bar, from 0 to 1."""

    text: str
    value: str | float | None = None  # as the CSV file holds it
    other: str = ""  # how it differs from what the first thing has: added, changed or removed
    best: bool = False
    share: float | None = None


class Line(msgspec.Struct, frozen=True):
    """A row of a sheet."""

    key: str
    cells: list[Cell]
    differs: bool


class Sheet(msgspec.Struct, frozen=True):
    """A table of what is compared."""

    id: str
    title: str
    lines: list[Line]

    @property
    def difference_count(self) -> int:
        return sum(line.differs for line in self.lines)


def run_sheets(runs: Sequence[ComparedRun]) -> list[Sheet]:
    """Everything of runs."""
    facts = [
        {
            "Status": each.run.info.status.capitalize(),
            "By": each.run.info.user_id,
            "Started": _moment(each.run.info.start_time),
            "Took": span(each.run.info.end_time - each.run.info.start_time) if each.run.info.end_time else "",
            "Datasets": ", ".join(each.dataset.name for each in each.run.datasets),
        }
        for each in runs
    ]
    return [
        _facts(facts),
        metric_sheet([each.metrics for each in runs]),
        text_sheet("params", "Parameters", [each.run.params for each in runs]),
        text_sheet("tags", "Tags", [_tags(each.run.tags) for each in runs]),
    ]


def version_sheets(versions: Sequence[ComparedVersion]) -> list[Sheet]:
    """Everything of registered versions."""
    facts = [
        {
            "Stage": "" if each.version.stage == "None" else each.version.stage,
            "Aliases": ", ".join(f"@{alias}" for alias in each.version.aliases),
            "By": each.version.user_id or "",
            "Made": _moment(each.version.created_at),
            "Run": each.run.run.info.name if each.run else "",
            "Datasets": ", ".join(one.dataset.name for one in each.run.run.datasets) if each.run else "",
            "Size": size(each.manifest.size_bytes) if each.manifest else "outside of this server",
        }
        for each in versions
    ]
    files = [{file.path: file for file in each.manifest.entries} if each.manifest else {} for each in versions]
    return [
        _facts(facts),
        metric_sheet([each.metrics for each in versions]),
        text_sheet("params", "Parameters", version_params(versions)),
        text_sheet("signature", "Signature", [_fields(each) for each in versions]),
        _sheet("files", "Files", rows_of(files), _file_cell),
        text_sheet("environment", "Environment", [each.description.environment for each in versions]),
        text_sheet("tags", "Tags", [_tags(each.version.tags) for each in versions]),
    ]


def version_params(versions: Sequence[ComparedVersion]) -> list[dict[str, str]]:
    """The parameters of each version's run, and of its logged model."""
    return [(each.run.run.params if each.run else {}) | each.version.params for each in versions]


def breaking_changes(versions: Sequence[ComparedVersion]) -> list[list[SignatureChange] | None]:
    """How the signature of each version differs from the first one's; None where one of them has none."""
    signatures = [each.description.signature for each in versions]
    base = signatures[0]
    return [None if base is None or each is None else signature_changes(base, each) for each in signatures]


def metric_sheet(things: Sequence[Mapping[str, float]]) -> Sheet:
    """Metrics, with the best of each row marked, and a bar for how large each is."""
    lines = []
    for row in rows_of(things):
        best, shares = best_of(row), shares_of(row)
        cells = [
            Cell("" if value is None else number(value), value, best=place in best, share=share)
            for place, (value, share) in enumerate(zip(row.values, shares, strict=True))
        ]
        lines.append(Line(row.key, cells, row.differs))
    return Sheet("metrics", "Metrics", lines)


def text_sheet(name: str, title: str, things: Sequence[Mapping[str, str]]) -> Sheet:
    """Texts, those that differ from the first thing's marked."""
    return _sheet(name, title, rows_of(things), lambda text: text)


def _sheet(name: str, title: str, rows: Sequence[Row[T]], show: Callable[[T], str]) -> Sheet:
    lines = []
    for row in rows:
        texts = ["" if value is None else show(value) for value in row.values]
        pairs = zip(texts, row.values, strict=True)
        cells = [Cell(text, text, _other(row.values[0], value)) for text, value in pairs]
        lines.append(Line(row.key, cells, row.differs))
    return Sheet(name, title, lines)


def _other(first: T | None, value: T | None) -> str:
    if first == value:
        return ""
    if first is None or value is None:
        return "added" if first is None else "removed"
    return "changed"


def _facts(facts: Sequence[Mapping[str, str]]) -> Sheet:
    """In the order given, without rows that are empty."""
    lines = []
    for key in facts[0]:
        texts = [fact[key] for fact in facts]
        if any(texts):
            lines.append(Line(key, [Cell(text, text) for text in texts], len(set(texts)) > 1))
    return Sheet("overview", "Overview", lines)


def _file_cell(file: ManifestEntry) -> str:
    return f"{short(file.digest)} · {size(file.size_bytes)}"


def _fields(version: ComparedVersion) -> dict[str, str]:
    signature = version.description.signature
    if signature is None:
        return {}
    return {
        f"{_NAMED[part]} {field.name}": f"{field.type}{'' if field.required else ', optional'}"
        for part in PARTS
        for field in getattr(signature, part)
    }


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(_INTERNAL)}


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
