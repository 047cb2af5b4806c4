"""Answers as tables for people, or as the JSON that the API returned."""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from podium.cli.session import Session

_LONG_NAME = 40
_LONG_TEXT = 24
_STEPS = ((60, "s"), (60, "min"), (24, "h"), (365, "d"))


def show(session: Session, answer: Any, render: Callable[[Any], None]) -> None:
    """Print an answer: as it came with `--json`, else by `render`."""
    if session.as_json:
        import json

        print(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        render(answer)


def done(session: Session, answer: Any, message: str) -> None:
    """Say what was done; with `--json`, print the answer, if there is one."""
    if not session.as_json:
        print(message)
    elif answer is not None:
        show(session, answer, print)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "Nothing found.") -> None:
    """Print rows under headings; `empty` when there are none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    listed = [[cell(value) for value in row] for row in rows]
    if not listed:
        print(empty, file=sys.stderr)
        return
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for position, name in enumerate(columns):
        # A narrow terminal takes its room from the columns with long texts; short ones, and names, stay whole.
        longest = max(len(row[position]) for row in listed)
        gives_room = longest > (_LONG_NAME if position == 0 else _LONG_TEXT)
        style = "cyan" if position == 0 else None
        grid.add_column(name, style=style, overflow="fold" if gives_room else "ellipsis", no_wrap=not gives_room)
    for row in listed:
        grid.add_row(*(Text(value) for value in row))
    # Into a pipe nothing is cut off.
    Console(width=None if sys.stdout.isatty() else 1000).print(grid)


def details(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print one thing, a line each for what is known of it."""
    known = [(name, cell(value)) for name, value in pairs if value not in (None, "", {}, [], ())]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        print(f"{name:<{width}}  {value}")


def cell(value: Any) -> str:
    """A value as text in a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def ago(time: str | None, now: datetime | None = None) -> str:
    """How long ago a time of the API was, as people say it; `--json` has it exactly."""
    if time is None:
        return ""
    passed = ((now or datetime.now(UTC)) - datetime.fromisoformat(time)).total_seconds()
    if passed < 0:
        return time
    for size, unit in _STEPS:
        if passed < size:
            return f"{int(passed)} {unit} ago"
        passed /= size
    return time[:10]


def exact(time: str | None) -> str:
    """A time of the API with how long ago that was."""
    return "" if time is None else f"{time} ({ago(time)})"


def size(count: int | None) -> str:
    """A number of bytes, as people say it."""
    if count is None:
        return ""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
