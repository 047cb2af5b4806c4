"""What running processes send: each line once, whoever sends it again, on both databases."""

import asyncio
import json
import math

import pytest

from podium.domain.access import Actor
from podium.domain.run_streams import SILENT_AFTER_MS, Chunk, Intake
from podium.domain.runs import Point
from podium.domain.tracked_runs import RunChange
from podium.errors import InvalidArgument, InvalidState, NotFound
from podium.services import Services
from podium.services.run_control import Alert
from podium.store import run_lines
from support.files import context_of

ADA = Actor("ada")
BEGIN = RunChange(begins=True, host="h", config='{"lr": {"value": 0.1}, "net": {"value": {"depth": 3}}}')


class Tracking:
    """Services, called without awaiting, over a clock that stands still until it is moved."""

    def __init__(self, context, clock):
        self.context, self.clock, self.services = context, clock, Services(context)

    def begin(self, slug="r", change=BEGIN, *, together=False):
        return asyncio.run(self.services.run_upserts.upsert(ADA, "p", slug, change, together=together))

    def send(self, slug="r", **sent):
        return asyncio.run(self.services.run_streams.take(ADA, "p", slug, Intake(**sent)))

    def history(self, offset, *lines, slug="r", **sent):
        return self.send(slug, history=Chunk(offset, list(lines)), **sent)

    def find(self, slug="r"):
        return asyncio.run(self.services.tracked_runs.find(ADA, "p", slug))

    def lines(self, stream="history", slug="r"):
        key = self.find(slug).run.info.id
        rows = asyncio.run(self.context.store.read(lambda tx: run_lines.select_lines(tx, key, stream)))
        return [line for row in rows for line in row.lines]

    def points(self, name, slug="r"):
        run = self.find(slug).run.info.run_id
        history = asyncio.run(self.services.metrics.history(ADA, run, name, limit=None, page_token=None))
        return [(point.step, point.value) for point in history.points]

    def control(self, call, *arguments):
        return asyncio.run(getattr(self.services.run_control, call)(*arguments))


@pytest.fixture
def tracking(store, tmp_path):
    context, clock = context_of(store, tmp_path)
    yield Tracking(context, clock)
    context.blobs.close()


def line(step, **values):
    return json.dumps({"_step": step, "_timestamp": 1_700_000_000 + step, **values})


def test_a_run_and_its_project_are_made_by_name_and_known_to_others_by_an_id(tracking):
    made = tracking.begin("mine")
    assert made.inserted
    run = made.tracked.run
    assert (run.info.slug, len(run.info.run_id)) == ("mine", 32)
    assert run.params == {"lr": "0.1", "net.depth": "3"}
    assert not tracking.begin("mine").inserted


def test_lines_are_kept_as_they_came_and_their_numbers_are_metrics(tracking):
    tracking.begin()
    sent = ['{"_step":0,"loss":NaN,"acc":{"top1":1},"_timestamp":1.7e+09}', '{"_step":1,"loss":-Infinity,"big":1e400}']
    tracking.history(0, *sent)
    assert tracking.lines() == sent
    (_, nan), low = tracking.points("loss")
    assert math.isnan(nan)
    assert low == (1, -math.inf)
    assert tracking.points("acc.top1") == [(0, 1.0)]
    assert {point.key for point in tracking.find().run.metrics} == {"loss", "acc.top1", "big"}


def test_a_chunk_that_comes_again_changes_nothing(tracking):
    tracking.begin()
    for _ in range(2):
        tracking.send(
            history=Chunk(0, [line(0, a=1), line(1, a=2)]),
            events=Chunk(0, ["{}"]),
            console=Chunk(0, ["hello"]),
            summary='{"a": 2, "best": 5}',
            complete=True,
        )
        tracking.clock.now += 1000
    assert tracking.lines() == [line(0, a=1), line(1, a=2)]
    assert tracking.points("a") == [(0, 1.0), (1, 2.0)]
    assert tracking.points("best") == [(0, 5.0)]
    assert (tracking.lines("events"), tracking.lines("console")) == (["{}"], ["hello"])
    run = tracking.find()
    assert (run.state, run.run.info.end_time) == ("finished", tracking.clock.now - 2000)
    assert (run.streams.history_lines, run.streams.event_lines, run.streams.console_lines) == (2, 1, 1)


def test_a_chunk_of_which_a_part_came_before_adds_the_rest(tracking):
    tracking.begin()
    tracking.history(2, line(2, a=2))
    tracking.history(0, *(line(step, a=step) for step in range(5)))
    assert sorted(tracking.lines()) == [line(step, a=step) for step in range(5)]
    assert tracking.points("a") == [(step, float(step)) for step in range(5)]


def test_two_processes_that_resume_a_run_at_once_lose_and_double_nothing(tracking):
    tracking.begin()
    tracking.history(0, line(0, a=0))
    first = [line(step, a=step) for step in range(1, 9)]
    second = [line(step, a=-step) for step in range(1, 9)]
    chunks = [(1, first[:3]), (1, second[:5]), (4, first[3:]), (6, second[5:])]
    for offset, lines in [*chunks, *reversed(chunks)]:
        tracking.history(offset, *lines)
    assert sorted(tracking.lines()) == sorted([line(0, a=0), *first, *second])
    assert len(tracking.points("a")) == 17
    assert tracking.find().streams.history_lines == 9


def test_processes_that_share_a_run_number_their_lines_each_and_keep_what_the_others_said(tracking):
    tracking.begin(together=True)
    other = RunChange(begins=True, host="h2", config='{"seed": {"value": 1}}')
    tracking.begin(change=other, together=True)
    for _ in range(2):
        tracking.history(0, '{"x": 1}', '{"x": 2}', writer="a", summary='{"x": 2, "only_a": 1}')
        tracking.history(0, '{"x": 3}', writer="b", summary='{"x": 3}')
    assert tracking.lines() == ['{"_step":0,"x": 1}', '{"_step":1,"x": 2}', '{"_step":2,"x": 3}']
    assert tracking.points("x") == [(0, 1.0), (1, 2.0), (2, 3.0)]
    run = tracking.find()
    assert run.config == {"lr": {"value": 0.1}, "net": {"value": {"depth": 3}}, "seed": {"value": 1}}
    assert run.summary == {"x": 3, "only_a": 1}
    assert tracking.points("only_a") == [(0, 1.0)]


def test_a_run_that_is_begun_anew_has_nothing_of_what_was_sent_before(tracking):
    tracking.begin()
    tracking.history(0, line(0, a=1), line(1, a=2), summary='{"a": 2, "b": 1}', complete=True, exit_code=1)
    assert tracking.find().state == "failed"
    tracking.begin()
    tracking.history(0, line(0, a=7))
    run = tracking.find()
    assert (run.state, run.summary, run.run.info.end_time) == ("running", {"a": 7.0}, None)
    assert (tracking.lines(), tracking.points("a")) == ([line(0, a=7)], [(0, 7.0)])


def test_a_run_is_resumed_behind_its_last_line(tracking):
    run = tracking.begin().tracked.run.info
    tracking.history(0, line(0, a=1), line(1, a=2), complete=True)
    status = asyncio.run(tracking.services.tracked_runs.resume_status(ADA, "p", "r"))
    assert (status.last_history, status.last_event) == (line(1, a=2), None)
    asyncio.run(tracking.services.run_upserts.change(ADA, run.id, BEGIN))
    tracking.history(2, line(2, a=3))
    assert tracking.find().state == "running"
    assert tracking.points("a") == [(0, 1.0), (1, 2.0), (2, 3.0)]


def test_config_that_changes_changes_the_params_but_for_those_of_others(tracking):
    info = tracking.begin().tracked.run.info
    asyncio.run(tracking.services.runs.log_param(ADA, info.run_id, "mine", "x"))
    tracking.begin(change=RunChange(config='{"lr": {"value": 0.2}, "_wandb": {"value": {"t": {}}}}'))
    run = tracking.find()
    assert run.run.params == {"lr": "0.2", "mine": "x"}
    assert run.config == {"lr": {"value": 0.2}, "_wandb": {"value": {"t": {}}}, "mine": {"value": "x"}}


def test_what_is_not_said_stays(tracking):
    tracking.begin(change=RunChange(begins=True, display_name="nice", notes="n", labels=["a"], group="g", job_type="j"))
    tracking.begin(change=RunChange(config="{}"))
    run = tracking.find().run
    assert run.info.name == "nice"
    assert run.tags == {
        "mlflow.runName": "nice",
        "mlflow.user": "ada",
        "mlflow.note.content": "n",
        "wandb.tags": '["a"]',
        "wandb.group": "g",
        "wandb.jobType": "j",
    }


def test_a_number_of_the_summary_gives_way_to_a_history_of_its_name(tracking):
    tracking.begin()
    tracking.send(summary='{"a": 9, "b": 1}')
    tracking.send(summary='{"a": 10}')
    assert (tracking.points("a"), tracking.points("b")) == ([(0, 10.0)], [])
    tracking.history(0, line(0, a=1), line(1, a=2), summary='{"a": 11}')
    assert tracking.points("a") == [(0, 1.0), (1, 2.0)]


def test_lines_of_the_console_are_written_over(tracking):
    tracking.begin()
    tracking.send(console=Chunk(0, [f"line {number}" for number in range(1200)]))
    tracking.send(console=Chunk(499, ["x", "y\n\0"]))
    tracking.send(console=Chunk(1300, ["far"]))
    lines = tracking.lines("console")
    assert (len(lines), lines[498:502], lines[-1]) == (1201, ["line 498", "x", "y \ufffd", "line 501"], "far")
    assert tracking.find().streams.console_lines == 1301


def test_a_run_whose_heartbeats_stop_has_crashed_until_it_is_heard_of_again(tracking):
    tracking.begin()
    heard = tracking.clock.now
    tracking.clock.now += SILENT_AFTER_MS + 1
    assert (tracking.find().state, tracking.find().run.info.status) == ("crashed", "RUNNING")
    assert not tracking.control("give_up_silent")  # there are no more
    assert not tracking.control("give_up_silent")
    run = tracking.find()
    assert (run.state, run.run.info.status, run.run.info.end_time) == ("crashed", "FAILED", heard)
    tracking.send()
    run = tracking.find()
    assert (run.state, run.run.info.status, run.run.info.end_time) == ("running", "RUNNING", None)


def test_a_run_that_is_about_to_be_preempted_says_so(tracking):
    tracking.begin()
    tracking.send(preempting=True)
    assert tracking.find().state == "preempting"
    tracking.clock.now += SILENT_AFTER_MS + 1
    assert tracking.find().state == "preempted"
    tracking.control("give_up_silent")
    assert tracking.find().state == "preempted"
    tracking.send()
    assert tracking.find().state == "running"


def test_a_run_that_mlflow_made_or_ended_does_not_crash(tracking):
    info = tracking.begin().tracked.run.info
    asyncio.run(tracking.services.runs.update(ADA, info.run_id, status="KILLED", end_time=5, name=None))
    tracking.clock.now += SILENT_AFTER_MS + 1
    tracking.control("give_up_silent")
    assert tracking.find().state == "killed"
    made = asyncio.run(
        tracking.services.runs.create(ADA, str(info.project_id), name="", user_id="", start_time=0, tags={})
    ).info
    point = Point("loss", 0.5, 1, 1)
    asyncio.run(tracking.services.metrics.log_batch(ADA, made.run_id, points=[point], params=[("depth", "4")]))
    run = tracking.find(made.run_id)
    assert (run.state, run.config, run.summary) == ("running", {"depth": {"value": "4"}}, {"loss": 0.5})


def test_a_fork_begins_with_the_history_up_to_its_step(tracking):
    tracking.begin()
    tracking.history(0, *(line(step, a=step) for step in range(10)), summary='{"a": 9}')
    config = '{"_wandb": {"value": {"branch_point": {"run_id": "r", "step": 4}}}}'
    for _ in range(2):  # the first answer may have been lost
        forked = tracking.begin("fork", RunChange(begins=True, host="h", config=config)).tracked
        assert forked.streams.history_lines == 5
    tracking.history(5, line(5, a=50), slug="fork")
    assert tracking.points("a", "fork") == [*((step, float(step)) for step in range(5)), (5, 50.0)]
    assert len(tracking.lines()) == 10
    with pytest.raises(NotFound, match="There is no run 'gone'"):
        tracking.begin("other", RunChange(begins=True, host="h", config=config.replace('"r"', '"gone"')))


def test_a_run_is_rewound_to_a_step(tracking):
    tracking.begin()
    tracking.history(0, *(line(step, a=step) for step in range(10)))
    rewound = tracking.control("rewind", ADA, "p", "r", 4)
    assert rewound.streams.history_lines == 5
    assert rewound.summary == {"a": 4.0}
    tracking.history(5, line(5, a=50))
    assert tracking.lines() == [*(line(step, a=step) for step in range(5)), line(5, a=50)]
    assert tracking.points("a")[-1] == (5, 50.0)


def test_a_process_is_told_to_stop_until_its_run_begins_anew(tracking):
    info = tracking.begin().tracked.run.info
    assert not tracking.send()
    tracking.control("stop", ADA, info.id)
    assert tracking.send()
    tracking.begin()
    assert not tracking.send()


def test_a_deleted_run_is_found_by_none_and_begun_by_none(tracking):
    info = tracking.begin().tracked.run.info
    tracking.control("delete", ADA, info.id)
    assert tracking.find() is None
    with pytest.raises(InvalidState, match="was deleted"):
        tracking.begin()
    with pytest.raises(NotFound, match="or it is deleted"):
        tracking.send()


def test_heartbeats_do_not_make_listings_show_the_run_anew(tracking):
    before = tracking.begin().tracked.run.info.revision
    tracking.send(events=Chunk(0, ["{}"]), console=Chunk(0, ["hello"]))
    tracking.send()
    assert tracking.find().run.info.revision == before
    tracking.history(0, line(0, a=1))
    assert tracking.find().run.info.revision == before + 1


def test_all_that_was_sent_goes_with_the_run(tracking):
    info = tracking.begin().tracked.run.info
    tracking.history(0, line(0, a=1), summary='{"a": 1, "b": 2}', events=Chunk(0, ["{}"]))
    tracking.control("delete", ADA, info.id)
    tracking.clock.advance(days=31)
    assert asyncio.run(tracking.services.retention.collect(30 * 24 * 3600 * 1000)).runs == 1

    def left(tx):
        tables = ("runs", "run_streams", "run_documents", "run_lines", "metrics", "latest_metrics")
        return [tx.value(f"SELECT COUNT(*) FROM {table}") for table in tables]

    assert asyncio.run(tracking.context.store.read(left)) == [0] * 6


def test_what_cannot_be_taken_is_refused(tracking):
    tracking.begin()
    for bad, message in (("[]", "a JSON object"), ("{", "no JSON"), ('{"a":' * 200 + "1" + "}" * 200, "nested")):
        with pytest.raises(InvalidArgument, match=message):
            tracking.history(0, bad)
    with pytest.raises(InvalidArgument, match="'offset' is -1"):
        tracking.history(-1, "{}")
    with pytest.raises(InvalidArgument, match="a run's id"):
        tracking.begin("a/b")
    with pytest.raises(NotFound, match="no run 'missing'"):
        tracking.send("missing")


def test_integers_of_any_length_are_numbers(tracking):
    tracking.begin()
    tracking.history(0, '{"_step":0,"a":' + "9" * 400 + ',"b":' + "9" * 30 + "}")
    assert tracking.points("a") == [(0, math.inf)]
    assert tracking.points("b") == [(0, float("9" * 30))]


def test_lines_without_a_step_that_come_twice_are_kept_once(tracking):
    tracking.begin()
    for _ in range(3):
        tracking.history(0, '{"loss":1.0}', '{"loss":2.0}')
    assert tracking.lines() == ['{"_step":0,"loss":1.0}', '{"_step":1,"loss":2.0}']
    tracking.history(0, '{"loss":3.0}', '{"loss":2.0}')  # of another process
    assert tracking.points("loss") == [(0, 1.0), (1, 2.0), (2, 3.0)]


def test_lines_that_nobody_could_read_or_count_are_refused(tracking):
    tracking.begin()
    for lines in (["NaN"], ['{"x":NaN'], ["{}"] * 30 + ["[]"]):
        with pytest.raises(InvalidArgument, match=r"wandb-events\.jsonl"):
            tracking.send(events=Chunk(0, lines))
    for sent in ({"history": Chunk(2**31 - 1, ["{}"])}, {"console": Chunk(2**53, ["x"])}):
        with pytest.raises(InvalidArgument, match="offset"):
            tracking.send(**sent)
    tracking.send(events=Chunk(0, ['{"system.cpu":NaN}']))
    assert tracking.lines("events") == ['{"system.cpu":NaN}']


@pytest.mark.parametrize("field", ["title", "text"])
@pytest.mark.parametrize("value", ["x" * 20_001, "a\0"])
def test_an_alert_is_no_longer_than_an_event_should_be(tracking, field, value):
    tracking.begin()
    said = {"title": "t" * 500, "text": "x" * 20_000, "severity": "INFO"}
    tracking.control("alert", ADA, "p", "r", Alert(**said))
    with pytest.raises(InvalidArgument, match=f"'{field}'"):
        tracking.control("alert", ADA, "p", "r", Alert(**{**said, field: value}))
