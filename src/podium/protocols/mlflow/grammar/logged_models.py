"""What the search of logged models has beside its filter string: an order in structs, and datasets."""

from collections.abc import Iterable

from msgspec import Struct, structs

from podium.domain.filters import (
    And,
    Comparison,
    DatasetRef,
    Field,
    FieldKind,
    HasMetricOn,
    Node,
    Order,
)
from podium.errors import InvalidArgument
from podium.protocols.mlflow.grammar.entities import LOGGED_MODELS, clip
from podium.protocols.mlflow.grammar.orders import distinct
from podium.protocols.mlflow.grammar.tokens import check_text


class OrderBy(Struct, frozen=True):
    """One item of `order_by` as the client sends it."""

    field_name: str = ""
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""


def parse_logged_model_order(items: Iterable[OrderBy]) -> tuple[Order, ...]:
    """Return the order that the items ask for, by attributes or by metrics, the latter at will on a dataset.

    Raises InvalidArgument for other fields, and for a digest without a name of a dataset.
    """
    return distinct(Order(_field(item), item.ascending) for item in items)


def restrict_to_datasets(condition: And, datasets: tuple[DatasetRef, ...]) -> And:
    """Return the condition with its metrics narrowed to those measured on one of the datasets.

    A condition without metrics then asks for any metric on them. Without datasets it stays as it is.
    """
    if not datasets:
        return condition
    items = tuple(_narrowed(item, datasets) for item in condition.items)
    if items == condition.items:
        items = (*items, HasMetricOn(datasets))
    return And(items)


def _narrowed(item: Node, datasets: tuple[DatasetRef, ...]) -> Node:
    if isinstance(item, Comparison) and item.field.kind is FieldKind.METRIC:
        return structs.replace(item, field=structs.replace(item.field, datasets=datasets))
    return item


def _field(item: OrderBy) -> Field:
    if not item.field_name:
        raise InvalidArgument("`field_name` in the `order_by` clause must be specified.")
    check_text(item.field_name)
    if item.dataset_digest and not item.dataset_name:
        raise InvalidArgument("`dataset_digest` can only be specified if `dataset_name` is also specified.")
    field, _ = LOGGED_MODELS.resolve(item.field_name.strip())
    if field.kind not in LOGGED_MODELS.sort_kinds:
        raise InvalidArgument(f"Invalid order by field name: {clip(item.field_name)}. Only metrics are supported.")
    if field.kind is FieldKind.METRIC and item.dataset_name:
        dataset = DatasetRef(item.dataset_name, item.dataset_digest or None)
        return structs.replace(field, datasets=(dataset,))
    return field
