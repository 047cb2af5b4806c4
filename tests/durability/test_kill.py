"""SIGKILL while 16 clients write: what was acknowledged is there after the restart, and nothing half done shows."""

from pathlib import Path

import pytest

from support.process import ServerProcess, server_process
from support.soundness import check_sound
from support.writers import Writer, check_acknowledged, wait_for_writes, writing

ROUNDS = 3
WRITES_A_ROUND = 250


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_acknowledged_writes_outlive_kill_9(database: str, tmp_path: Path, request: pytest.FixtureRequest):
    url = request.getfixturevalue("postgres_database") if database == "postgresql" else None
    data, log = tmp_path / "data", tmp_path / "log"
    options = ("--database-url", url, "--log-level", "warning") if url else ("--log-level", "warning")
    survivors: list[Writer] = []
    for number in range(ROUNDS):
        with server_process(data, log, *options) as server:
            check_acknowledged(server, survivors)
            survivors += killed_while_writing(server, WRITES_A_ROUND + 60 * number)
    leave_a_partial_upload(data)
    with server_process(data, log, *options) as server:
        assert list((data / "blobs" / "tmp").iterdir()) == []
        check_acknowledged(server, survivors[-16:])
    check_sound(data, url)


def killed_while_writing(server: ServerProcess, after: int) -> list[Writer]:
    with writing([server]) as writers:
        wait_for_writes(writers, after)
        server.kill()
    return writers


def leave_a_partial_upload(data: Path) -> None:
    """A kill may or may not have hit an upload; this one it hit."""
    (data / "blobs" / "tmp" / ("0" * 32)).write_bytes(b"half of a bo")
