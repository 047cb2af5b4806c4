"""A registry that only some of an organization may see, with everything in it that a project can hold."""

from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain.access import Actor
from podium.domain.logged_models import NewLoggedModel
from podium.domain.run_streams import Chunk, Intake
from podium.domain.runs import Dataset, DatasetInput, Point
from podium.domain.traces import Trace
from podium.domain.tracked_runs import RunChange
from podium.services.file_owners import OfRun
from podium.services.registries import RegistryEdit
from podium.store import registries
from support.files import body
from support.registries import World, at_team
from support.versioned import Logger

SECRET = "secret"  # what a test knows it by, wherever it shows
TABLES = (
    "projects",
    "project_tags",
    "runs",
    "run_tags",
    "run_params",
    "metrics",
    "datasets",
    "run_datasets",
    "logged_models",
    "logged_model_params",
    "logged_model_tags",
    "traces",
    "trace_tags",
    "trace_links",
    "assessments",
    "evaluation_datasets",
    "evaluation_dataset_projects",
    "artifact_collections",
    "artifact_versions",
    "artifact_memberships",
    "artifact_aliases",
    "run_artifacts",
    "registries",
    "registry_users",
    "comments",
    "artifact_files",
    "events",
)


class Hidden(msgspec.Struct, frozen=True):
    """What is in a project that becomes a registry, by keys and public ids."""

    project: str
    run_key: int
    run: str
    other: str  # a second run
    model: str
    trace: str
    version: int
    collection: int


async def organization(world: World) -> tuple[Actor, Actor, Actor]:
    """Who owns the organization acme, and two who belong to it: `bob`, and `vera`, who is to view alone."""
    services = world.services
    root = await world.user("root")
    await services.organizations.create(root, "acme", "root")
    for name in ("bob", "vera"):
        await world.user(name, root)
        await services.members.set_in_organization(root, "acme", name, "member")
    return at_team(root, "acme"), at_team(await world.actor("bob"), "acme"), at_team(await world.actor("vera"), "acme")


async def fill(world: World, owner: Actor) -> Hidden:
    """A project with something of each sort."""
    services = world.services
    upserted = await services.run_upserts.upsert(owner, SECRET, SECRET, RunChange(begins=True), together=False)
    info = upserted.tracked.run.info
    project, run = str(info.project_id), info.run_id
    await services.runs.set_tag(owner, run, SECRET, SECRET)
    await services.metrics.log(owner, run, Point(SECRET, 1.0, 1))
    await services.datasets.log_inputs(owner, run, [DatasetInput(Dataset(SECRET, "d", "s", "s"), {})], [])
    await services.run_streams.take(owner, SECRET, SECRET, Intake(history=Chunk(0, ['{"_step": 0}'])))
    model = await services.logged_models.create(owner, project, NewLoggedModel(SECRET, source_run_id=run))
    trace = await services.traces.start(owner, project, Trace(0, "tr-1", 0, 1, 1, "OK", None, SECRET, SECRET))
    version = await Logger(services, owner).log(SECRET, {"w": b"1"}, project=SECRET, run=SECRET, type=SECRET)
    await services.artifacts.put_of(owner, OfRun(run), SECRET, body(b"1"))
    other = await services.runs.create(owner, project, name=SECRET, user_id="", start_time=1, tags={})
    await services.evaluation_datasets.create(owner, SECRET, [project], {})
    await services.projects.set_tag(owner, project, "mlflow.note.content", SECRET)
    return Hidden(
        project, info.id, run, other.info.run_id, model.model_id, trace.trace_id, version.id, version.sequence.id
    )


async def hide(world: World, owner: Actor, viewer: Actor, project: str) -> None:
    """Let a project be a registry that `viewer` views and others do not see, as none is made any more."""
    key = int(project)
    await world.store.write(lambda tx: registries.insert_registry(tx, key, access="RESTRICTED", allows_all_types=True))
    assert viewer.account is not None
    assert viewer.account.id is not None
    await world.services.registry_members.add(owner, key, [viewer.account.id], [])


async def hidden_registry(world: World, owner: Actor) -> tuple[int, int]:
    """The keys of a registry with a link to a version in a project that everybody sees, and of that version."""
    services, name = world.services, f"wandb-registry-{SECRET}"
    registry, _ = await services.registries.upsert(owner, name, RegistryEdit(access="RESTRICTED", description=SECRET))
    version = await Logger(services, owner).log("open", {"w": b"1"})
    await services.artifact_changes.link(owner, version.id, name, f"{SECRET} links", [f"{SECRET}-alias"])
    return registry.id, version.id


async def rows(world: World) -> Mapping[str, list[Any]]:
    """Everything that is stored of what a project holds."""
    return await world.store.read(
        lambda tx: {table: sorted(tx.all(f"SELECT * FROM {table}"), key=repr) for table in TABLES}
    )
