"""The search grammar of traces. `parse_trace_filter(text)`, `parse_order(clauses, TRACES)`.

    attribute  request_id | trace_id, status -> state, client_request_id, timestamp[_ms] -> request_time n,
               execution_time[_ms] -> duration_ms n, end_time[_ms] -> ended_at n, experiment_id -> project_id i,
               name -> tag mlflow.traceName, run_id -> metadata mlflow.sourceRun or a link to the run,
               prompt = 'name/version', text LIKE (within the spans)
    tag, metadata | request_metadata (params of the tree)
    span       name, type, status, content, attributes.<key> (LIKE and ILIKE)
    feedback.<name>, expectation.<name>: text, number or boolean in quotes; issue.id

An attribute's prefix is attribute(s), trace or none. Conditions on spans are about one and the same span. Other than
MLflow: there is no RLIKE, because SQLite knows no regular expressions.
"""

from podium.domain.filters import And, Comparison, Exists, Field, FieldKind, Node, Operator, Or
from podium.domain.traces import NAME_TAG, SOURCE_RUN_METADATA
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar.entities import Attribute, Entity, ValueType, clip
from podium.protocols.mlflow.grammar.filters import parse_filter
from podium.protocols.mlflow.grammar.tokens import unquote

_ATTRIBUTE_PREFIXES = ("attribute", "attributes", "attr", "trace")
_METADATA_PREFIXES = ("metadata", "request_metadata")
_RELATED = {
    "span": ValueType.TEXT,
    "feedback": ValueType.ANY,
    "expectation": ValueType.ANY,
    "issue": ValueType.TEXT,
    "prompt": ValueType.TEXT,
}
_PREFIXES = ["tag", *_ATTRIBUTE_PREFIXES, *_METADATA_PREFIXES, "span", "feedback", "expectation", "issue"]
_SPAN_COLUMNS = ("name", "type", "status", "content")
_SPAN_ATTRIBUTE = "attributes."
_ELSEWHERE = {
    "name": Field(FieldKind.TAG, NAME_TAG),
    "run_id": Field(FieldKind.PARAM, SOURCE_RUN_METADATA),
    "prompt": Field(FieldKind.ATTRIBUTE, "prompt.version"),
    "text": Field(FieldKind.ATTRIBUTE, "span.content"),
}
_RUN = _ELSEWHERE["run_id"]


class _TraceEntity(Entity, frozen=True):
    """Traces have kinds of fields that nothing else has; those come out as attributes with a prefix."""

    def resolve(self, identifier: str) -> tuple[Field, ValueType]:
        prefix, dot, key = identifier.partition(".")
        prefix, key = unquote(prefix), unquote(key)
        if not dot or prefix in _ATTRIBUTE_PREFIXES:
            return self._own(key if dot else prefix)
        if prefix in ("tag", "tags"):
            return Field(FieldKind.TAG, key), ValueType.OPTIONAL_TEXT
        if prefix in _METADATA_PREFIXES:
            return Field(FieldKind.PARAM, key), ValueType.OPTIONAL_TEXT
        if prefix in _RELATED and prefix != "prompt":
            return Field(FieldKind.ATTRIBUTE, f"{prefix}.{key}"), _RELATED[prefix]
        raise InvalidArgument(f"Invalid entity type '{clip(prefix)}'. Valid values are {_PREFIXES}")

    def _own(self, key: str) -> tuple[Field, ValueType]:
        if key in _ELSEWHERE:
            return _ELSEWHERE[key], ValueType.TEXT
        return self._attribute(key)


_TIME = Attribute("request_time", ValueType.NUMBER)
_DURATION = Attribute("duration_ms", ValueType.NUMBER)
_END = Attribute("ended_at", ValueType.NUMBER)

TRACES = _TraceEntity(
    attributes={
        "request_id": Attribute("trace_id"),
        "trace_id": Attribute("trace_id"),
        "status": Attribute("state"),
        "client_request_id": Attribute("client_request_id"),
        "timestamp": _TIME,
        "timestamp_ms": _TIME,
        "execution_time": _DURATION,
        "execution_time_ms": _DURATION,
        "end_time": _END,
        "end_time_ms": _END,
        "experiment_id": Attribute("project_id", ValueType.ID),
    },
    kinds=(FieldKind.ATTRIBUTE, FieldKind.TAG, FieldKind.PARAM),
    sort_kinds=(FieldKind.ATTRIBUTE, FieldKind.TAG, FieldKind.PARAM),
)


def parse_trace_filter(text: str | None) -> And:
    """Return what a filter string asks of traces, their spans, assessments and links.

    Raises InvalidArgument, worded as MLflow words it, for whatever is no filter of traces.
    """
    items: list[Node] = []
    of_spans: list[Node] = []
    for item in parse_filter(text, TRACES).items:
        assert isinstance(item, Comparison), "the parser makes nothing else"
        prefix, _, key = item.field.key.partition(".")
        if item.field == _RUN and item.operator is Operator.EQ:
            link = And((_is("kind", "run"), _is("target", item.value)))
            items.append(Or((item, Exists("link", link))))
        elif item.field.kind is not FieldKind.ATTRIBUTE or prefix not in _RELATED:
            items.append(item)
        elif prefix == "span":
            of_spans.append(_of_span(key, item))
        else:
            items.append(_of_related(prefix, key, item))
    if of_spans:
        items.append(Exists("span", And(tuple(of_spans))))
    return And(tuple(items))


def _of_span(key: str, item: Comparison) -> Comparison:
    if key in _SPAN_COLUMNS:
        return Comparison(Field(FieldKind.ATTRIBUTE, key), item.operator, item.value)
    name = unquote(key.removeprefix(_SPAN_ATTRIBUTE))
    if name == key or not name:
        valid = f"{', '.join(_SPAN_COLUMNS)}, {_SPAN_ATTRIBUTE}<attribute_name>"
        raise InvalidArgument(f"Invalid span attribute '{clip(key)}'. Supported attributes: {valid}.")
    if item.operator not in (Operator.LIKE, Operator.ILIKE):
        raise InvalidArgument(f"span.{clip(key)} comparator '{item.operator}' not one of ['LIKE', 'ILIKE']")
    return Comparison(Field(FieldKind.ATTRIBUTE, "content"), item.operator, f'%"{name}"{item.value}%')


def _of_related(prefix: str, key: str, item: Comparison) -> Node:
    if prefix in ("issue", "prompt"):
        if item.operator is not Operator.EQ or key not in ("id", "version"):
            raise InvalidArgument(f"Invalid comparator '{item.operator}' for '{prefix}'. Only '=' is supported.")
        if prefix == "prompt":
            return Exists("link", And((_is("kind", "prompt"), _is("target", item.value))))
        return Exists("assessment", And((_is("kind", "issue"), _is("name", item.value))))
    named: tuple[Node, ...] = (_is("kind", prefix), _is("name", key), _is("valid", 1))
    if item.value is None:
        return Exists("assessment", And(named), negated=item.operator is Operator.IS_NULL)
    column = "value_number" if isinstance(item.value, int | float) else "value_text"
    value = Comparison(Field(FieldKind.ATTRIBUTE, column), item.operator, item.value)
    return Exists("assessment", And((*named, value)))


def _is(column: str, value: str | float | tuple[str, ...] | tuple[int, ...] | None) -> Comparison:
    return Comparison(Field(FieldKind.ATTRIBUTE, column), Operator.EQ, value)
