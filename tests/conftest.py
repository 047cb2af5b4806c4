"""Fixtures that every kind of test shares."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from podium.store.engine import Store, open_store
from support.database import Database, private_database
from support.object_store import S3, running_s3

# The same examples on every run, and no limit on how long making one takes: machines that run tests are busy.
# `HYPOTHESIS_PROFILE=explore` looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# What fails at once comes first, then what takes long; many small files even out in the end what the worker processes
# have to do.
_ORDER = ("unit", "properties", "durability", "protocols", "pages", "fuzz", "cli", "blobs", "store", "services")
_REST = _ORDER.index("durability")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests by their folders; what lies in none is among the long ones. Within a folder they stay as they are."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return _ORDER.index(folder) if folder in _ORDER else _REST

    items.sort(key=place)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real PostgreSQL server for this session, on a socket or port of its own. Nobody cuts its power."""
    with private_database(tmp_path_factory.mktemp("postgres")) as database:
        database.forget_disks()
        yield database


@pytest.fixture(scope="session")
def postgres_url(postgres: Database) -> str:
    """A database of that server that nobody fills."""
    return postgres.url


@pytest.fixture
def new_postgres_database(postgres: Database) -> Iterator[Callable[[], str]]:
    """Makes empty databases, and returns their URLs."""
    with ExitStack() as made:
        yield lambda: made.enter_context(postgres.new_database())


@pytest.fixture
def postgres_database(new_postgres_database: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return new_postgres_database()


@pytest.fixture(scope="session")
def migrated(postgres: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database that a store made, to be copied: making it takes far longer."""
    with postgres.new_database() as url:
        open_store(url, tmp_path_factory.mktemp("migrated")).close()
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """An S3 for this session."""
    with running_s3() as s3:
        yield s3


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """An S3, and an environment that points to it."""
    s3_server.environment(monkeypatch)
    return s3_server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where `store` is; None is SQLite. On PostgreSQL what migrations make may be a session older than the test."""
    if request.param == "sqlite":
        yield None
        return
    postgres: Database = request.getfixturevalue("postgres")
    with postgres.new_database(request.getfixturevalue("migrated")) as url:
        yield url


@pytest.fixture
def store(store_url: str | None, tmp_path: Path) -> Iterator[Store]:
    """The same test over both databases."""
    with closing(open_store(store_url, tmp_path)) as opened:
        yield opened
