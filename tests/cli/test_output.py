"""Pure parts of the command line: how values are shown, and where downloads may go."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from podium.cli.audit import change
from podium.cli.client import CommandFailed
from podium.cli.output import ago, cell, size
from podium.cli.transfers import safe_place

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-11-24T11:59:59.500000Z", "0 s ago"),
        ("2026-11-24T11:58:30Z", "1 min ago"),
        ("2026-11-24T02:00:00Z", "10 h ago"),
        ("2026-11-01T12:00:00Z", "23 d ago"),
        ("2024-02-29T12:00:00Z", "2024-02-29"),
        ("2026-11-24T12:00:01Z", "2026-11-24T12:00:01Z"),
        (None, ""),
    ],
)
def test_relative_times(time, words):
    assert ago(time, NOW) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, ""), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (3_072_000, "3.1 MB"), (10**16, "10000.0 TB")],
)
def test_sizes(count, words):
    assert size(count) == words


def test_cells():
    assert [cell(value) for value in (None, True, {"a": 1}, [1, 2], "x")] == ["", "yes", "a=1", "1, 2", "x"]


def test_changes_name_what_became_different():
    assert change({"stage": "None", "name": "m"}, {"stage": "Production", "name": "m"}) == "stage: None → Production"
    assert change({}, {"name": "m", "tags": {}}) == "name: m"
    assert change({"key": "k"}, {}) == "no key (k)"


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", ""])
def test_downloads_stay_in_their_folder(path):
    with pytest.raises(CommandFailed):
        safe_place(Path("here"), path)


def test_downloads_keep_their_tree():
    assert safe_place(Path("here"), "a/b.txt") == Path("here/a/b.txt")
