"""Traces: taken in whole or span by span, in any order, and found again."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from podium.domain.access import Actor
from podium.domain.filters import And
from podium.domain.traces import Assessment, Span, Trace
from podium.errors import InvalidArgument, NotFound
from podium.protocols.mlflow.grammar import parse_order
from podium.protocols.mlflow.grammar.traces import TRACES, parse_trace_filter
from podium.services.assessments import Assessments, AssessmentUpdate, Verdict
from podium.services.context import Context
from podium.services.runs import Runs
from podium.services.searching import Search
from podium.services.traces import Traces
from podium.store.engine import Store
from support.files import context_of

ACTOR = Actor("ada")
PROJECT = "0"


@pytest.fixture
def context(store: Store, tmp_path: Path) -> Context:
    context, _ = context_of(store, tmp_path)
    return msgspec.structs.replace(context, clock=lambda: 5_000)


@pytest.fixture
def traces(context: Context) -> Traces:
    return Traces(context)


def span(number: int, *, parent: int | None = None, start_ms: int = 1_000, end_ms: int = 2_000, **rest) -> Span:
    fields = {"name": f"step {number}", "status_code": "OK", "status_message": "", "attributes": {}, **rest}
    return Span(
        trace_id="a" * 32,
        span_id=f"{number:016x}",
        parent_id=None if parent is None else f"{parent:016x}",
        start_ns=start_ms * 1_000_000,
        end_ns=end_ms * 1_000_000,
        **fields,
    )


def told(trace_id: str = "tr-1", **changes) -> Trace:
    trace = Trace(0, trace_id, 0, 1_000, 500, "OK", None, "in", "out")
    return msgspec.structs.replace(trace, **changes)


def feedback(trace_id: str, name: str, value, **changes) -> Assessment:
    source = {"source_type": "HUMAN", "source_id": "ada", "rationale": None, "span_id": None}
    times = {"created_at": 1, "updated_at": 1}
    made = Assessment(
        "", trace_id, "feedback", name, value, error=None, metadata={}, overrides=None, valid=True, **source, **times
    )
    return msgspec.structs.replace(made, **changes)


def found(traces: Traces, text: str = "", order: tuple[str, ...] = ()) -> str:
    search = Search(parse_trace_filter(text), parse_order(order, TRACES))
    page = asyncio.run(traces.search(ACTOR, [PROJECT], search))
    return " ".join(trace.trace_id for trace in page.items)


def test_spans_make_a_trace_that_grows_until_it_is_told_whole(traces: Traces):
    asyncio.run(traces.log_spans(ACTOR, PROJECT, {"tr-1": [span(2, parent=1, start_ms=1_100, end_ms=1_200)]}))
    early = asyncio.run(traces.get(ACTOR, "tr-1"))
    assert (early.state, early.request_time, early.duration_ms) == ("IN_PROGRESS", 1_100, 100)

    root = span(1, status_code="ERROR", attributes={"mlflow.spanInputs": '{"q": 1}'})
    asyncio.run(traces.log_spans(ACTOR, PROJECT, {"tr-1": [root]}))
    grown = asyncio.run(traces.get(ACTOR, "tr-1"))
    assert (grown.state, grown.request_time, grown.duration_ms) == ("ERROR", 1_000, 1_000)
    assert grown.request_preview == '{"q": 1}'
    assert grown.tags["mlflow.artifactLocation"] == "mlflow-artifacts:/0/traces/tr-1/artifacts"

    whole = asyncio.run(traces.start(ACTOR, PROJECT, told(state="OK", metadata={"user": "ada"}, request_preview=None)))
    assert (whole.state, whole.duration_ms, whole.metadata) == ("OK", 500, {"user": "ada"})
    assert whole.request_preview == '{"q": 1}'

    asyncio.run(traces.log_spans(ACTOR, PROJECT, {"tr-1": [span(3, parent=1, end_ms=9_000)]}))
    assert asyncio.run(traces.get(ACTOR, "tr-1")).duration_ms == 500
    spans = asyncio.run(traces.get_whole(ACTOR, "tr-1", partial=False)).spans
    assert [one.name for one in spans] == ["step 1", "step 3", "step 2"]


def test_a_trace_whose_spans_did_not_all_come_is_given_in_part_only_when_asked(traces: Traces, monkeypatch):
    monkeypatch.setattr("podium.services.traces._WAITS_S", (0, 0))
    stats = {"mlflow.trace.sizeStats": '{"num_spans": 2}'}
    asyncio.run(traces.start(ACTOR, PROJECT, told(metadata=stats)))
    asyncio.run(traces.log_spans(ACTOR, PROJECT, {"tr-1": [span(1)]}))
    with pytest.raises(NotFound, match="not fully exported"):
        asyncio.run(traces.get_whole(ACTOR, "tr-1", partial=False))
    assert len(asyncio.run(traces.get_whole(ACTOR, "tr-1", partial=True)).spans) == 1
    assert asyncio.run(traces.list_whole(ACTOR, ["tr-1"])) == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", "c b a"),
        ("status = 'ERROR'", "b"),
        ("trace.status != 'ERROR' AND timestamp > 100", "c"),
        ("name LIKE 'chat%'", "b a"),
        ("execution_time >= 20", "c b"),
        ("end_time < 120", "a"),
        ("tag.team = 'x'", "a"),
        ("tags.team IS NULL", "c b"),
        ("metadata.`mlflow.user` = 'ada'", "b"),
        ("request_id IN ('a', 'c')", "c a"),
        ("span.name = 'ask' AND span.type = 'LLM'", "a"),
        ("span.name = 'ask' AND span.status = 'ERROR'", ""),
        ("trace.text LIKE '%forty-two%'", "b"),
        ("span.attributes.model LIKE '%small%'", "a"),
        ("feedback.score > 0.5", "a"),
        ("feedback.score = '0.25'", "b"),
        ("feedback.helpful = 'yes'", "c"),
        ("feedback.score IS NULL", "c"),
        ("feedback.gone IS NOT NULL", ""),
        ("expectation.answer = '42'", "c"),
        ("prompt = 'ask/2'", "b"),
    ],
)
def test_filters_find_exactly_their_traces(context: Context, traces: Traces, text: str, ids: str):
    asyncio.run(_fill(traces, Assessments(context)))
    assert found(traces, text) == ids


async def _fill(traces: Traces, assessments: Assessments) -> None:
    name = "mlflow.traceName"
    await traces.start(ACTOR, PROJECT, told("a", request_time=100, duration_ms=10, tags={name: "chat 1", "team": "x"}))
    b = told("b", request_time=200, duration_ms=20, state="ERROR", tags={name: "chat 2"})
    await traces.start(ACTOR, PROJECT, msgspec.structs.replace(b, metadata={"mlflow.user": "ada"}))
    await traces.start(ACTOR, PROJECT, told("c", request_time=300, duration_ms=30, tags={name: "batch"}))
    kind = {"mlflow.spanType": '"LLM"', "model": '"small-1"'}
    await traces.log_spans(
        ACTOR,
        PROJECT,
        {
            "a": [span(1, name="ask", attributes=kind), span(2, parent=1, status_code="ERROR")],
            "b": [span(1, attributes={"mlflow.spanOutputs": '"forty-two"'})],
        },
    )
    for one in (
        feedback("a", "score", 0.75),
        feedback("b", "score", 0.25),
        feedback("c", "helpful", "yes"),
        feedback("c", "answer", 42, kind="expectation"),
    ):
        await assessments.create(ACTOR, one)
    await traces.link_prompts(ACTOR, "b", [("ask", "2")])


def test_a_runs_traces_are_those_made_within_it_and_those_linked_to_it(context: Context, traces: Traces):
    run = asyncio.run(Runs(context).create(ACTOR, PROJECT, name="r", user_id="ada", start_time=1, tags={}))
    asyncio.run(traces.start(ACTOR, PROJECT, told("a", metadata={"mlflow.sourceRun": run.info.run_id})))
    asyncio.run(traces.start(ACTOR, PROJECT, told("b", request_time=1_001)))
    asyncio.run(traces.start(ACTOR, PROJECT, told("c", request_time=1_002)))
    asyncio.run(traces.link_to_run(ACTOR, ["b", "unknown"], run.info.run_id))
    asyncio.run(traces.link_to_run(ACTOR, ["b"], run.info.run_id))
    assert found(traces, f"run_id = '{run.info.run_id}'", ("timestamp ASC",)) == "a b"
    with pytest.raises(NotFound):
        asyncio.run(traces.link_to_run(ACTOR, ["b"], "nowhere"))


def test_deleting_takes_the_oldest_first_and_their_spans_with_them(traces: Traces):
    for number in range(4):
        asyncio.run(traces.start(ACTOR, PROJECT, told(f"t{number}", request_time=number)))
    asyncio.run(traces.log_spans(ACTOR, PROJECT, {"t0": [span(1)]}))

    def delete(**what) -> int:
        chosen = {"before": None, "trace_ids": [], "most": None, **what}
        return asyncio.run(traces.delete(ACTOR, PROJECT, **chosen))

    assert delete(before=2, most=1) == 1
    assert found(traces) == "t3 t2 t1"
    assert delete(trace_ids=["t3", "none"]) == 1
    assert delete(before=1) == 1
    assert found(traces) == "t2"
    for wrong in ({}, {"before": 1, "trace_ids": ["t2"]}, {"before": 1, "most": 0}, {"trace_ids": ["t2"], "most": 1}):
        with pytest.raises(InvalidArgument):
            delete(**wrong)


def test_how_two_conditions_go_together(traces: Traces):
    for number in range(10):
        tags = {"env": "prod" if number < 6 else "dev", "tool": "yes" if number < 7 else "no"}
        asyncio.run(traces.start(ACTOR, PROJECT, told(f"t{number}", tags=tags)))

    def correlate(first: str, second: str):
        sides = parse_trace_filter(first), parse_trace_filter(second)
        return asyncio.run(traces.correlate(ACTOR, [PROJECT], *sides, And()))

    both = correlate("tag.env = 'prod'", "tag.tool = 'yes'")
    assert (both.total, both.first, both.second, both.both) == (10, 6, 7, 6)
    assert both.npmi == pytest.approx(0.698, abs=0.001)
    assert 0 < both.npmi_smoothed < both.npmi
    assert correlate("tag.env = 'prod'", "tag.tool = 'no'").npmi == -1
    nothing = correlate("tag.env = 'none'", "tag.tool = 'no'")
    assert nothing.npmi != nothing.npmi
    assert correlate("", "").npmi == 1


def test_an_override_counts_in_place_of_what_it_overrides_until_it_is_deleted(context: Context, traces: Traces):
    assessments = Assessments(context)
    asyncio.run(traces.start(ACTOR, PROJECT, told()))
    first = asyncio.run(assessments.create(ACTOR, feedback("tr-1", "score", {"rating": None})))
    second = asyncio.run(assessments.create(ACTOR, feedback("tr-1", "score", 3, overrides=first.assessment_id)))
    assert [one.valid for one in asyncio.run(traces.get(ACTOR, "tr-1")).assessments] == [False, True]

    update = AssessmentUpdate(verdict=Verdict("feedback", 4), metadata={"by": "hand"})
    changed = asyncio.run(assessments.update(ACTOR, "tr-1", second.assessment_id, update))
    assert (changed.value, changed.metadata, changed.updated_at) == (4, {"by": "hand"}, 5_000)
    wrong = AssessmentUpdate(verdict=Verdict("expectation", 4))
    with pytest.raises(InvalidArgument, match="Cannot update expectation"):
        asyncio.run(assessments.update(ACTOR, "tr-1", second.assessment_id, wrong))

    asyncio.run(assessments.delete(ACTOR, "tr-1", second.assessment_id))
    kept = asyncio.run(assessments.get(ACTOR, "tr-1", first.assessment_id))
    assert (kept.valid, kept.value) == (True, {"rating": None})
    with pytest.raises(NotFound):
        asyncio.run(assessments.get(ACTOR, "tr-1", second.assessment_id))


def test_traces_of_another_team_are_not_there(context: Context, traces: Traces):
    asyncio.run(traces.start(ACTOR, PROJECT, told()))
    asyncio.run(context.store.write(_add_team))
    stranger = Actor("eve", team="others")
    with pytest.raises(NotFound):
        asyncio.run(traces.get(stranger, "tr-1"))
    assert asyncio.run(traces.search(stranger, [PROJECT], Search(And()))).items == []
    with pytest.raises(NotFound):
        asyncio.run(traces.set_tag(stranger, "tr-1", "k", "v"))
    with pytest.raises(NotFound):
        asyncio.run(Assessments(context).create(stranger, feedback("tr-1", "score", 1)))


def _add_team(tx) -> None:
    tx.run("INSERT INTO teams (name, created_at, updated_at) VALUES ('others', 0, 0)")
