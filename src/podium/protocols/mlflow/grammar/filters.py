"""A filter string into the neutral tree: what the clauses of the parser mean for an entity."""

from collections.abc import Sequence

from podium.domain.filters import And, Comparison, Field, Operator, Value
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar.entities import OPERATORS, Entity, ValueType, clip
from podium.protocols.mlflow.grammar.parser import Clause, ClauseReader
from podium.protocols.mlflow.grammar.tokens import Kind, Token, unquote

# More than any person or program writes, and half of how deep a WHERE may nest in SQLite.
MAX_CLAUSES = 500

_INT64 = range(-(2**63), 2**63)
_BARE_KINDS = (Kind.IDENTIFIER, Kind.NUMBER)


def parse_filter(text: str | None, entity: Entity) -> And:
    """Return what a filter string asks of an entity; without text, every row matches.

    Raises InvalidArgument, worded as MLflow words it, for whatever is no filter of this entity.
    """
    if not text:
        return And()
    items: list[Comparison] = []
    for clause in ClauseReader(text, entity.bad_clause):
        if len(items) == MAX_CLAUSES:
            raise InvalidArgument(f"Invalid filter string: it has more than {MAX_CLAUSES} comparisons.")
        items.append(_comparison(clause, entity))
    return And(tuple(items))


def _comparison(clause: Clause, entity: Entity) -> Comparison:
    field, value_type = entity.resolve(clause.identifier)
    if clause.value is None:
        value: Value = None
    elif isinstance(clause.value, tuple):
        value = _list_value(clause.value, value_type, clause.identifier)
    else:
        value = _single_value(clause.value, value_type, clause.identifier, bare=entity.bare_values)
    return Comparison(field, _operator(clause, field, value_type, entity), value)


def _operator(clause: Clause, field: Field, value_type: ValueType, entity: Entity) -> Operator:
    valid = OPERATORS[value_type]
    if clause.value is None and Operator.IS_NULL not in valid:
        raise InvalidArgument(
            f"IS NULL / IS NOT NULL is only supported for tags and params, not for '{field.kind}' '{clip(field.key)}'"
        )
    if clause.operator not in valid:
        names = [str(operator) for operator in valid]
        raise InvalidArgument(f"{entity.bad_operator} '{clip(clause.operator)}' not one of {names}")
    operator = Operator(clause.operator)
    if isinstance(clause.value, tuple) and operator not in (Operator.IN, Operator.NOT_IN):
        raise InvalidArgument(f"{entity.bad_operator} '{operator}': a list of values needs IN or NOT IN")
    return operator


def _list_value(items: Sequence[Token], value_type: ValueType, name: str) -> Value:
    if value_type in (ValueType.NUMBER, ValueType.METRIC):
        raise _not_numeric("a list", value_type, name)
    if not items:
        raise InvalidArgument(
            "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
        )
    for item in items:
        if item.kind is not Kind.STRING:
            raise InvalidArgument(
                "While parsing a list in the query, expected string value, punctuation, or whitespace, "
                f"but got different type in list: {clip(item.text)}"
            )
    if value_type is ValueType.ID:
        return tuple(_id(item) for item in items)
    return tuple(unquote(item.text) for item in items)


def _single_value(token: Token, value_type: ValueType, name: str, *, bare: bool) -> Value:
    match value_type:
        case ValueType.METRIC:
            return _metric_value(token, name)
        case ValueType.NUMBER:
            return _number(token, name)
        case ValueType.ID:
            return _id(token)
        case ValueType.ANY if token.kind is Kind.NUMBER:
            return _number(token, name)
        case _:
            return _text(token, name, bare=bare)


def _metric_value(token: Token, name: str) -> float:
    if token.kind is not Kind.NUMBER:
        raise _not_numeric(token.text, ValueType.METRIC, name)
    return float(token.text)


def _number(token: Token, name: str) -> int | float:
    """Return a number, which may stand in quotes when it is whole (MLflow: for `version_number` alone)."""
    text = unquote(token.text)
    whole = _whole(text)
    if token.kind is Kind.NUMBER:
        return float(text) if whole is None else whole
    if token.kind is Kind.STRING and whole is not None:
        return whole
    raise _not_numeric(token.text, ValueType.NUMBER, name)


def _id(token: Token) -> int:
    if (whole := _whole(unquote(token.text))) is None:
        raise InvalidArgument(f"Invalid experiment ID: {clip(token.text)}. It must be a whole number in quotes.")
    return whole


def _text(token: Token, name: str, *, bare: bool) -> str:
    if token.kind is Kind.STRING or (bare and token.kind in _BARE_KINDS):
        return unquote(token.text)
    if token.kind is Kind.IDENTIFIER:
        raise InvalidArgument(
            "Parameter value is either not quoted or unidentified quote types used for string value "
            f"{clip(token.text)}. Use either single or double quotes."
        )
    raise InvalidArgument(
        f"Expected a quoted string value for {clip(name)} (e.g. 'my-value'). Got value {clip(token.text)}"
    )


def _whole(text: str) -> int | None:
    """Return the number that the text is if it is a whole one of 64 bits."""
    if len(text) > 20 or not text.removeprefix("-").removeprefix("+").isdecimal():
        return None
    return number if (number := int(text)) in _INT64 else None


def _not_numeric(found: str, value_type: ValueType, name: str) -> InvalidArgument:
    wanted = "metric" if value_type is ValueType.METRIC else f"numeric attribute: {clip(name)}"
    return InvalidArgument(f"Expected numeric value type for {wanted}. Found {clip(found)}")
