"""The registry's services over a real store, with a clock that the test moves."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.manifests import ManifestEntry
from podium.domain.registry import ModelVersion, NewVersion
from podium.services import Services
from podium.services.context import Context
from podium.store import artifacts
from podium.store.engine import Store

ACTOR = Actor("ada")
EXTERNAL = "s3://bucket/model"


class Clock:
    """Milliseconds that go on by one with each look, and by as much as a test says."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


class RegistryWorld:
    """A store with the services over it, and short words for what tests do most."""

    def __init__(self, store: Store, folder: Path, **context: Any) -> None:
        self.store = store
        self.clock = Clock()
        self.services = Services(Context(store=store, blobs=LocalBlobs(folder), clock=self.clock, **context))
        self.registry = self.services.registry
        self.versions = self.services.versions
        self.promotion = self.services.promotion
        self.history = self.services.registry_history

    async def new_version(self, name: str = "M", source: str = EXTERNAL, **given: Any) -> ModelVersion:
        return await self.versions.create(ACTOR, NewVersion(name, source, **given))

    async def put_file(self, path: str, content: str = "a") -> None:
        entry = ManifestEntry(path, (content * 64)[:64], len(content))
        await self.store.write(lambda tx: artifacts.upsert_file(tx, 1, entry, self.clock()))

    async def new_run(self, run_id: str, location: str = "mlflow-artifacts:/0") -> None:
        """A run in a project of its own, whose files go to `location`."""

        def work(tx: Any) -> None:
            project = tx.value(
                "INSERT INTO projects (team_id, name, artifact_location, created_at, updated_at)"
                " VALUES (1, :run, :location, 0, 0) RETURNING id",
                run=run_id,
                location=location,
            )
            tx.run(
                "INSERT INTO runs (run_id, slug, project_id, name, user_id, status)"
                " VALUES (:run, :run, :project, '', '', 'RUNNING')",
                run=run_id,
                project=project,
            )

        await self.store.write(work)

    async def new_logged_model(self, model_id: str, location: str, run_id: str | None = None, name: str = "m") -> None:
        await self.store.write(
            lambda tx: tx.run(
                "INSERT INTO logged_models (model_id, project_id, name, artifact_location, source_run_id, status,"
                " created_at, updated_at) VALUES (:model, 0, :name, :location, :run, 'READY', 0, 0)",
                model=model_id,
                name=name,
                location=location,
                run=run_id,
            )
        )

    async def events(self) -> list[tuple[str, str, str]]:
        """(action, entity, entity name) of every event."""
        return [
            tuple(row)
            for row in await self.store.read(
                lambda tx: tx.all("SELECT action, entity, entity_name FROM events ORDER BY seq")
            )
        ]


async def refused(attempt: Awaitable[Any], kind: type[Exception]) -> str:
    """The message of the refusal that `attempt` meets."""
    try:
        await attempt
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was expected")
