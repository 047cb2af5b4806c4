"""Curves as the database gives them: ends, spikes and gaps stay, in either way of reading. On both databases."""

import asyncio
import math

import pytest

from podium.domain.access import Account, Actor
from podium.domain.runs import Point
from podium.errors import InvalidArgument
from podium.services import Services, curves
from podium.services.curves import Wanted
from support.files import context_of

ADA = Actor("ada")
T0 = 1_700_000_000_000
COUNT = 3_000


@pytest.fixture
def services(store, tmp_path):
    context, _ = context_of(store, tmp_path)
    yield Services(context)
    context.blobs.close()


def new_run(services: Services, values: list[float], *, key: str = "loss") -> str:
    """A run that logged the values, a step and ten milliseconds apart."""

    async def work() -> str:
        made = await services.runs.create(ADA, "0", name="r", user_id="ada", start_time=T0, tags={})
        points = [Point(key, value, T0 + 10 * step, step) for step, value in enumerate(values)]
        for start in range(0, len(points), 1000):
            await services.metrics.log_batch(ADA, made.info.run_id, points=points[start : start + 1000])
        return made.info.run_id

    return asyncio.run(work())


def read(services: Services, *runs: str, actor: Actor = ADA, key: str = "loss", **wanted):
    return asyncio.run(services.curves.read(actor, runs, Wanted((key,), **wanted)))


def wave(step: int) -> float:
    return math.sin(step / 100)


def test_a_short_curve_comes_whole_with_gaps_where_no_number_was_logged(services):
    run = new_run(services, [1.0, math.nan, 0.5, math.inf, -math.inf, 0.25])
    (curve,) = read(services, run).curves
    assert (curve.x, curve.y) == ([0, 1, 2, 3, 4, 5], [1.0, None, 0.5, None, None, 0.25])
    assert curve.whole
    (by_time,) = read(services, run, axis="time").curves
    assert by_time.x == [T0 + 10 * step for step in range(6)]


@pytest.mark.parametrize("read_points", [400_000, 2_500], ids=["by columns", "chosen in the database"])
@pytest.mark.parametrize("axis", ["step", "time"])
def test_a_long_curve_keeps_its_ends_its_spikes_and_its_gaps(services, monkeypatch, read_points, axis):
    monkeypatch.setattr(curves, "_READ_POINTS", read_points)
    values = [wave(step) for step in range(COUNT)]
    values[1_234], values[1_777], values[2_468] = 9.0, -9.0, math.nan
    (curve,) = read(services, new_run(services, values), axis=axis, most=200).curves
    place = (lambda step: step) if axis == "step" else lambda step: T0 + 10 * step
    assert not curve.whole
    assert len(curve.x) <= 200
    assert (curve.x[0], curve.x[-1]) == (place(0), place(COUNT - 1))
    assert curve.x == sorted(curve.x)
    shown = dict(zip(curve.x, curve.y, strict=True))
    assert (shown[place(1_234)], shown[place(1_777)], shown[place(2_468)]) == (9.0, -9.0, None)
    assert all(y == pytest.approx(values[step]) for step in range(COUNT) if (y := shown.get(place(step))) is not None)


def test_a_constant_curve_of_any_length_stays_short(services, monkeypatch):
    monkeypatch.setattr(curves, "_READ_POINTS", 1_000)
    (curve,) = read(services, new_run(services, [1.5] * COUNT), most=100).curves
    assert len(curve.x) <= 100
    assert set(curve.y) == {1.5}


def test_a_part_is_read_in_full_detail(services):
    run = new_run(services, [wave(step) for step in range(COUNT)])
    (curve,) = read(services, run, first=500, last=620, most=200).curves
    assert curve.x == list(range(500, 621))
    assert curve.whole


def test_what_is_kept_of_a_run_is_read_anew_when_it_logs_more(services):
    run = new_run(services, [1.0, 2.0])
    assert read(services, run).curves[0].y == [1.0, 2.0]
    asyncio.run(services.metrics.log(ADA, run, Point("loss", 3.0, T0 + 90, 9)))
    (curve,) = read(services, run).curves
    assert (curve.x, curve.y) == ([0, 1, 9], [1.0, 2.0, 3.0])


def test_runs_of_several_teams_come_together_and_those_of_others_do_not(services):
    asyncio.run(services.teams.create(ADA, "blue", None, None))
    mine, other = new_run(services, [1.0]), new_run(services, [2.0])
    found = read(services, mine, other, "0" * 32)
    assert [run.run_id for run in found.runs] == [mine, other]
    assert [curve.run for curve in found.curves] == [mine, other]
    stranger = Actor("eve", account=Account(7, "eve", admin=False, home="blue", roles={}))
    assert read(services, mine, actor=stranger).curves == []


@pytest.mark.parametrize("wanted", [{"most": 5}, {"most": 5_000}])
def test_what_is_not_valid_is_refused(services, wanted):
    with pytest.raises(InvalidArgument, match="'points'"):
        read(services, "0" * 32, **wanted)
    with pytest.raises(InvalidArgument, match="more than 100 curves"):
        read(services, *(f"{number:032x}" for number in range(101)))
