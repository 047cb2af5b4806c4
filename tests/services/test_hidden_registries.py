"""Who may not see a registry reads, writes and learns nothing of it, whichever way it is asked for."""

import asyncio
import inspect
from pathlib import Path
from typing import Any

import msgspec
import pytest

from podium.domain.filters import And
from podium.domain.logged_models import NewLoggedModel
from podium.domain.run_streams import Intake
from podium.domain.runs import Dataset, DatasetInput, ModelOutput, Point
from podium.domain.traces import Span, Trace
from podium.domain.tracked_runs import RunChange
from podium.errors import InvalidArgument, NotFound, PodiumError
from podium.services.artifact_aliases import AliasIn
from podium.services.curves import Wanted
from podium.services.file_owners import OfLoggedModel, OfRun
from podium.services.run_control import Alert
from podium.services.searching import Search
from podium.store.engine import Store
from support.files import body
from support.hidden import SECRET, fill, hide, organization, rows
from support.registries import World

ALL = Search(And())
MD5 = "c4ca4238a0b923820dcc509a6f75849b"  # of b"1"
SPAN = Span("a" * 32, "b" * 16, None, "s", 1, 2, "OK", "", {})
TRACE = Trace(0, "tr-2", 0, 1, 1, "OK", None, "", "")

# By service and method, what is asked of a project, a run, and of what they hold. `h` is what there is.
READS: dict[str, Any] = {
    "artifact_contents.file_of": lambda do, a, _: do(a, SECRET, SECRET, MD5, SECRET),
    "artifact_lineage.maker": lambda do, a, h: do(a, h.version),
    "artifact_lineage.versions_of_run": lambda do, a, h: do(a, h.run_key, "output", 10, 0),
    "artifact_reading.collection": lambda do, a, h: do(a, int(h.project), SECRET),
    "artifact_reading.membership": lambda do, a, h: do(a, int(h.project), f"{SECRET}:latest"),
    "artifact_reading.type": lambda do, a, h: do(a, int(h.project), SECRET),
    "artifact_reading.types": lambda do, a, h: do(a, int(h.project), 10, 0),
    "artifact_reading.version": lambda do, a, h: do(a, h.version),
    "artifact_shelf.collection": lambda do, a, _: do(a, SECRET, SECRET, before=None, limit=9),
    "artifact_shelf.version": lambda do, a, _: do(a, SECRET, SECRET, "latest"),
    "artifacts.list_of": lambda do, a, h: do(a, OfRun(h.run), ""),
    "comments.discussion": lambda do, a, h: do(a, "run", h.run),
    "comparison.choices": lambda do, a, _: do(a, SECRET),
    "comparison.runs": lambda do, a, h: do(a, [h.run, h.other]),
    "curves.read": lambda do, a, h: do(a, [h.run], Wanted((SECRET,))),
    "dataset_shelf.find": lambda do, a, _: do(a, SECRET),
    "datasets.search": lambda do, a, h: do(a, [h.project]),
    "lineage.graph": lambda do, a, h: do(a, "run", h.run, "both", None),
    "logged_model_shelf.find": lambda do, a, _: do(a, SECRET),
    "logged_model_shelf.model": lambda do, a, h: do(a, h.model),
    "logged_models.get": lambda do, a, h: do(a, h.model),
    "logged_models.search": lambda do, a, h: do(a, [h.project], ALL),
    "metrics.histories": lambda do, a, h: do(a, [h.run], SECRET, 9),
    "metrics.history": lambda do, a, h: do(a, h.run, SECRET, limit=None, page_token=None),
    "metrics.sample": lambda do, a, h: do(a, [h.run], SECRET, per_run=9, steps=None),
    "palette.find": lambda do, a, _: do(a, SECRET),
    "project_pages.list_projects": lambda do, a, _: do(a),
    "project_pages.mark": lambda do, a, _: do(a, SECRET, []),
    "project_pages.open": lambda do, a, _: do(a, SECRET),
    "project_pages.place": lambda do, a, h: do(a, h.project),
    "projects.find_team": lambda do, a, h: do(a, h.project),
    "projects.get": lambda do, a, h: do(a, h.project),
    "projects.get_by_name": lambda do, a, _: do(a, SECRET),
    "projects.resolve": lambda do, a, h: do(a, h.project),
    "projects.search": lambda do, a, _: do(a, ALL, "all"),
    "run_files.list_files": lambda do, a, _: do(a, SECRET, SECRET),
    "run_pages.mark": lambda do, a, _: do(a, SECRET, SECRET),
    "run_pages.open": lambda do, a, _: do(a, SECRET, SECRET),
    "run_pages.place": lambda do, a, h: do(a, h.run),
    "run_search.count": lambda do, a, h: do(a, h.project, And()),
    "run_search.get_form": lambda do, a, h: do(a, h.run, msgspec.json.encode),
    "run_search.search": lambda do, a, h: do(a, [h.project], ALL, "all"),
    "run_search.search_forms": lambda do, a, h: do(a, [h.project], ALL, "all", msgspec.json.encode),
    "run_search.search_tracked": lambda do, a, h: do(a, h.project, ALL, whole=True),
    "runs.get": lambda do, a, h: do(a, h.run),
    "traces.correlate": lambda do, a, h: do(a, [h.project], And(), And(), And()),
    "traces.get": lambda do, a, h: do(a, h.trace),
    "traces.list_by_id": lambda do, a, h: do(a, [h.trace]),
    "traces.search": lambda do, a, h: do(a, [h.project], ALL),
    "tracked_runs.find": lambda do, a, _: do(a, SECRET, SECRET),
    "tracked_runs.resume_status": lambda do, a, _: do(a, SECRET, SECRET),
}
WRITES: dict[str, Any] = {
    "artifact_aliases.add": lambda do, a, h: do(a, h.version, [AliasIn("acme", SECRET, SECRET, "mine")]),
    "artifact_changes.delete": lambda do, a, h: do(a, h.version, with_aliases=True),
    "artifact_changes.delete_collection": lambda do, a, h: do(a, h.collection),
    "artifact_changes.link": lambda do, a, h: do(a, h.version, SECRET, "other", []),
    "artifact_changes.tag_collection": lambda do, a, _: do(a, SECRET, SECRET, ["t"], []),
    "artifact_lineage.use": lambda do, a, h: do(a, h.version, SECRET, SECRET),
    "artifacts.put_of": lambda do, a, h: do(a, OfLoggedModel(h.model), "x", body(b"1")),
    "datasets.log_inputs": lambda do, a, h: do(a, h.run, [DatasetInput(Dataset("n", "d", "s", "s"), {})], []),
    "datasets.log_outputs": lambda do, a, h: do(a, h.run, [ModelOutput(h.model, 0)]),
    "evaluation_datasets.create": lambda do, a, h: do(a, "n", [h.project], {}),
    "logged_models.create": lambda do, a, h: do(a, h.project, NewLoggedModel("n")),
    "logged_models.delete": lambda do, a, h: do(a, h.model),
    "logged_models.log_params": lambda do, a, h: do(a, h.model, {"a": "b"}),
    "logged_models.set_tags": lambda do, a, h: do(a, h.model, {"a": "b"}),
    "metrics.log": lambda do, a, h: do(a, h.run, Point("k", 1.0, 1)),
    "metrics.log_batch": lambda do, a, h: do(a, h.run, tags=[("a", "b")]),
    "projects.delete": lambda do, a, h: do(a, h.project),
    "projects.delete_tag": lambda do, a, h: do(a, h.project, "mlflow.note.content"),
    "projects.rename": lambda do, a, h: do(a, h.project, "wandb-registry-mine"),
    "projects.restore": lambda do, a, h: do(a, h.project),
    "projects.set_tag": lambda do, a, h: do(a, h.project, "a", "b"),
    "registry_members.add": lambda do, a, h: do(a, int(h.project), [a.account.id], []),
    "run_control.alert": lambda do, a, _: do(a, SECRET, SECRET, Alert("t", "t", "INFO")),
    "run_control.delete": lambda do, a, h: do(a, h.run_key),
    "run_control.rewind": lambda do, a, _: do(a, SECRET, SECRET, 0),
    "run_control.set_state": lambda do, a, h: do(a, h.run_key, "finished"),
    "run_control.stop": lambda do, a, h: do(a, h.run_key),
    "run_files.create_uploads": lambda do, a, _: do(a, SECRET, SECRET, ["f"]),
    "run_streams.take": lambda do, a, _: do(a, SECRET, SECRET, Intake()),
    "run_upserts.change": lambda do, a, h: do(a, h.run_key, RunChange(notes="n")),
    "runs.create": lambda do, a, h: do(a, h.project, name="n", user_id="", start_time=1, tags={}),
    "runs.delete": lambda do, a, h: do(a, h.run),
    "runs.delete_tag": lambda do, a, h: do(a, h.run, SECRET),
    "runs.log_model": lambda do, a, h: do(
        a, h.run, '{"artifact_path": "m", "flavors": {}, "utc_time_created": "", "run_id": ""}'
    ),
    "runs.log_param": lambda do, a, h: do(a, h.run, "a", "b"),
    "runs.restore": lambda do, a, h: do(a, h.run),
    "runs.set_tag": lambda do, a, h: do(a, h.run, "a", "b"),
    "runs.update": lambda do, a, h: do(a, h.run, status="FINISHED", end_time=None, name=None),
    "traces.delete": lambda do, a, h: do(a, h.project, before=None, trace_ids=[h.trace], most=None),
    "traces.link_to_run": lambda do, a, h: do(a, [h.trace], h.run),
    "traces.log_spans": lambda do, a, h: do(a, h.project, {"tr-3": [SPAN]}),
    "traces.set_tag": lambda do, a, h: do(a, h.trace, "a", "b"),
    "traces.start": lambda do, a, h: do(a, h.project, TRACE),
}
# What takes a project or a run, and is held by stories of its own below and elsewhere.
OTHERS = {
    "curves.foresee",  # as `read`
    "evaluation_datasets.add_projects",
    "evaluation_datasets.remove_projects",  # of a dataset that the actor may change
    "evaluation_datasets.search",
    "project_pages.groups",
    "registries.find",
    "run_upserts.upsert",
}
NAMED = {"project_id", "project_ids", "project", "run_id", "run_ids", "slug", "run"}


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path / "blobs")


def method(world: World, name: str) -> Any:
    service, _, called = name.partition(".")
    return getattr(getattr(world.services, service), called)


def tells(found: Any) -> bool:
    """Whether an answer says something of what is hidden: everything there is called so, or is counted."""
    return SECRET in repr(found) or getattr(found, "total", 0) > 0 or (isinstance(found, int | str) and bool(found))


async def told(world: World, actor: Any, known: Any) -> set[str]:
    """The reads that tell something."""
    found = set()
    for name, ask in READS.items():
        try:
            if tells(await ask(method(world, name), actor, known)):
                found.add(name)
        except (NotFound, InvalidArgument):
            continue
    return found


async def outcomes(world: World, actor: Any, known: Any) -> dict[str, str]:
    """How each of the writes ends."""
    found = {}
    for name, ask in WRITES.items():
        try:
            await ask(method(world, name), actor, known)
            found[name] = "done"
        except PodiumError as error:
            found[name] = type(error).__name__
    return found


def test_every_method_that_takes_a_project_or_a_run_is_held_here(world):
    taking = {
        f"{service}.{name}"
        for service, of in vars(world.services).items()
        for name, call in inspect.getmembers(type(of), inspect.isfunction)
        if not name.startswith("_") and "actor" in (given := inspect.signature(call).parameters) and NAMED & set(given)
    }
    assert taking - READS.keys() - WRITES.keys() == OTHERS


def test_who_may_not_see_a_registry_reads_and_changes_nothing_in_it(world):
    async def story():
        owner, bob, vera = await organization(world)
        known = await fill(world, owner)
        assert await told(world, bob, known) == READS.keys()  # as long as the project is no registry
        await hide(world, owner, vera, known.project)
        before = await rows(world)
        assert await told(world, bob, known) == set()
        assert set((await outcomes(world, bob, known)).values()) == {"NotFound"}
        # A viewer learns why, where it may know that this is a registry.
        assert set((await outcomes(world, vera, known)).values()) <= {"NotFound", "PermissionDenied", "InvalidArgument"}
        assert await rows(world) == before
        assert (await world.services.projects.get(vera, known.project)).name == SECRET

    asyncio.run(story())
