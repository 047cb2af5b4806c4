"""The stores that the contract tests run over. A further implementation joins by one more parameter."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podium.blobs.base import Blobs
from podium.blobs.cloud import CloudBlobs
from podium.blobs.packed import open_folder

Restart = Callable[[], Blobs]


@pytest.fixture(params=["local", "packed", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def restart(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Restart]:
    """Opens the store of this test as a newly started server would, each time it is called."""
    opened: list[Blobs] = []
    url = request.getfixturevalue("s3").new_store() if kind == "s3" else None

    def start() -> Blobs:
        opened.append(CloudBlobs(url) if url else open_folder(tmp_path / "blobs", packed=kind == "packed"))
        return opened[-1]

    yield start
    for blobs in opened:
        blobs.close()


@pytest.fixture
def blobs(restart: Restart) -> Blobs:
    return restart()


@pytest.fixture
def tick_s(kind: str) -> float:
    """How long to wait until the store's clock shows another time: S3 tells whole seconds."""
    return 1.05 if kind == "s3" else 0.05
