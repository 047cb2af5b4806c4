"""The `order_by` of a search into the neutral order.

The orders that MLflow's searches have by default, and what it breaks ties with, belong to the services:

- runs: start_time descending, then run_id
- experiments: creation_time descending, experiment_id; with an order of the caller, experiment_id descending
- registered models: name
- model versions: last_updated_timestamp descending, name, version_number descending; with an order of the
  caller, name, then version_number descending
- logged models: creation_timestamp descending, then model_id
- evaluation datasets: created_time descending, then the dataset's id descending
"""

from collections.abc import Iterable
from itertools import islice

from podium.domain.filters import Order
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar.entities import Entity, clip
from podium.protocols.mlflow.grammar.tokens import Kind, Token, tokenize

# More than any person or program writes, and fewer than a database has columns for.
MAX_ORDERS = 50

_DIRECTIONS = {"ASC": True, "DESC": False}


def parse_order(clauses: Iterable[str], entity: Entity) -> tuple[Order, ...]:
    """Return the order that the clauses ask for, each a field and at will ASC or DESC.

    A field that comes again decides nothing and is left out. Raises InvalidArgument, worded as MLflow's.
    """
    return distinct(_order(clause, entity) for clause in clauses)


def distinct(orders: Iterable[Order]) -> tuple[Order, ...]:
    """Return the orders without those whose field came before; raises InvalidArgument for very many."""
    by_field: dict[object, Order] = {}
    for order in orders:
        by_field.setdefault(order.field, order)
        if len(by_field) > MAX_ORDERS:
            raise InvalidArgument(f"Invalid order_by: it names more than {MAX_ORDERS} fields.")
    return tuple(by_field.values())


def _order(clause: str, entity: Entity) -> Order:
    name, direction = _split(clause)
    field, _ = entity.resolve(name.text)
    if field.kind not in entity.sort_kinds:
        raise InvalidArgument(f"Invalid order_by entity: {field.kind}")
    if direction.kind is Kind.END:
        return Order(field)
    ascending = _DIRECTIONS.get(direction.text.upper())
    if ascending is None:
        raise InvalidArgument(f"Invalid ordering key in order_by clause '{clip(clause)}'.")
    return Order(field, ascending)


def _split(clause: str) -> tuple[Token, Token]:
    """Return the tokens of the field and of the direction, which is END when there is none."""
    tokens = list(islice(tokenize(clause), 3))
    kinds = [token.kind for token in tokens]
    named = kinds[0] is Kind.IDENTIFIER or (kinds[0] is Kind.STRING and clause.lstrip().startswith('"'))
    if not named or kinds[1:] not in ([Kind.END], [Kind.IDENTIFIER, Kind.END]):
        raise InvalidArgument(f"Invalid order_by clause '{clip(clause)}'. Could not be parsed.")
    return tokens[0], tokens[1]
