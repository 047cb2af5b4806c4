"""Any filter tree written as MLflow's text reads back as the same tree; any other text is refused, never a failure."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.domain.filters import (
    And,
    Comparison,
    Field,
    FieldKind,
    Operator,
    Order,
    decode_cursor,
    encode_cursor,
    query_digest,
)
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    OrderBy,
    parse_filter,
    parse_logged_model_order,
    parse_order,
)
from podium.protocols.mlflow.grammar.entities import OPERATORS, ValueType

ENTITIES = [RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS, EVALUATION_DATASETS]
PREFIXES = {
    FieldKind.METRIC: ["metric", "metrics"],
    FieldKind.PARAM: ["param", "params", "parameter", "parameters"],
    FieldKind.TAG: ["tag", "tags"],
    FieldKind.DATASET: ["dataset", "datasets"],
}
INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
# Quotes, backslashes and what the grammar is made of come often.
TEXT = st.text(st.one_of(st.sampled_from("'\"`\\.;(),= "), st.characters(exclude_characters="\0", codec="utf-8")))


def quoted(text: str, quote: str) -> str:
    return quote + text.replace(quote, quote * 2) + quote


def values(value_type: ValueType, operator: Operator):
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return st.none()
    value = {
        ValueType.METRIC: FLOATS,
        ValueType.NUMBER: st.one_of(INT64, FLOATS),
        ValueType.ID: INT64,
    }.get(value_type, TEXT)
    if operator in (Operator.IN, Operator.NOT_IN):
        return st.lists(value, min_size=1, max_size=4).map(tuple)
    return value


@st.composite
def written_fields(draw, entity, kinds):
    """A field, its type, and a way to write it."""
    kind = draw(st.sampled_from(kinds))
    if kind is FieldKind.ATTRIBUTE:
        name, found = draw(st.sampled_from(sorted(entity.attributes.items())))
        return Field(kind, found.key), found.type, draw(st.sampled_from(["`{}`", '"{}"', "run.`{}`"])).format(name)
    key = draw(st.sampled_from(["name", "digest", "context"]) if kind is FieldKind.DATASET else TEXT)
    value_type = {FieldKind.METRIC: ValueType.METRIC, FieldKind.DATASET: ValueType.TEXT}.get(
        kind, ValueType.OPTIONAL_TEXT
    )
    prefix, quote = draw(st.sampled_from(PREFIXES[kind])), draw(st.sampled_from("`\"'"))
    return Field(kind, key), value_type, f"{prefix}.{quoted(key, quote)}"


@st.composite
def written_comparisons(draw, entity):
    field, value_type, name = draw(written_fields(entity, entity.kinds))
    operator = draw(st.sampled_from(OPERATORS[value_type]))
    value = draw(values(value_type, operator))
    written_operator = draw(st.sampled_from([str(operator), str(operator).lower()]))

    def write(item) -> str:
        if isinstance(item, str) or value_type is ValueType.ID:
            return quoted(str(item), draw(st.sampled_from("'\"")))
        return repr(item)

    if value is None:
        text = f"{name} {written_operator}"
    elif isinstance(value, tuple):
        text = f"{name} {written_operator} ({', '.join(write(item) for item in value)})"
    else:
        text = f"{name} {written_operator} {write(value)}"
    return Comparison(field, operator, value), text


@st.composite
def written_filters(draw):
    entity = draw(st.sampled_from(ENTITIES))
    pairs = draw(st.lists(written_comparisons(entity), max_size=4))
    joiner = draw(st.sampled_from([" AND ", " and ", "\nAnd\t"]))
    return entity, And(tuple(tree for tree, _ in pairs)), joiner.join(text for _, text in pairs)


@given(written_filters())
def test_a_filter_written_reads_back(written):
    entity, tree, text = written
    assert parse_filter(text, entity) == tree


@st.composite
def written_orders(draw):
    entity = draw(st.sampled_from(ENTITIES))
    field, _, name = draw(written_fields(entity, entity.sort_kinds))
    ascending = draw(st.booleans())
    direction = draw(st.sampled_from(["ASC", "asc"] if ascending else ["DESC", "desc"]))
    return entity, Order(field, ascending), f"{name} {direction}"


@given(written_orders())
def test_an_order_written_reads_back(written):
    entity, order, clause = written
    assert parse_order([clause], entity) == (order,)


# Text that looks like a filter more often than not.
FRAGMENTS = st.sampled_from([
    "params.", "metrics.a", "tags.`a b`", "run_id", "name", "`", "'", '"', "''", "'x'", '"y"', "\\", "\\'", "(", ")",
    ",", ";", "=", "!=", "<", "~", "LIKE", "IN", "NOT", "IS", "NULL", "AND", "OR", "1", "-1.5e3", ".", " ", "\n",
    "\0", "é", "1e", "+", "--",
])  # fmt: skip
ANY_TEXT = st.one_of(st.text(), st.lists(FRAGMENTS, max_size=25).map("".join), st.lists(FRAGMENTS).map(" ".join))


@settings(max_examples=500)
@given(ANY_TEXT, st.sampled_from(ENTITIES))
def test_any_text_parses_or_is_refused(text, entity):
    with contextlib.suppress(InvalidArgument):
        assert isinstance(parse_filter(text, entity), And)
    with contextlib.suppress(InvalidArgument):
        assert len(parse_order([text, text], entity)) == 1
    with contextlib.suppress(InvalidArgument):
        assert len(parse_logged_model_order([OrderBy(text, dataset_name=text)])) == 1


@given(st.lists(st.one_of(INT64, st.floats(), st.text(), st.none())).map(tuple), written_filters())
def test_a_cursor_reads_back(sort_values, written):
    _, tree, _ = written
    digest = query_digest("scope", tree, ())
    back = decode_cursor(encode_cursor(sort_values, digest), digest)
    # repr tells 1 from 1.0 and 0.0 from -0.0, and NaN is equal to itself in it.
    assert repr(back) == repr(sort_values)


@given(st.text())
def test_any_token_reads_or_is_refused(token):
    with contextlib.suppress(InvalidArgument):
        decode_cursor(token, "digest")
