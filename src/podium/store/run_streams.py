"""Rows of runs that send streams: how they stand, and their documents. The lines are in `run_lines`."""

from collections.abc import Iterable

from podium.domain.run_streams import DocumentKind, Note, Stream, StreamRow
from podium.store.registries import outside
from podium.store.transaction import Tx

_COLUMNS = (
    "created_at, heartbeat_at, live, note, exit_code, stop_requested, history_lines, event_lines, console_lines,"
    " last_step"
)
_COUNTS: dict[Stream, str] = {"history": "history_lines", "events": "event_lines", "console": "console_lines"}


def select_streams(tx: Tx, runs: Iterable[int]) -> dict[int, StreamRow]:
    """How those of the runs stand that send streams, by the runs' keys, in one statement."""
    wanted = ", ".join(str(run) for run in runs) or "NULL"
    rows = tx.all(f"SELECT run_id, {_COLUMNS} FROM run_streams WHERE run_id IN ({wanted})")
    return {
        row[0]: StreamRow(
            row[1], row[2], bool(row[3]), row[4], row[5], bool(row[6]), *row[7:]
        )  # SQLite has no booleans
        for row in rows
    }


def find_streams(tx: Tx, run: int) -> StreamRow | None:
    """How a run stands; None for one that never sent a stream, as those of MLflow's clients."""
    return select_streams(tx, [run]).get(run)


def select_documents(tx: Tx, runs: Iterable[int], kind: DocumentKind) -> dict[int, str]:
    """The JSON text of that document of each of the runs that has it, by the runs' keys, in one statement."""
    wanted = ", ".join(str(run) for run in runs) or "NULL"
    rows = tx.all(f"SELECT run_id, content FROM run_documents WHERE kind = :kind AND run_id IN ({wanted})", kind=kind)
    return {row[0]: row[1] for row in rows}


def find_document(tx: Tx, run: int, kind: DocumentKind) -> str | None:
    """The JSON text of a run's config or summary."""
    return select_documents(tx, [run], kind).get(run)


def upsert_document(tx: Tx, run: int, kind: DocumentKind, content: str) -> None:
    """Put a document in place of the one before."""
    tx.run(
        "INSERT INTO run_documents (run_id, kind, content) VALUES (:run, :kind, :content)"
        " ON CONFLICT (run_id, kind) DO UPDATE SET content = excluded.content",
        run=run,
        kind=kind,
        content=content,
    )


def delete_document(tx: Tx, run: int, kind: DocumentKind) -> None:
    """Remove a document, if there is one."""
    tx.run("DELETE FROM run_documents WHERE run_id = :run AND kind = :kind", run=run, kind=kind)


def upsert_streams(tx: Tx, run: int, at: int, *, live: bool) -> None:
    """Note a heartbeat of a run, which is known to send streams from then on."""
    tx.run(
        "INSERT INTO run_streams (run_id, created_at, heartbeat_at, live) VALUES (:run, :at, :at, :live)"
        " ON CONFLICT (run_id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, live = excluded.live",
        run=run,
        at=at,
        live=int(live),
    )


def update_note(tx: Tx, run: int, note: Note | None) -> None:
    """Write what a run's status does not say."""
    tx.run("UPDATE run_streams SET note = :note WHERE run_id = :run", run=run, note=note)


def update_begin(tx: Tx, run: int) -> None:
    """Note that a run goes on, whatever was known of an end."""
    tx.run("UPDATE run_streams SET note = NULL, exit_code = NULL, stop_requested = 0 WHERE run_id = :run", run=run)


def update_end(tx: Tx, run: int, exit_code: int | None) -> None:
    """Note that a run has ended, and with which code; without one it ended otherwise."""
    tx.run(
        "UPDATE run_streams SET exit_code = :code, live = 0, note = NULL WHERE run_id = :run", run=run, code=exit_code
    )


def update_stop(tx: Tx, run: int, *, stop: bool) -> None:
    """Have the run's process told to stop with its next heartbeat, or not any more."""
    tx.run("UPDATE run_streams SET stop_requested = :stop WHERE run_id = :run", run=run, stop=int(stop))


def update_count(tx: Tx, run: int, stream: Stream, lines: int) -> None:
    """Write the number that the stream's next line has."""
    tx.run(f"UPDATE run_streams SET {_COUNTS[stream]} = :lines WHERE run_id = :run", run=run, lines=lines)


def update_last_step(tx: Tx, run: int, step: int) -> None:
    """Write the highest step of the history."""
    tx.run("UPDATE run_streams SET last_step = :step WHERE run_id = :run", run=run, step=step)


def reset_streams(tx: Tx, run: int) -> None:
    """Begin anew: no lines, no summary, no end."""
    tx.run("DELETE FROM run_lines WHERE run_id = :run", run=run)
    delete_document(tx, run, "summary")
    delete_document(tx, run, "summary_metrics")
    tx.run(
        "UPDATE run_streams SET note = NULL, exit_code = NULL, stop_requested = 0, history_lines = 0,"
        " event_lines = 0, console_lines = 0, last_step = -1 WHERE run_id = :run",
        run=run,
    )


def select_silent(tx: Tx, before: int, limit: int) -> list[int]:
    """The keys of runs that were to send heartbeats and sent none since then, those longest silent first."""
    rows = tx.all(
        "SELECT run_id FROM run_streams WHERE live = 1 AND heartbeat_at < :before AND EXISTS (SELECT 1 FROM runs AS r"
        f" WHERE r.id = run_streams.run_id AND {outside('r.project_id')}) ORDER BY heartbeat_at LIMIT :limit",
        before=before,
        limit=limit,
    )
    return [row[0] for row in rows]
