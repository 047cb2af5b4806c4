"""Files of other projects are those that their notes name."""

import hashlib
import json
from pathlib import Path

import pytest

import podium

NOTES = sorted(Path(podium.__file__).parent.rglob("vendored.json"))


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.parent.name)
def test_vendored_files_are_as_noted(note):
    noted = json.loads(note.read_text())
    assert noted["licence"]
    for name, digest in noted["sha256"].items():
        assert hashlib.sha256((note.parent / name).read_bytes()).hexdigest() == digest, name


def test_there_are_notes():
    assert NOTES
