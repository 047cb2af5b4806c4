"""Pages of lists as GraphQL gives them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from podium.errors import InvalidArgument

MAX_PAGE = 10_000
DEFAULT_PAGE = 50
MAX_SEARCHED = 1000


class Page(msgspec.Struct, frozen=True):
    """Which items of a short list are asked for; its cursors are positions."""

    limit: int
    offset: int

    @classmethod
    def asked(cls, first: int | None, after: str | None) -> "Page":
        """From the arguments of a field. Raises InvalidArgument."""
        limit = DEFAULT_PAGE if first is None else first
        if limit < 0:
            raise InvalidArgument(f"'first' is {limit}: expected how many items to return at most.")
        if after and not (after.isascii() and after.isdecimal() and len(after) < 18):
            raise InvalidArgument(f"'after' is {after[:100]!r}: expected the 'endCursor' of an earlier page.")
        return cls(min(limit, MAX_PAGE), int(after or 0))

    def connection(self, nodes: Sequence[Any], total: int) -> dict[str, Any]:
        """The page with its nodes, of a list of so many."""
        end = self.offset + len(nodes)
        return {
            "total_count": total,
            "edges": [
                {"node": node, "cursor": str(self.offset + number)} for number, node in enumerate(nodes, start=1)
            ],
            "page_info": page_info(str(end) if nodes else None, more=end < total),
        }


def page_size(first: int | None) -> int:
    """How many items are asked for at once."""
    return max(1, min(DEFAULT_PAGE if first is None else first, MAX_SEARCHED))


def searched(edges: list[dict[str, Any]], end: str | None, total: int | None = None) -> dict[str, Any]:
    """A page of a search. It goes on behind its last item, so that only this has to tell its place."""
    if edges:
        edges[-1]["cursor"] = end
    return {"total_count": total, "edges": edges, "page_info": page_info(end, more=end is not None)}


def whole(nodes: Sequence[Any]) -> dict[str, Any]:
    """A list in one page."""
    return Page(len(nodes), 0).connection(nodes, len(nodes))


def page_info(end: str | None, *, more: bool) -> dict[str, Any]:
    """Where a page ends, and whether another follows."""
    return {"end_cursor": end, "has_next_page": more}
