"""How many of each thing a team has."""

from collections.abc import Sequence

from podium.store.registries import without
from podium.store.transaction import Tx

_COUNTS = {
    "models": "FROM registered_models WHERE team_id = :team AND deleted_at IS NULL",
    "versions": (
        "FROM model_versions JOIN registered_models ON registered_models.id = model_versions.model_id"
        " WHERE team_id = :team AND registered_models.deleted_at IS NULL AND model_versions.deleted_at IS NULL"
    ),
    "projects": "FROM projects WHERE team_id = :team AND deleted_at IS NULL{beyond}",
    "runs": (
        "FROM runs JOIN projects ON projects.id = runs.project_id WHERE team_id = :team AND runs.deleted_at IS NULL"
    ),
    "artifacts": "FROM artifact_files WHERE team_id = :team",
    "events": "FROM events WHERE team_id = :team",
}
_STATEMENT = "SELECT " + ", ".join(f"(SELECT COUNT(*) {rows})" for rows in _COUNTS.values())


def count_all(tx: Tx, team_id: int, hidden: Sequence[int]) -> dict[str, int]:
    """The numbers of what is there, without what is deleted, and without hidden projects."""
    beyond, values = without("projects.id", hidden, tx.dialect)
    row = tx.one(_STATEMENT.format(beyond=beyond), team=team_id, **values)
    assert row is not None, "a SELECT of counts has one row"
    return dict(zip(_COUNTS, row, strict=True))
