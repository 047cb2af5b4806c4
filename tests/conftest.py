"""Fixtures that every kind of test shares."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from podium.store.engine import Store, open_store
from support.database import private_database
from support.object_store import S3, running_s3

# The same examples on every run, and no limit on how long making one takes: machines that run tests are busy.
# `HYPOTHESIS_PROFILE=explore` looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server for this session, on a socket or port of its own."""
    with private_database(tmp_path_factory.mktemp("postgres")) as database:
        yield database.url


@pytest.fixture
def new_postgres_database(postgres_url: str) -> Callable[[], str]:
    """Makes empty databases, and returns their URLs."""
    import psycopg

    def make() -> str:
        name = f"test_{uuid4().hex}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        base, _, query = postgres_url.partition("?")
        return base.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")

    return make


@pytest.fixture
def postgres_database(new_postgres_database: Callable[[], str]) -> str:
    """The URL of an empty database."""
    return new_postgres_database()


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
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The same test over both databases."""
    url = request.getfixturevalue("postgres_database") if request.param == "postgresql" else None
    opened = open_store(url, tmp_path)
    yield opened
    opened.close()
