"""Filter strings as MLflow 3.17's client and its users write them, and what they mean."""

import math
import re

import pytest

from podium.domain.filters import And, Comparison, Field, FieldKind, Operator
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    parse_filter,
)


def read(text, entity=RUNS):
    """The comparisons of a filter as tuples that are easy to read."""
    return [
        (str(item.field.kind), item.field.key, str(item.operator), item.value)
        for item in parse_filter(text, entity).items
    ]


def one(text, entity=RUNS):
    (comparison,) = read(text, entity)
    return comparison


def refusal(text, entity=RUNS):
    with pytest.raises(InvalidArgument) as caught:
        parse_filter(text, entity)
    return caught.value.message


@pytest.mark.parametrize("text", [None, "", " ", "\n\t", "AND", "and AND"])
def test_nothing_asked_matches_all(text):
    assert parse_filter(text, RUNS) == And()


def test_the_tree_is_the_neutral_one():
    assert parse_filter("metrics.loss < 0.5", RUNS) == And(
        (Comparison(Field(FieldKind.METRIC, "loss"), Operator.LT, 0.5),)
    )


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("metric", "metric"), ("metrics", "metric"),
        ("param", "param"), ("params", "param"), ("parameter", "param"), ("parameters", "param"),
        ("tag", "tag"), ("tags", "tag"), ("`tags`", "tag"), ("`params`", "param"),
    ],
)  # fmt: skip
def test_prefixes_of_keys(prefix, kind):
    value = "1" if kind == "metric" else "'x'"
    assert one(f"{prefix}.k = {value}")[:2] == (kind, "k")


@pytest.mark.parametrize("prefix", ["", "attribute.", "attributes.", "attr.", "run.", "`run`."])
def test_prefixes_of_attributes(prefix):
    assert one(f"{prefix}status = 'FINISHED'") == ("attribute", "status", "=", "FINISHED")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("`cat dog`", "cat dog"), ('"cat dog"', "cat dog"), ("'cat dog'", "cat dog"),
        ("a.b.c", "a.b.c"), ("`a.b`", "a.b"), ('"X//Y#$$@&Z"', "X//Y#$$@&Z"), ('"a`b"', "a`b"),
        ("`a``b`", "a`b"), ("`a=b AND c`", "a=b AND c"), ("mlflow.source.type", "mlflow.source.type"),
        ("``", ""), ("", ""), ("a.", "a."), ("é", "é"), ("`日本 語`", "日本 語"),
        # SQL would read these otherwise, and MLflow's parser does.
        ("0", "0"), ("1.2", "1.2"), ("val/loss", "val/loss"), ("val-loss", "val-loss"), ("a:b", "a:b"),
        ("a$b", "a$b"), ("from", "from"), ("in", "in"), ("and", "and"), ("not", "not"), ("null", "null"),
        ("order", "order"), ("1a", "1a"), ("1e5", "1e5"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["tags.{} = 'x'", "tags.{}='x'", "  tags.{}\n=\t'x' "])
def test_keys(written, key, text):
    assert one(text.format(written)) == ("tag", key, "=", "x")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("'x'", "x"), ('"x"', "x"), ("''", ""), ("'it''s'", "it's"), ('"it\'s"', "it's"), ('"x""y"', 'x"y'),
        ("'a AND b = ''c'''", "a AND b = 'c'"), ("'x\ny'", "x\ny"), ("'-- no comment'", "-- no comment"),
        ("'a\\'b'", "a\\'b"), ("'C:\\models\\'", "C:\\models\\"), ("'100%_'", "100%_"), ("'(1)'", "(1)"),
        ("';'", ";"), ("'日本'", "日本"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["params.k = {}", "params.k={} AND tags.l = 'y'", "tags.l='y'and params.k={}"])
def test_text_values(written, value, text):
    assert ("param", "k", "=", value) in read(text.format(written))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1.0), ("-1", -1.0), ("+1", 1.0), ("0.5", 0.5), (".5", 0.5), ("5.", 5.0), ("1e5", 1e5),
        ("-1.5e-3", -0.0015), ("2E+2", 200.0), ("00012", 12.0), ("1e400", math.inf), ("-1e400", -math.inf),
    ],
)  # fmt: skip
def test_numbers_of_metrics(written, value):
    parsed = one(f"metrics.k >= {written}")[3]
    assert parsed == value
    assert isinstance(parsed, float)
    assert one(f"metrics.k>={written}")[3] == value


@pytest.mark.parametrize(
    ("written", "value", "kind"),
    [
        ("1700000000000", 1700000000000, int), ("-5", -5, int), ("1.5", 1.5, float), ("1e3", 1000.0, float),
        ("'12'", 12, int), ("9223372036854775807", 2**63 - 1, int), ("9223372036854775808", 2.0**63, float),
    ],
)  # fmt: skip
def test_numbers_of_attributes(written, value, kind):
    parsed = one(f"start_time < {written}")[3]
    assert parsed == value
    assert type(parsed) is kind


@pytest.mark.parametrize("operator", ["=", "!=", "LIKE", "ILIKE", "like", "iLike"])
@pytest.mark.parametrize(
    "field", ["params.k", "tags.k", "status", "datasets.name", "dataset.digest", "datasets.context"]
)
def test_text_operators(field, operator):
    assert one(f"{field} {operator} 'x%'")[2:] == (operator.upper(), "x%")


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("field", ["metrics.k", "start_time", "end_time"])
def test_number_operators(field, operator):
    assert one(f"{field}{operator}3")[2:] == (operator, 3)


@pytest.mark.parametrize(
    ("text", "operator", "values"),
    [
        ("run_id IN ('a')", "IN", ("a",)), ("run_id in('a','b')", "IN", ("a", "b")),
        ("run_id NOT  IN ( 'a' , \"b\" )", "NOT IN", ("a", "b")), ("run_id not\nin ('a',)", "NOT IN", ("a",)),
        ("run_id IN ('it''s', 'a,b', ')')", "IN", ("it's", "a,b", ")")),
    ],
)  # fmt: skip
def test_lists(text, operator, values):
    assert one(text) == ("attribute", "run_id", operator, values)
    assert read(f"{text} AND status = 'x'")[0] == one(text)


@pytest.mark.parametrize("field", ["params.k", "tags.`k l`"])
@pytest.mark.parametrize(("text", "operator"), [("is null", "IS NULL"), ("IS  NOT\tNULL", "IS NOT NULL")])
def test_presence(field, text, operator):
    assert one(f"{field} {text}")[2:] == (operator, None)
    assert len(read(f"{field} {text} AND {field} = 'x' AND tags.z IS NULL")) == 3


@pytest.mark.parametrize(
    "text",
    [
        "params.a = 'x' AND params.b = 'y'", "params.a='x'AND params.b='y'", "params.a='x' aNd params.b='y'",
        "AND params.a = 'x' AND AND params.b = 'y' AND", "params.a = 'x' params.b = 'y'",
    ],
)  # fmt: skip
def test_clauses_are_joined_as_mlflow_joins_them(text):
    assert read(text) == [("param", "a", "=", "x"), ("param", "b", "=", "y")]


@pytest.mark.parametrize(
    ("entity", "text", "comparison"),
    [
        (RUNS, "run_name = 'x'", ("attribute", "name", "=", "x")),
        (RUNS, "attributes.`Run name` = 'x'", ("attribute", "name", "=", "x")),
        (RUNS, "\"run name\" = 'x'", ("attribute", "name", "=", "x")),
        (RUNS, "Created > 5", ("attribute", "start_time", ">", 5)),
        (RUNS, "artifact_uri LIKE 's3://%'", ("attribute", "artifact_uri", "LIKE", "s3://%")),
        (EXPERIMENTS, "experiment_id = '12'", ("attribute", "id", "=", 12)),
        (EXPERIMENTS, "experiment_id IN ('1','2')", ("attribute", "id", "IN", (1, 2))),
        (EXPERIMENTS, "last_update_time < 5", ("attribute", "updated_at", "<", 5)),
        (EXPERIMENTS, "attribute.creation_time >= 5", ("attribute", "created_at", ">=", 5)),
        (EXPERIMENTS, "tag.`a b` ILIKE '%x%'", ("tag", "a b", "ILIKE", "%x%")),
        (REGISTERED_MODELS, "name ilike '%iris%'", ("attribute", "name", "ILIKE", "%iris%")),
        (
            REGISTERED_MODELS,
            "tags.`mlflow.prompt.is_prompt` = 'true'",
            ("tag", "mlflow.prompt.is_prompt", "=", "true"),
        ),
        (MODEL_VERSIONS, "run_id IN ('r1', 'r2')", ("attribute", "run_id", "IN", ("r1", "r2"))),
        (MODEL_VERSIONS, "version_number = '3'", ("attribute", "version", "=", 3)),
        (MODEL_VERSIONS, "source_path LIKE 's3:%'", ("attribute", "source", "LIKE", "s3:%")),
        (LOGGED_MODELS, "creation_timestamp > 0", ("attribute", "created_at", ">", 0)),
        (LOGGED_MODELS, "attributes.creation_time > 0", ("attribute", "created_at", ">", 0)),
        (LOGGED_MODELS, "status = READY", ("attribute", "status", "=", "READY")),
        (LOGGED_MODELS, "params.lr = 0.01", ("param", "lr", "=", "0.01")),
        (LOGGED_MODELS, "name NOT IN ('a', 'b')", ("attribute", "name", "NOT IN", ("a", "b"))),
        (LOGGED_MODELS, "experiment_id = '3'", ("attribute", "project_id", "=", 3)),
        (EVALUATION_DATASETS, "created_time > 5", ("attribute", "created_at", ">", 5)),
        (EVALUATION_DATASETS, "last_updated_by = 'x'", ("attribute", "updated_by", "=", "x")),
    ],
)
def test_names_of_each_entity(entity, text, comparison):
    assert one(text, entity) == comparison


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metric.acc >= 0.94; metrics.rmse < 1", "Search filter contained multiple expression"),
        ("params.a = 'x';", "Invalid clause(s) in filter string: ;"),
        ("m.acc >= 0.94", "Invalid entity type 'm'"),
        ("Params.a = 'x'", "Invalid entity type 'Params'"),
        ("`params.a` = 'x'", "Invalid entity type '`params'"),
        ("acc >= 0.94", "Invalid attribute key 'acc' specified. Valid keys are '"),
        ("STATUS = 'x'", "Invalid attribute key 'STATUS' specified"),
        ("attribute.lifecycle_stage = 'x'", "Invalid attribute key 'lifecycle_stage' specified"),
        ("dataset.profile = 'x'", "Invalid dataset key 'profile' specified. Valid keys are 'name, digest, context'"),
        ("metrics.A > 0.1 OR params.B = 'LR'", "Invalid clause(s) in filter string: OR params.B"),
        ("metrics.A > 0.1 NAND params.B = 'LR'", "Invalid clause(s) in filter string: NAND"),
        ("metrics.A > 0.1 AND (params.B = 'LR')", "Invalid clause(s) in filter string: (params.B"),
        ("not params.a = 'x'", "Invalid clause(s) in filter string"),
        ("`metrics.A > 0.1", "Invalid clause(s) in filter string"),
        ("param`.A > 0.1", "Invalid clause(s) in filter string"),
        ("params.'acc = LR", "Invalid clause(s) in filter string"),
        ("params.acc = 'LR", "Invalid clause(s) in filter string"),
        ("params.acc = LR'", "Invalid clause(s) in filter string"),
        ("params.acc = \"LR'", "Invalid clause(s) in filter string"),
        ("tags.acc = = 'LR'", "Invalid clause(s) in filter string"),
        ("params.acc LR !=", "Invalid clause(s) in filter string"),
        ("params.acc LR", "Invalid clause(s) in filter string"),
        ("metric.acc !=", "Invalid clause(s) in filter string"),
        ("params", "Invalid clause(s) in filter string"),
        ("params.a ! = 'b'", "Invalid clause(s) in filter string: params.a ! ="),
        ("status IS 'RUNNING'", "Invalid clause(s) in filter string"),
        ("params.a='b',params.c='d'", "Invalid clause(s) in filter string"),
        ("params.a = 'x' 'y'", "Invalid clause(s) in filter string: 'y'"),
        ("params.a = 'b' -- c", "Invalid clause(s) in filter string: -- c"),
        ("params.`a`.b = 'x'", "Invalid clause(s) in filter string"),
        ("params. a = 'x'", "Invalid clause(s) in filter string"),
        ("1.0 > metrics.acc", "Invalid comparison clause. Expected 'Identifier' found '1.0'"),
        ("'a' = 'b'", "Invalid comparison clause. Expected 'Identifier' found ''a''"),
        ("metric.model = 'LR'", "Expected numeric value type for metric. Found 'LR'"),
        ("metrics.a = nan", "Expected numeric value type for metric. Found nan"),
        ("metrics.a < 1AND metrics.b > 2", "Expected numeric value type for metric. Found 1AND"),
        ("metrics.a = 1.2.3", "Expected numeric value type for metric. Found 1.2.3"),
        ("metrics.acc != metrics.acc", "Expected numeric value type for metric"),
        ("start_time > 'soon'", "Expected numeric value type for numeric attribute: start_time. Found 'soon'"),
        ("start_time > ''", "Expected numeric value type for numeric attribute: start_time. Found ''"),
        ("created > '²'", "Expected numeric value type for numeric attribute: created"),
        ("params.acc = 5", "Expected a quoted string value for param"),
        ("status = 1", "Expected a quoted string value for status"),
        ("params.acc = LR", "value is either not quoted or unidentified quote types used for string value LR"),
        ("params.acc = `LR`", "value is either not quoted or unidentified quote types"),
        ("metrics.a LIKE 1", "Invalid comparator 'LIKE' not one of ['=', '!=', '<', '<=', '>', '>=']"),
        ("metrics.a ~= 1", "Invalid comparator '~='"),
        ("params.a == 'b'", "Invalid comparator '=='"),
        ("params.a <> 'b'", "Invalid comparator '<>'"),
        ("params.a > 'b'", "Invalid comparator '>'"),
        ("params.a NOT LIKE 'b'", "Invalid comparator 'NOT LIKE'"),
        ("params.a RLIKE 'b'", "Invalid comparator 'RLIKE'"),
        ("metrics.a IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params"),
        ("status IS NOT NULL", "IS NULL / IS NOT NULL is only supported for tags and params"),
        ("run_id IN ()", "expected a non-empty list of string values, but got empty list"),
        ("run_id IN (,)", "expected a non-empty list of string values, but got ill-formed list"),
        ("run_id IN ('a' 'b')", "expected a non-empty list of string values, but got ill-formed list"),
        ("run_id IN (('a'))", "expected a non-empty list of string values, but got ill-formed list"),
        ("run_id IN (1, 2)", "but got different type in list: 1"),
        ("run_id IN (a)", "but got different type in list: a"),
        ("run_id IN (", "Invalid clause(s) in filter string"),
        ("run_id IN ('a'", "Invalid clause(s) in filter string"),
        ("run_id IN ('a", "Invalid clause(s) in filter string"),
        ("run_id IN", "Invalid clause(s) in filter string"),
        ("run_id IN 'a'", "Invalid clause(s) in filter string"),
        ("run_id NOT", "Invalid clause(s) in filter string"),
        ("run_id NOT NULL", "Invalid clause(s) in filter string"),
        ("run_id = ('a')", "a list of values needs IN or NOT IN"),
        ("metrics.a IN (1)", "Expected numeric value type for metric. Found a list"),
        ("params.a = 'x\0y'", "NUL"),
    ],
)  # fmt: skip
def test_what_is_refused(text, message):
    assert re.search(re.escape(message), refusal(text))


@pytest.mark.parametrize(
    ("entity", "text", "message"),
    [
        (EXPERIMENTS, "metrics.a > 1", "Invalid entity type 'metrics'"),
        (EXPERIMENTS, "experiment_id = 'x'", "Invalid experiment ID"),
        (EXPERIMENTS, "experiment_id LIKE '1'", "Invalid comparator 'LIKE'"),
        (REGISTERED_MODELS, "run_id = 'x'", "Invalid attribute key 'run_id' specified."),
        (REGISTERED_MODELS, "params.a = 'x'", "Invalid entity type 'params'"),
        (MODEL_VERSIONS, "version_number = 'three'", "numeric attribute: version_number. Found 'three'"),
        (MODEL_VERSIONS, "name LIKE", "Invalid clause(s) in filter string"),
        (LOGGED_MODELS, "Foo", "Invalid filter string"),
        (LOGGED_MODELS, "name = 'foo' OR name = 'bar'", "Invalid filter string"),
        (LOGGED_MODELS, "foo.bar = 'a'", "Invalid entity type"),
        (LOGGED_MODELS, "name > 'foo'", "Invalid comparison operator"),
        (LOGGED_MODELS, "metrics.foo LIKE 0", "Invalid comparison operator"),
        (LOGGED_MODELS, "datasets.name = 'x'", "Invalid entity type"),
        (EVALUATION_DATASETS, "digest = 'x'", "Invalid attribute key 'digest' specified"),
    ],
)
def test_what_an_entity_does_not_have(entity, text, message):
    assert message in refusal(text, entity)


def test_many_comparisons_are_refused():
    assert len(read(" AND ".join(["params.a = 'b'"] * 500))) == 500
    assert "more than 500 comparisons" in refusal(" AND ".join(["params.a = 'b'"] * 501))


def test_a_message_quotes_little_of_a_long_text():
    for text in ("x" * 900_000, "params.a = '" + "x" * 900_000, "params.a = " + "x" * 900_000):
        assert len(refusal(text)) < 500


def test_a_very_long_text_is_refused_at_once():
    assert "longer than" in refusal("params.a = '" + "x" * 10_000_000)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text",
    [
        "'" * 999_999, '"' * 999_999, "`" * 999_999, "(" * 999_999, "a." * 499_999, "a.'" * 333_333,
        "metrics.a = " + "1" * 900_000 + "x", "metrics.a = 1" + "e1" * 450_000,
        "params.a = '" + "\\'" * 450_000 + "b", "params.a IS " + "NOT " * 200_000, "run_id IN (" + "'x'," * 200_000,
        ";" * 999_999, "=" * 999_999,
    ],
    ids=lambda text: text[:14],
)  # fmt: skip
def test_hostile_text_is_refused_in_linear_time(text):
    assert refusal(text)
