"""Tracing with the unmodified client of mlflow 3.17, and what older clients send."""

import gzip
import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# The client stops tracing at a warning that is an error, and OpenTelemetry warns.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def tracing(mlflow, monkeypatch: pytest.MonkeyPatch):
    """mlflow, sending each trace before the traced function returns."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    mlflow.set_experiment("tracing")
    mlflow.tracing.disable()  # forgets the server of the test before
    mlflow.tracing.enable()
    yield mlflow
    mlflow.tracing.disable()


def traced(mlflow) -> str:
    """The id of the trace of one call."""

    @mlflow.trace(span_type="TOOL")
    def look_up(word: str) -> dict:
        return {"word": word, "found": [1, 2.5, None]}

    @mlflow.trace(attributes={"model": "small"})
    def answer(question: str) -> str:
        return f"{look_up(question)['word']}!"

    answer("Wörter?")
    return mlflow.get_last_active_trace_id()


def test_a_traced_call_is_searched_and_read_back(tracing):
    trace_id = traced(tracing)
    trace = tracing.get_trace(trace_id)
    assert (trace.info.state, trace.info.request_preview, trace.info.response_preview) == (
        "OK",
        '{"question": "Wörter?"}',
        '"Wörter?!"',
    )
    root, child = trace.data.spans
    assert (root.name, root.inputs, root.outputs) == ("answer", {"question": "Wörter?"}, "Wörter?!")
    assert (child.name, child.span_type, child.parent_id) == ("look_up", "TOOL", root.span_id)
    assert child.outputs == {"word": "Wörter?", "found": [1, 2.5, None]}
    assert root.attributes["model"] == "small"

    table = tracing.search_traces(filter_string="trace.status = 'OK' AND span.type = 'TOOL'")
    assert list(table["trace_id"]) == [trace_id]
    assert len(tracing.search_traces(filter_string="span.name = 'nothing'")) == 0


def test_a_failed_call_is_a_trace_with_its_error(tracing):
    @tracing.trace
    def fail():
        raise ValueError("no such word")

    with pytest.raises(ValueError, match="no such word"):
        fail()
    trace = tracing.get_trace(tracing.get_last_active_trace_id())
    assert trace.info.state == "ERROR"
    [span] = trace.data.spans
    assert "no such word" in span.status.description
    assert [event.name for event in span.events] == ["exception"]


def test_feedback_and_expectations_come_back_with_the_trace(tracing):
    trace_id = traced(tracing)
    source = tracing.entities.AssessmentSource("HUMAN", "ada")
    tracing.log_feedback(trace_id=trace_id, name="good", value=True, rationale="short", source=source)
    tracing.log_expectation(trace_id=trace_id, name="answer", value={"text": "Wörter!"}, source=source)
    [good] = [one for one in tracing.get_trace(trace_id).info.assessments if one.name == "good"]
    changed = tracing.entities.Feedback(name="good", value=False, source=source)
    tracing.update_assessment(trace_id, good.assessment_id, changed)
    by_name = {assessment.name: assessment for assessment in tracing.get_trace(trace_id).info.assessments}
    assert (by_name["good"].value, by_name["good"].source.source_id) == (False, "ada")
    assert by_name["answer"].value == {"text": "Wörter!"}
    assert len(tracing.search_traces(filter_string="feedback.good = 'false'")) == 1
    tracing.delete_assessment(trace_id, good.assessment_id)
    assert [assessment.name for assessment in tracing.get_trace(trace_id).info.assessments] == ["answer"]


def test_traces_are_tagged_and_deleted(tracing, client, http):
    trace_id = traced(tracing)
    experiment_id = tracing.get_experiment_by_name("tracing").experiment_id
    client.set_trace_tag(trace_id, "topic", "words")
    assert client.get_trace(trace_id).info.tags["topic"] == "words"
    client.delete_trace_tag(trace_id, "topic")
    assert "topic" not in client.get_trace(trace_id).info.tags
    kept = {"key": "mlflow.trace.spansLocation", "value": "elsewhere"}
    assert "immutable" in http.patch(f"/api/2.0/mlflow/traces/{trace_id}/tags", json=kept).json()["message"]
    assert client.delete_traces(experiment_id, trace_ids=[trace_id]) == 1
    assert tracing.get_trace(trace_id) is None


def test_a_page_downloads_the_spans_as_a_file(tracing, http):
    trace_id = traced(tracing)
    answer = http.get("/ajax-api/3.0/mlflow/get-trace-artifact", params={"request_id": trace_id})
    assert answer.headers["content-disposition"] == "attachment; filename=traces.json"
    spans = tracing.entities.trace_data.TraceData.from_dict(answer.json()).spans
    assert [span.to_dict() for span in spans] == [span.to_dict() for span in tracing.get_trace(trace_id).data.spans]
    missing = http.get("/ajax-api/2.0/mlflow/get-trace-artifact", params={"request_id": trace_id, "path": "none.png"})
    assert missing.status_code == 404


def test_a_trace_whose_client_keeps_spans_in_a_file(http):
    """Clients before 3.4 upload `traces.json` to where the server says."""
    info = {
        "trace_id": "tr-1",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}},
        "request_time": "2026-11-01T12:00:00.123456789Z",
        "execution_duration": "1.25s",
        "state": "OK",
    }
    started = http.post("/api/3.0/mlflow/traces", json={"trace": {"trace_info": info}}).json()["trace"]["trace_info"]
    assert started["request_time"] == "2026-11-01T12:00:00.123Z"
    assert started["execution_duration"] == "1.250s"
    location = started["tags"]["mlflow.artifactLocation"].removeprefix("mlflow-artifacts:/")
    http.put(f"/api/2.0/mlflow-artifacts/artifacts/{location}/traces.json", content=b'{"spans": []}').raise_for_status()
    answer = http.get("/ajax-api/2.0/mlflow/get-trace-artifact", params={"request_id": "tr-1"})
    assert answer.json() == {"spans": []}


def test_the_older_protocol_starts_and_ends_a_trace(http):
    start = {"experiment_id": "0", "timestamp_ms": 1000, "tags": [{"key": "a", "value": "1"}]}
    info = http.post("/api/2.0/mlflow/traces", json=start).json()["trace_info"]
    assert (info["status"], info["execution_time_ms"]) == ("IN_PROGRESS", 0)
    end = {"timestamp_ms": 3000, "status": "OK", "request_metadata": [{"key": "m", "value": "2"}]}
    http.patch(f"/api/2.0/mlflow/traces/{info['request_id']}", json=end).raise_for_status()
    [found] = http.get("/api/2.0/mlflow/traces", params={"experiment_ids": "0"}).json()["traces"]
    assert (found["status"], found["execution_time_ms"]) == ("OK", 2000)
    assert found["request_metadata"] == [{"key": "m", "value": "2"}]
    assert http.get(f"/api/2.0/mlflow/traces/{found['request_id']}/info").json()["trace_info"] == found


def test_spans_come_compressed_and_broken(http):
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.add(trace_id=b"\x01" * 16, span_id=b"\x02" * 8, name="n")
    headers = {"content-type": "application/x-protobuf", "x-mlflow-experiment-id": "0", "content-encoding": "gzip"}
    body = gzip.compress(request.SerializeToString())
    assert http.post("/v1/traces", content=body, headers=headers).status_code == 200
    trace = http.get("/api/3.0/mlflow/traces/get", params={"trace_id": f"tr-{'01' * 16}"}).json()["trace"]
    assert trace["spans"][0]["name"] == "n"
    for changes, content in (
        ({"content-encoding": "br"}, body),
        ({}, b"not gzip"),
        ({"content-type": "application/json"}, b"{}"),
        ({"x-mlflow-experiment-id": ""}, body),
    ):
        refused = http.post("/v1/traces", content=content, headers={**headers, **changes})
        assert (refused.status_code, json.loads(refused.content)["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
