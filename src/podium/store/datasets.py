"""Rows of datasets, and of the runs that read them."""

from podium.domain.runs import Dataset, DatasetInput, DatasetSummary
from podium.store.registries import outside
from podium.store.transaction import Tx

CONTEXT_TAG = "mlflow.data.context"


def upsert_dataset(tx: Tx, project_id: int, dataset: Dataset) -> int:
    """The key of the project's dataset of this name and digest, added if missing, else left as it is."""
    key: int | None = tx.value(
        "INSERT INTO datasets (project_id, name, digest, source_type, source, schema, profile)"
        " VALUES (:project, :name, :digest, :source_type, :source, :schema, :profile)"
        " ON CONFLICT (project_id, name, digest) DO NOTHING RETURNING id",
        project=project_id,
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        schema=dataset.schema,
        profile=dataset.profile,
    )
    if key is None:
        key = tx.value(
            "SELECT id FROM datasets WHERE project_id = :project AND name = :name AND digest = :digest",
            project=project_id,
            name=dataset.name,
            digest=dataset.digest,
        )
    assert key is not None, "datasets are never deleted alone"
    return key


def insert_input(tx: Tx, run: int, dataset: int, tags: dict[str, str]) -> None:
    """Note that a run read a dataset. The tags of the first time stay."""
    added = tx.count(
        "INSERT INTO run_datasets (run_id, dataset_id) VALUES (:run, :dataset) ON CONFLICT DO NOTHING",
        run=run,
        dataset=dataset,
    )
    if added:
        tx.insert(
            "INSERT INTO run_dataset_tags (run_id, dataset_id, key, value) VALUES (?, ?, ?, ?)",
            [(run, dataset, key, value) for key, value in tags.items()],
        )


def select_inputs(tx: Tx, runs: list[int]) -> dict[int, list[DatasetInput]]:
    """For each of the runs its datasets, in the order in which they became known, in two statements."""
    wanted = ", ".join(str(run) for run in runs) or "NULL"
    tag_rows = tx.ask(f"SELECT run_id, dataset_id, key, value FROM run_dataset_tags WHERE run_id IN ({wanted})")
    rows = tx.ask(
        "SELECT r.run_id, d.id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile"
        f" FROM run_datasets r JOIN datasets d ON d.id = r.dataset_id WHERE r.run_id IN ({wanted})"
        " ORDER BY r.run_id, d.id"
    )
    tags: dict[tuple[int, int], dict[str, str]] = {}
    for run, dataset, key, value in tag_rows.all():
        tags.setdefault((run, dataset), {})[key] = value
    inputs: dict[int, list[DatasetInput]] = {run: [] for run in runs}
    for run, key, *columns in rows.all():
        inputs[run].append(DatasetInput(Dataset(*columns), tags.get((run, key), {})))
    return inputs


def select_summaries(tx: Tx, team_id: int, project_ids: list[int], limit: int) -> list[DatasetSummary]:
    """The datasets that runs of the team's projects read, each once a context."""
    wanted = ", ".join(str(project) for project in project_ids) or "NULL"
    rows = tx.all(
        "SELECT DISTINCT d.project_id, d.name, d.digest, t.value FROM datasets d"
        " JOIN projects p ON p.id = d.project_id"
        " JOIN run_datasets r ON r.dataset_id = d.id"
        " LEFT JOIN run_dataset_tags t ON t.run_id = r.run_id AND t.dataset_id = d.id AND t.key = :context"
        f" WHERE p.team_id = :team AND d.project_id IN ({wanted}) AND {outside('p.id')}"
        " ORDER BY d.project_id, d.name, d.digest, t.value LIMIT :limit",
        context=CONTEXT_TAG,
        team=team_id,
        limit=limit,
    )
    return [DatasetSummary(*row) for row in rows]
