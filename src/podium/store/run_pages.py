"""What a run's page shows beside the run: what came of it, and what it read."""

from collections.abc import Sequence

import msgspec

from podium.domain.run_streams import Stream
from podium.store.artifact_shelf import NO_COPY
from podium.store.dialect import is_in, list_value, position
from podium.store.registries import outside
from podium.store.transaction import Tx
from podium.store.versions import inlined


class RegisteredAs(msgspec.Struct, frozen=True):
    """A registered version that came of a run, and where it stands."""

    team: str
    name: str
    version: int
    stage: str
    logged_model_id: str | None


class ArtifactUse(msgspec.Struct, frozen=True):
    """A version of an artifact that a run made ('output') or read ('input')."""

    direction: str
    team: str
    project: str
    type: str
    name: str
    version: int


def find_place(tx: Tx, team_ids: Sequence[int], run_id: str) -> tuple[str, str, str] | None:
    """The names of the team and project, and the slug, of the run with this public id."""
    row = tx.one(
        "SELECT t.name, p.name, r.slug FROM runs r JOIN projects p ON p.id = r.project_id JOIN teams t"
        f" ON t.id = p.team_id WHERE r.run_id = :run AND p.team_id IN ({inlined(team_ids)})"
        f" AND {outside('p.id')}",
        run=run_id,
    )
    return None if row is None else (row[0], row[1], row[2])


def select_registered(tx: Tx, team_ids: Sequence[int], run_id: str) -> list[RegisteredAs]:
    """The versions that name this run as theirs, as far as they are the teams'."""
    rows = tx.all(
        "SELECT t.name, m.name, v.version, v.stage, v.logged_model_id FROM model_versions v"
        " JOIN registered_models m ON m.id = v.model_id JOIN teams t ON t.id = m.team_id"
        " WHERE v.run_id = :run AND v.deleted_at IS NULL AND m.deleted_at IS NULL"
        f" AND m.team_id IN ({inlined(team_ids)}) ORDER BY m.name, v.version",
        run=run_id,
    )
    return [RegisteredAs(*row) for row in rows]


def select_model_names(tx: Tx, model_ids: Sequence[str]) -> dict[str, str]:
    """The names of logged models, by their ids."""
    return dict(
        tx.all(
            f"SELECT model_id, name FROM logged_models WHERE {is_in('model_id', 'ids', tx.dialect)}",
            ids=list_value(list(model_ids), tx.dialect),
        )
    )


def select_artifacts(tx: Tx, team_ids: Sequence[int], run: int) -> list[ArtifactUse]:
    """Committed versions of artifacts that a run made or read, under their own collections' names.

    What holds registered versions' files is left out: `select_registered` has those.
    """
    rows = tx.all(
        "SELECT u.direction, t.name, p.name, y.name, c.name, m.version FROM run_artifacts u"
        " JOIN artifact_versions v ON v.id = u.version_id AND v.state = 'COMMITTED'"
        " JOIN artifact_collections c ON c.id = v.collection_id AND c.deleted_at IS NULL"
        " JOIN artifact_memberships m ON m.collection_id = c.id AND m.version_id = v.id"
        " JOIN artifact_types y ON y.id = c.type_id JOIN projects p ON p.id = c.project_id"
        f" JOIN teams t ON t.id = p.team_id WHERE u.run_id = :run AND p.team_id IN ({inlined(team_ids)})"
        f" AND {NO_COPY} ORDER BY u.direction, u.created_at, v.id LIMIT 200",
        run=run,
    )
    return [ArtifactUse(*row) for row in rows]


def select_rows_with(tx: Tx, run: int, stream: Stream, text: str, limit: int) -> list[str]:
    """The newest rows of a stream that have a text in them, the oldest of these first."""
    rows = tx.all(
        "SELECT content FROM run_lines WHERE run_id = :run AND stream = :stream"
        f" AND {position(tx.dialect, 'content', ':text')} > 0 ORDER BY id DESC LIMIT :limit",
        run=run,
        stream=stream,
        text=text,
        limit=limit,
    )
    return [row[0] for row in reversed(rows)]
