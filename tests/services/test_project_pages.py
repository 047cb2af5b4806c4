"""Projects and runs as the pages show them, on both databases."""

import asyncio
import json

import pytest

from podium.domain.access import DEFAULT_TEAM_ID, Account, Actor
from podium.domain.filters import And, Comparison, Field, FieldKind, Operator
from podium.domain.run_streams import Chunk, Intake
from podium.domain.runs import Point
from podium.domain.tracked_runs import RunChange
from podium.errors import NotFound
from podium.services import Services
from support.files import context_of

ADA = Actor("ada")
BLUE = Actor("ada", "blue")
T0 = 1_700_000_000_000


@pytest.fixture
def services(store, tmp_path):
    context, _ = context_of(store, tmp_path)
    yield Services(context)
    context.blobs.close()


def run_of(services: Services, project: str, params: dict[str, str], loss: float, start: int = T0) -> str:
    async def work() -> str:
        made = await services.runs.create(ADA, project, name="r", user_id="ada", start_time=start, tags={})
        points = [Point("loss", loss, T0, 0)]
        await services.metrics.log_batch(ADA, made.info.run_id, points=points, params=list(params.items()))
        return made.info.run_id

    return asyncio.run(work())


def new_project(services: Services, actor: Actor, name: str, note: str = "") -> str:
    tags = {"mlflow.note.content": note} if note else {}
    return str(asyncio.run(services.projects.create(actor, name, None, tags)))


def test_projects_of_all_teams_are_listed_by_when_they_were_active_page_by_page(services):
    pages = services.project_pages
    asyncio.run(services.teams.create(ADA, "blue", None, None))
    first = new_project(services, ADA, "first", "About cats")
    new_project(services, BLUE, "second")
    run_of(services, first, {}, 0.5, start=2 * T0)  # later than what was only made
    found = asyncio.run(pages.list_projects(ADA, limit=2))
    assert [(one.team, one.name, one.run_count) for one in found.projects] == [
        ("default", "first", 1),
        ("blue", "second", 0),
    ]
    rest = asyncio.run(pages.list_projects(ADA, page_token=found.next_page_token, limit=2))
    assert [one.name for one in rest.projects] == ["Default"]
    assert rest.next_page_token is None
    for text, names in (("CATS", ["first"]), ("blue/sec", ["second"]), ("nothing", [])):
        assert [one.name for one in asyncio.run(pages.list_projects(ADA, text)).projects] == names


def test_what_belongs_to_others_is_not_there(services):
    asyncio.run(services.teams.create(ADA, "blue", None, None))
    project = new_project(services, BLUE, "hidden")
    stranger = Actor("eve", account=Account(7, "eve", admin=False, home="eve", roles={}))
    pages = services.project_pages
    assert asyncio.run(pages.list_projects(stranger)).projects == []
    for call in (pages.open(stranger.at("blue"), "hidden"), pages.place(stranger, project)):
        with pytest.raises(NotFound):
            asyncio.run(call)
    assert asyncio.run(pages.place(ADA, project)) == ("blue", "hidden")


def test_runs_are_grouped_with_the_spread_of_their_metrics(services):
    project = new_project(services, ADA, "p")
    for depth, loss in (("2", 0.1), ("2", 0.3), ("3", 0.5)):
        run_of(services, project, {"depth": depth}, loss)
    run_of(services, project, {}, 0.9)
    opened = asyncio.run(services.project_pages.open(ADA, "p"))

    def groups(condition):
        call = services.project_pages.groups(
            ADA, opened.project, "active", condition, kind="param", key="depth", metrics=["loss", "none"]
        )
        return [(group.value, group.count, group.metrics) for group in asyncio.run(call)]

    found = groups(And())
    assert [(value, count) for value, count, _ in found if value is not None] == [("2", 2), ("3", 1)]
    assert (None, 1) in [(value, count) for value, count, _ in found]
    spread = next(metrics for value, _, metrics in found if value == "2")["loss"]
    assert (spread.mean, spread.least, spread.greatest) == (pytest.approx(0.2), 0.1, 0.3)
    below = Comparison(Field(FieldKind.METRIC, "loss"), Operator.LT, 0.2)
    assert [(value, count) for value, count, _ in groups(below)] == [("2", 1)]


def test_a_run_is_opened_with_its_media_and_what_its_machine_measured(services):
    image = {"_type": "images/separated", "filenames": ["media/images/a.png"], "captions": ["a cat"]}
    histogram = {"_type": "histogram", "values": [1, 3], "packedBins": {"min": 0, "size": 0.5, "count": 2}}
    lines = [json.dumps({"_step": 3, "loss": 0.5, "samples": image, "weights": histogram}), json.dumps({"_step": 4})]
    events = [json.dumps({"_timestamp": 100 + second, "system.cpu": 10.0 * second}) for second in range(3)]

    async def story():
        await services.run_upserts.upsert(ADA, "p", "r1", RunChange(begins=True, notes="*so*"), together=False)
        await services.run_streams.take(ADA, "p", "r1", Intake(history=Chunk(0, lines), events=Chunk(0, events)))
        page = await services.run_pages.open(ADA, "p", "r1")
        assert page.writable
        galleries = await services.run_pages.media(page.tracked)
        assert [(one.key, one.kind) for one in galleries] == [("samples", "image"), ("weights", "histogram")]
        assert galleries[0].media[0].paths == ["media/images/a.png"]
        assert galleries[1].media[0].edges == [0.0, 0.5, 1.0]
        found = await services.run_pages.system_curves(page.tracked, ["system.cpu", "none"], first=101_000)
        assert [(curve.key, curve.x, curve.y) for curve in found.curves] == [
            ("system.cpu", [101_000, 102_000], [10.0, 20.0])
        ]
        run_id = page.tracked.run.info.run_id
        assert await services.run_pages.place(ADA, run_id) == ("default", "p", "r1")
        assert await services.run_pages.run_id(ADA, "p", "r1") == run_id
        await services.runs.delete(ADA, run_id)
        assert (await services.run_pages.open(ADA, "p", "r1")).tracked.run.info.deleted_at is not None

    asyncio.run(story())


def test_who_may_only_look_is_told_so(services):
    project = new_project(services, ADA, "p")
    run = run_of(services, project, {}, 0.5)
    viewer = Actor("eve", account=Account(7, "eve", admin=False, home="eve", roles={DEFAULT_TEAM_ID: "viewer"}))
    assert not asyncio.run(services.project_pages.open(viewer, "p")).writable
    assert not asyncio.run(services.run_pages.open(viewer, "p", run)).writable
    assert asyncio.run(services.run_pages.open(ADA, "p", run)).writable
