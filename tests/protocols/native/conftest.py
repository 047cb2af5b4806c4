"""One server a module: these tests name their things apart."""

from collections.abc import Iterator

import httpx
import pytest

from support.server import running_server


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Raw HTTP to a server on SQLite."""
    with (
        running_server(tmp_path_factory.mktemp("native")) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        yield client
