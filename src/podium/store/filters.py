"""The neutral filter tree as SQL. What a table offers to a search is a `Source`; values are always parameters."""

from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain.filters import (
    And,
    Comparison,
    DatasetRef,
    Exists,
    Field,
    FieldKind,
    HasMetricOn,
    Node,
    Not,
    Operator,
    Or,
)
from podium.errors import InvalidArgument
from podium.store.dialect import Dialect, contains, fence, ilike, is_in, like, list_value
from podium.store.patterns import matches, number_of, pattern_value

_CONTEXT_TAG = "mlflow.data.context"
_PLAIN = {Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE}

_FINDING = {Operator.LIKE: like, Operator.ILIKE: ilike, Operator.CONTAINS: contains, Operator.MATCHES: matches}

# So much of a text is indexed, where it may be long: an entry of an index has its limit on PostgreSQL.
INDEXED_LENGTH = 250


class SideTable(msgspec.Struct, frozen=True):
    """Rows of (owner, key, value) beside a table: tags, params, metrics. `owner` is the column of the owner's key.

    `indexed`: indexes lead from key and value to the owner, of long texts from the key alone, and of metrics from key,
    NaN or not, and value. `single`: there is one metric a key.
    """

    table: str
    owner: str
    indexed: bool = False
    single: bool = False


class Indexed(msgspec.Struct, frozen=True):
    """How an index finds rows by an attribute: the expression that it is over, and the FROM clause to ask.

    With `length` the expression is only that much of the value's beginning. Without `rows` the index begins with
    what the scope tells, so the scope is asked for with it.
    """

    sql: str
    rows: str = ""
    length: int | None = None


class Walk(msgspec.Struct, frozen=True):
    """A FROM clause whose rows an index gives in the order of an attribute.

    Those within the scope and no others, or else, with `within_scope` false, from among all.
    """

    rows: str
    within_scope: bool = True


class Source(msgspec.Struct, frozen=True):
    """What can be searched in one table.

    `rows` is the FROM clause, `key` the integer key, `attributes` the SQL of each of Podium's attribute names, of
    which `nullable` may be NULL. Metrics are told from other side tables by their number columns. `related` has the
    rows that belong to a row: sources whose `owner` is the column with that row's key.

    How to find rows without looking at all of them: `indexed` and `walks` by attribute, and `start`, the FROM clause
    that begins with what the scope tells, if that is not `rows`. `identity` names the attributes that no two rows
    share: what is sorted by them needs no further order.
    """

    rows: str
    key: str
    attributes: Mapping[str, str]
    nullable: frozenset[str] = frozenset()
    tags: SideTable | None = None
    params: SideTable | None = None
    metrics: SideTable | None = None
    has_datasets: bool = False
    related: "Mapping[str, Source]" = {}
    owner: str = ""
    indexed: Mapping[str, Indexed] = {}
    walks: Mapping[str, Walk] = {}
    start: str = ""
    identity: tuple[str, ...] = ()


class Parameters:
    """Collects the values of a statement and names them."""

    def __init__(self, dialect: Dialect, given: Mapping[str, Any]) -> None:
        self.dialect: Dialect = dialect
        self.values: dict[str, Any] = dict(given)

    def bind(self, value: Any) -> str:
        """The name, without colon, that stands for `value`."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return name


def where(node: Node, source: Source, parameters: Parameters) -> str:
    """The SQL condition of a tree. Raises InvalidArgument for a field that the source does not have."""
    match node:
        case And(items):
            return " AND ".join(f"({where(item, source, parameters)})" for item in items) or "1 = 1"
        case Or(items):
            return " OR ".join(f"({where(item, source, parameters)})" for item in items) or "1 = 0"
        case Not(item):
            return f"({where(item, source, parameters)}) IS NOT TRUE"
        case HasMetricOn(datasets):
            metrics = side_table(source, FieldKind.METRIC, "")
            return (
                f"EXISTS (SELECT 1 FROM {metrics.table} s WHERE s.{metrics.owner} = {source.key}"
                f"{_on_datasets(datasets, parameters)}{fence(parameters.dialect)})"
            )
        case Exists(relation, condition, negated):
            other = source.related[relation]
            rows = f"SELECT 1 FROM {other.rows} WHERE {other.owner} = {source.key}"
            rows += f" AND ({where(condition, other, parameters)}){fence(parameters.dialect)}"
            return f"{'NOT ' if negated else ''}EXISTS ({rows})"
        case Comparison():
            return _comparison(node, source, parameters)


def sort_value(field: Field, source: Source, parameters: Parameters, joined: str = "") -> str:
    """The SQL of the value that rows are sorted by; NULL for a row that has none.

    It is looked up row by row, unless it is `joined` to the rows, by that name; so with those below.
    """
    if field.kind is FieldKind.ATTRIBUTE:
        return _attribute(field, source)
    return _side_value(field, source, parameters, "{}.value", joined)


def nan_rank(field: Field, source: Source, parameters: Parameters, joined: str = "") -> str:
    """The SQL of 0 for a metric with a value, 1 for NaN: NaN sorts behind every value."""
    return _side_value(field, source, parameters, "{}.is_nan", joined)


def sort_number(field: Field, source: Source, parameters: Parameters, joined: str = "") -> str:
    """The SQL of the number that the value's text is; NULL where it is none."""
    return _side_value(field, source, parameters, number_of("{}.value", parameters.dialect), joined)


def number_rank(field: Field, source: Source, parameters: Parameters, joined: str = "") -> str:
    """The SQL of 0 for a text that is a number, 1 for another, NULL for none: numbers sort before texts."""
    number = number_of("{}.value", parameters.dialect)
    rank = f"CASE WHEN {number} IS NOT NULL THEN 0 WHEN {{}}.value IS NOT NULL THEN 1 END"
    return _side_value(field, source, parameters, rank, joined)


def side_join(field: Field, source: Source, parameters: Parameters, name: str) -> str | None:
    """What to add to a FROM clause for a field's row by that name; None for a field that is no row, or one of several.

    Where all rows are sorted, it takes half of the time that looking values up takes.
    """
    if field.kind is FieldKind.ATTRIBUTE or field.datasets:
        return None
    side = side_table(source, field.kind, field.key)
    if field.kind is FieldKind.METRIC and not side.single:
        return None
    return f" LEFT JOIN {side.table} {name} ON {name}.{side.owner} = {source.key}{of_key(field, parameters, name)}"


def _side_value(field: Field, source: Source, parameters: Parameters, column: str, joined: str) -> str:
    if joined:
        return column.replace("{}", joined)
    side = side_table(source, field.kind, field.key)
    newest = ""
    if field.kind is FieldKind.METRIC:
        newest = " ORDER BY s.timestamp DESC, s.step DESC LIMIT 1"
    return (
        f"(SELECT {column.replace('{}', 's')} FROM {side.table} s WHERE s.{side.owner} = {source.key}"
        f"{of_key(field, parameters)}{_on_datasets(field.datasets, parameters)}{newest})"
    )


def _comparison(node: Comparison, source: Source, parameters: Parameters) -> str:
    field = node.field
    if field.kind is FieldKind.ATTRIBUTE:
        return compare(_attribute(field, source), node, parameters)
    if field.kind is FieldKind.DATASET:
        return _dataset(node, source, parameters)
    side = side_table(source, field.kind, field.key)
    if node.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        test = "1 = 1"
    elif field.kind is FieldKind.METRIC:
        test = compare("s.value", node, parameters)
        # NaN is stored as 0 with a mark, and is unlike every number.
        test = f"(s.is_nan = 1 OR {test})" if node.operator is Operator.NE else f"(s.is_nan = 0 AND {test})"
    elif isinstance(node.value, int | float):
        test = compare(number_of("s.value", parameters.dialect), node, parameters)
    else:
        test = compare("s.value", node, parameters)
    exists = "NOT EXISTS" if node.operator is Operator.IS_NULL else "EXISTS"
    return (
        f"{exists} (SELECT 1 FROM {side.table} s WHERE s.{side.owner} = {source.key}"
        f"{of_key(field, parameters)}{_on_datasets(field.datasets, parameters)} AND {test}{fence(parameters.dialect)})"
    )


def compare(column: str, node: Comparison, parameters: Parameters) -> str:
    """The SQL of a comparison with what a column holds."""
    operator, value = node.operator, node.value
    if operator in _PLAIN:
        return f"{column} {operator} :{parameters.bind(value)}"
    if operator in (Operator.IN, Operator.NOT_IN):
        assert isinstance(value, tuple), "the tree's contract"
        dialect = parameters.dialect
        found = is_in(column, parameters.bind(list_value(value, dialect)), dialect)
        return found if operator is Operator.IN else f"NOT ({found})"
    if operator is Operator.MATCHES:
        value = pattern_value(str(value), parameters.dialect)
    if operator in _FINDING:
        return _FINDING[operator](column, parameters.bind(value), parameters.dialect)
    return f"{column} {operator}"


def _attribute(field: Field, source: Source) -> str:
    try:
        return source.attributes[field.key]
    except KeyError:
        known = ", ".join(sorted(source.attributes))
        raise InvalidArgument(f"Invalid attribute key '{field.key}' specified. Valid keys are '{known}'") from None


def side_table(source: Source, kind: FieldKind, key: str) -> SideTable:
    """Where fields of this kind are kept. Raises InvalidArgument when the source has none."""
    side = {FieldKind.TAG: source.tags, FieldKind.PARAM: source.params, FieldKind.METRIC: source.metrics}.get(kind)
    if side is None:
        raise InvalidArgument(f"This search knows no field '{kind}.{key}'")
    return side


def of_key(field: Field, parameters: Parameters, rows: str = "s") -> str:
    """The SQL, behind another condition, for rows of a side table that are about this field."""
    name = parameters.bind(field.key)
    if field.kind is FieldKind.METRIC:
        return f" AND {rows}.key_id = (SELECT id FROM metric_keys WHERE key = :{name})"
    return f" AND {rows}.key = :{name}"


def _on_datasets(datasets: tuple[DatasetRef, ...], parameters: Parameters) -> str:
    if not datasets:
        return ""
    choices = []
    for dataset in datasets:
        choice = f"s.dataset_name = :{parameters.bind(dataset.name)}"
        if dataset.digest is not None:
            choice += f" AND s.dataset_digest = :{parameters.bind(dataset.digest)}"
        choices.append(f"({choice})")
    return f" AND ({' OR '.join(choices)})"


def _dataset(node: Comparison, source: Source, parameters: Parameters) -> str:
    if not source.has_datasets:
        raise InvalidArgument(f"This search knows no field 'dataset.{node.field.key}'")
    end = fence(parameters.dialect)
    if node.field.key == "context":
        return (
            f"EXISTS (SELECT 1 FROM run_dataset_tags d WHERE d.run_id = {source.key}"
            f" AND d.key = '{_CONTEXT_TAG}' AND {compare('d.value', node, parameters)}{end})"
        )
    return (
        f"EXISTS (SELECT 1 FROM run_datasets r JOIN datasets d ON d.id = r.dataset_id"
        f" WHERE r.run_id = {source.key} AND {compare(f'd.{node.field.key}', node, parameters)}{end})"
    )
