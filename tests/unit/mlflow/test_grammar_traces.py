"""The search grammar of traces: what it refuses, and how conditions on related rows come together."""

import pytest

from podium.domain.filters import And, Comparison, Exists, Field, FieldKind, Operator, Or, Order
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar import parse_order
from podium.protocols.mlflow.grammar.traces import TRACES, parse_trace_filter


def column(name: str) -> Field:
    return Field(FieldKind.ATTRIBUTE, name)


def test_conditions_on_spans_are_about_one_span():
    text = "span.name = 'a' AND status = 'OK' AND span.attributes.`x.y` ILIKE '%v%' AND trace.text LIKE 'z'"
    assert parse_trace_filter(text) == And(
        (
            Comparison(column("state"), Operator.EQ, "OK"),
            Exists(
                "span",
                And(
                    (
                        Comparison(column("name"), Operator.EQ, "a"),
                        Comparison(column("content"), Operator.ILIKE, '%"x.y"%v%%'),
                        Comparison(column("content"), Operator.LIKE, "z"),
                    )
                ),
            ),
        )
    )


def test_a_run_is_found_by_metadata_or_link():
    [either] = parse_trace_filter("run_id = 'r'").items
    assert isinstance(either, Or)
    assert [type(item) for item in either.items] == [Comparison, Exists]
    [other] = parse_trace_filter("attribute.run_id != 'r'").items
    assert other == Comparison(Field(FieldKind.PARAM, "mlflow.sourceRun"), Operator.NE, "r")


def test_orders():
    found = parse_order(["timestamp DESC", "name", "tag.`a b`"], TRACES)
    assert found == (
        Order(column("request_time"), ascending=False),
        Order(Field(FieldKind.TAG, "mlflow.traceName")),
        Order(Field(FieldKind.TAG, "a b")),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("invalid.filter = 'x'", "Invalid entity type 'invalid'"),
        ("trace.colour = 'x'", "Invalid attribute key 'colour'"),
        ("span.colour = 'x'", "Invalid span attribute 'colour'"),
        ("span.attributes. = 'x'", "Invalid"),
        ("span.attributes.a = 'x'", "comparator '=' not one of"),
        ("span.name IS NULL", "IS NULL"),
        ("status RLIKE 'x'", "Invalid comparator 'RLIKE'"),
        ("timestamp > 'soon'", "Expected numeric"),
        ("prompt LIKE 'x'", "Only '=' is supported"),
        ("issue.name = 'x'", "Only '=' is supported"),
        ("prompt.version = 'x'", "Invalid entity type 'prompt'"),
        ("status = OK", "not quoted"),
    ],
)
def test_what_is_no_filter_is_refused(text: str, message: str):
    with pytest.raises(InvalidArgument, match=message):
        parse_trace_filter(text)


def test_spans_cannot_be_sorted_by():
    with pytest.raises(InvalidArgument):
        parse_order(["metric.x"], TRACES)
