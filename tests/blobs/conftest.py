"""The stores that the contract tests run over. A further implementation joins by one more parameter."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podium.blobs.base import Blobs
from podium.blobs.local import LocalBlobs

Restart = Callable[[], Blobs]


@pytest.fixture(params=["local"])
def restart() -> Iterator[Restart]:
    """Opens the store of this test as a newly started server would, each time it is called."""
    opened: list[Blobs] = []
    with tempfile.TemporaryDirectory() as folder:

        def start() -> Blobs:
            opened.append(LocalBlobs.open(Path(folder) / "blobs"))
            return opened[-1]

        yield start
        for blobs in opened:
            blobs.close()


@pytest.fixture
def blobs(restart: Restart) -> Blobs:
    return restart()
