"""What every search does: bind a page token to its query, and hand out the next one."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from podium.domain.filters import And, Node, Order, decode_cursor, encode_cursor, query_digest
from podium.errors import InvalidArgument
from podium.store.paging import Page, PageQuery

T = TypeVar("T")


class Search(msgspec.Struct, frozen=True):
    """What a client asks for: a condition, an order, and which page of how many at most."""

    condition: Node
    order: tuple[Order, ...] = ()
    limit: int = 100
    page_token: str | None = None


class Found(msgspec.Struct, Generic[T], frozen=True):
    """A page of things, and the token of the next page; None on the last."""

    items: list[T]
    next_page_token: str | None


class Counted(msgspec.Struct, Generic[T], frozen=True):
    """A page, the token of the next one, and how many things there are in all."""

    items: list[T]
    next_page_token: str | None
    total: int


def check_limit(limit: int, most: int) -> None:
    """Raise InvalidArgument unless `limit` is from 1 to `most`, in MLflow's words."""
    if limit < 1:
        raise InvalidArgument(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer"
        )
    if limit > most:
        raise InvalidArgument(f"Invalid value {limit} for parameter 'max_results' supplied. It must be at most {most}")


def find_page(
    search: Search, scope: str, run: Callable[[PageQuery], Page], *, any_condition: bool = False
) -> Found[int]:
    """Let the store `run` the search behind its page token, and make the next token.

    `scope` tells one search from another. Raises InvalidArgument for a token of another search; with `any_condition`
    a token is good for every condition, as it tells a place in the order alone.
    """
    digest = query_digest(scope, And() if any_condition else search.condition, search.order)
    after = decode_cursor(search.page_token, digest) if search.page_token else None
    page = run(PageQuery(search.condition, search.order, search.limit, after))
    return Found(page.keys, encode_cursor(page.after, digest) if page.after is not None else None)


def find_counted(
    search: Search,
    scope: str,
    run: Callable[[PageQuery], Page],
    load: Callable[[list[int]], list[T]],
    count: Callable[[Node], int],
    *,
    any_condition: bool = False,
) -> Counted[T]:
    """As `find_page`, with the things that the keys are of, and how many the condition lets through."""
    page = find_page(search, scope, run, any_condition=any_condition)
    return Counted(load(page.items), page.next_page_token, count(search.condition))
