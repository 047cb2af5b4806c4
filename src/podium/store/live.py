"""What tells whether anything changed that an open page shows. It is asked again and again, so it costs little."""

from collections.abc import Iterable

from podium.domain.live import Happened
from podium.store.dialect import last_commit
from podium.store.transaction import Answer, Tx
from podium.store.versions import inlined

NEWEST = 50

RunMark = tuple[int, ...]  # revision, lines, exit code and note of a run, as far as it has them


def commit_mark(tx: Tx) -> str:
    """A text that is another one after every commit, whichever process made it."""
    return str(tx.value(last_commit(tx.dialect)))


def last_seq(tx: Tx) -> int:
    """The number of the last event."""
    found: int | None = tx.value("SELECT seq FROM event_chain WHERE id = 1")
    return found or 0


def events_after(tx: Tx, seq: int, limit: int) -> list[Happened]:
    """The first events behind one."""
    rows = tx.all(
        "SELECT seq, team_id, entity, entity_id, entity_name,"
        " CASE WHEN entity = 'comment' THEN COALESCE(after, before) END"
        " FROM events WHERE seq > :seq ORDER BY seq LIMIT :limit",
        seq=seq,
        limit=limit,
    )
    return [Happened(*row) for row in rows]


def run_marks(tx: Tx, runs: Iterable[int]) -> dict[int, RunMark]:
    """What changes of runs whenever their pages would, by their keys."""
    rows = tx.all(
        "SELECT r.id, r.revision, s.event_lines, s.console_lines, s.exit_code, s.note FROM runs AS r"
        f" LEFT JOIN run_streams AS s ON s.run_id = r.id WHERE r.id IN ({inlined(runs)})"
    )
    return {row[0]: row[1:] for row in rows}


def runs_within(tx: Tx, project: int, runs: Iterable[int]) -> list[int]:
    """Those of the runs that are a project's: of others nothing is told."""
    rows = tx.all(f"SELECT id FROM runs WHERE id IN ({inlined(runs)}) AND project_id = :project", project=project)
    return [row[0] for row in rows]


def newest_runs(tx: Tx, projects: Iterable[int]) -> dict[int, list[int]]:
    """The keys of the runs that were begun last in each of the projects, deleted or not."""
    asked: dict[int, Answer] = {
        project: tx.ask(
            "SELECT id FROM runs WHERE project_id = :project ORDER BY start_time DESC, run_id LIMIT :limit",
            project=project,
            limit=NEWEST,
        )
        for project in projects
    }
    return {project: [row[0] for row in answer.all()] for project, answer in asked.items()}
