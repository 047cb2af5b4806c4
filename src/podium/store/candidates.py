"""Where a search starts. Of the parts of a condition that all have to hold, the rarest that an index knows tells the
few rows that can be found at all. How rare each is, is asked and not guessed: a database's own estimates know nothing
of values that go together, and change with its statistics.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podium.domain.filters import Comparison, FieldKind, Node, Operator, Or, conjuncts
from podium.store.dialect import Dialect, is_in, list_value
from podium.store.filters import INDEXED_LENGTH, Indexed, Parameters, Source, compare, of_key, side_table
from podium.store.transaction import Row, Tx

# As many rows of each part are asked for at first, then more: the cost is that of the rarest, times the parts.
FEW = (100, 1000)
# More than few, and still better than to look at everything.
MANY = (10_000, 30_000, 100_000)

# Databases have their limits for how many statements make one.
MAX_CHOICES = 50

_RANGES = {Operator.LT: "<=", Operator.LE: "<=", Operator.GT: ">=", Operator.GE: ">="}
_NUMERIC = (Operator.EQ, *_RANGES)
_LAST_CHARACTER = "\U0010ffff"


class Probe(msgspec.Struct, frozen=True):
    """A statement for the keys of rows that a part of the condition lets through, perhaps of some more."""

    statement: str
    values: Mapping[str, Any]


def find_probes(
    dialect: Dialect, source: Source, condition: Node, *, scope: str, scope_parameters: Mapping[str, Any]
) -> list[Probe]:
    """A probe for each part of the condition that an index knows."""
    probes = []
    for part in conjuncts(condition):
        parameters = Parameters(dialect, scope_parameters)
        statement = _statement(part, source, scope, parameters)
        if statement is not None:
            probes.append(Probe(statement, parameters.values))
    return probes


def probe_of_scope(source: Source, scope: str, scope_parameters: Mapping[str, Any]) -> Probe:
    """The probe for whatever is in the scope."""
    return Probe(f"SELECT {source.key} FROM {source.start or source.rows} WHERE {scope}", scope_parameters)


def find_few(tx: Tx, probes: Sequence[Probe], rounds: Sequence[int]) -> list[int] | None:
    """The keys that the rarest part lets through; None when each lets through more than a few."""
    for most in rounds:
        for probe in probes:
            found = tx.all(f"{probe.statement} LIMIT {most + 1}", **probe.values)
            if len(found) <= most:
                return _keys(found)
    return None


def find_many(tx: Tx, source: Source, probes: Sequence[Probe], scope: Probe, rounds: Sequence[int]) -> list[int] | None:
    """The keys that the rarest part lets through, more than few; None when it is no less work to look at the scope."""
    for most in rounds:
        counts = [_count(tx, probe, most) for probe in (*probes, scope)]
        best = min(counts)
        if best > most:
            continue
        # A list of most of the rows costs more than the others would.
        if not source.start and counts[-1] <= min(most, 2 * best):
            return None
        rarest = (*probes, scope)[counts.index(best)]
        return _keys(tx.all(rarest.statement, **rarest.values))
    return None


def _count(tx: Tx, probe: Probe, most: int) -> int:
    """How many a probe finds, which may be one more than the most."""
    count: int = tx.value(f"SELECT COUNT(*) FROM ({probe.statement} LIMIT {most + 1}) AS counted", **probe.values)
    return count


def _keys(rows: Sequence[Row]) -> list[int]:
    return sorted({row[0] for row in rows})


def _statement(part: Node, source: Source, scope: str, parameters: Parameters) -> str | None:
    if isinstance(part, Or):
        return _of_choice(part, source, scope, parameters)
    if not isinstance(part, Comparison):
        return None
    kind = part.field.kind
    if kind is FieldKind.ATTRIBUTE:
        return _of_attribute(part, source, scope, parameters)
    if kind is FieldKind.DATASET:
        return _of_dataset(part, source, parameters)
    side = side_table(source, kind, part.field.key)
    if not side.indexed or part.operator is Operator.IS_NULL:
        return None
    rows = f"SELECT s.{side.owner} FROM {side.table} s WHERE {of_key(part.field, parameters).removeprefix(' AND ')}"
    return rows + _of_metric(part, parameters) if kind is FieldKind.METRIC else _of_text(rows, part, parameters)


def _of_choice(choice: Or, source: Source, scope: str, parameters: Parameters) -> str | None:
    """What any of the items lets through; None when an index does not know them all."""
    if not 0 < len(choice.items) <= MAX_CHOICES:
        return None
    each: list[str] = []
    for item in choice.items:
        parts = [part for part in conjuncts(item) if _is_narrow(part)]
        known = (_statement(part, source, scope, parameters) for part in parts)
        statement = next((found for found in known if found is not None), None)
        if statement is None:
            return None
        each.append(statement)
    return " UNION ALL ".join(each)


def _is_narrow(part: Node) -> bool:
    """Whether an index tells more of it than that there is a value."""
    if isinstance(part, Comparison):
        as_number = part.field.kind is FieldKind.PARAM and isinstance(part.value, int | float)
        return part.operator in (*_NUMERIC, Operator.IN, Operator.LIKE) and not as_number
    return isinstance(part, Or)


def _of_metric(part: Comparison, parameters: Parameters) -> str:
    if part.operator not in _NUMERIC:
        return ""
    return f" AND s.is_nan = 0 AND {compare('s.value', part, parameters)}"


def _of_text(rows: str, part: Comparison, parameters: Parameters) -> str:
    """Short values have one index and long ones another, which knows no more of them than their key."""
    # As numbers texts lie elsewhere than in the index, which is over the texts.
    test = None if isinstance(part.value, int | float) else _test(Indexed("s.value"), part, parameters)
    short = f"{rows} AND LENGTH(s.value) <= {INDEXED_LENGTH}{f' AND {test}' if test else ''}"
    long = f"{rows} AND LENGTH(s.value) > {INDEXED_LENGTH}"
    if part.operator in (Operator.EQ, Operator.IN):
        lengths = [len(str(value)) for value in (part.value if isinstance(part.value, tuple) else (part.value,))]
        if max(lengths) <= INDEXED_LENGTH:
            return short
        if min(lengths) > INDEXED_LENGTH:
            return long
    return f"{short} UNION ALL {long}"


def _of_attribute(part: Comparison, source: Source, scope: str, parameters: Parameters) -> str | None:
    indexed = source.indexed.get(part.field.key)
    test = None if indexed is None else _test(indexed, part, parameters)
    if indexed is None or test is None:
        return None
    if indexed.rows:
        return f"SELECT {source.key} FROM {indexed.rows} WHERE {test}"
    return f"SELECT {source.key} FROM {source.start or source.rows} WHERE {scope} AND {test}"


def _of_dataset(part: Comparison, source: Source, parameters: Parameters) -> str | None:
    if not source.has_datasets or part.field.key == "context":
        return None
    test = _test(Indexed(f"d.{part.field.key}"), part, parameters)
    return test and f"SELECT r.run_id FROM datasets d CROSS JOIN run_datasets r WHERE r.dataset_id = d.id AND {test}"


def _test(indexed: Indexed, part: Comparison, parameters: Parameters) -> str | None:
    """A range of an index in which all values lie for which the comparison holds; None when that is all of it."""
    sql, length, operator, value = indexed.sql, indexed.length, part.operator, part.value
    if operator is Operator.EQ:
        return f"{sql} = :{parameters.bind(_head(value, length))}"
    if operator is Operator.IN:
        assert isinstance(value, tuple), "the tree's contract"
        heads = list_value(tuple(sorted({_head(item, length) for item in value})), parameters.dialect)
        return is_in(sql, parameters.bind(heads), parameters.dialect)
    if operator in _RANGES:
        return f"{sql} {_RANGES[operator]} :{parameters.bind(_head(value, length))}"
    if operator is Operator.LIKE and isinstance(value, str):
        return _beginning(sql, _head(value.partition("%")[0].partition("_")[0], length), parameters)
    return None


def _head(value: Any, length: int | None) -> Any:
    return value[:length] if length is not None and isinstance(value, str) else value


def _beginning(sql: str, text: str, parameters: Parameters) -> str | None:
    behind = _behind_all(text)
    if not behind:
        return None
    return f"{sql} >= :{parameters.bind(text)} AND {sql} < :{parameters.bind(behind)}"


def _behind_all(text: str) -> str:
    """The first text behind all that begin with `text`; empty when nothing is."""
    text = text.rstrip(_LAST_CHARACTER)
    if not text:
        return ""
    following = ord(text[-1]) + 1
    return text[:-1] + chr(0xE000 if following == 0xD800 else following)  # what lies between is no character
