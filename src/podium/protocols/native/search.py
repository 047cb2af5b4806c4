"""Searches: the fields that all of them take, and how they become what a service asks for."""

from typing import Annotated

from msgspec import Meta

from podium.domain.filters import And, Node
from podium.protocols.native.api import Api, Searched
from podium.protocols.native.shapes import PageInput
from podium.services.searching import Search

Filter = Annotated[
    str,
    Meta(description="Condition as the mlflow client writes it", examples=["name LIKE 'churn%' AND tags.team = 'a'"]),
]
OrderBy = Annotated[
    str, Meta(description="Fields to sort by, with commas between them", examples=["creation_time DESC, name"])
]


class SearchInput(PageInput, frozen=True, kw_only=True):
    """A page of what a filter finds."""

    filter: Filter = ""
    order_by: OrderBy = ""


def search_of(api: Api, searched: Searched, request: SearchInput, *more: Node) -> Search:
    """The search that a request asks for, narrowed by `more` conditions. Raises InvalidArgument."""
    grammar = api.grammars[searched]
    condition = grammar.parse_filter(request.filter)
    return Search(
        condition=And((condition, *more)) if more else condition,
        order=grammar.parse_order(_split(request.order_by)),
        limit=request.limit,
        page_token=request.cursor,
    )


def _split(order_by: str) -> list[str]:
    """The fields of an order: parted at commas outside of quotes."""
    parts, quote = [""], ""
    for character in order_by:
        if character == "," and not quote:
            parts.append("")
            continue
        if character == quote:
            quote = ""
        elif not quote and character in "`\"'":
            quote = character
        parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
