"""Documents that were parsed and checked, kept for as long as there is room for them."""

from collections import OrderedDict
from collections.abc import Callable

from graphql import DocumentNode

# A document takes some hundred times its text. All those of a client together have 90,000 characters.
MAX_KEPT_CHARACTERS = 300_000


class Documents:
    """Documents by their text; those that were not asked for the longest make room for others."""

    def __init__(self, prepare: Callable[[str], DocumentNode], most: int = MAX_KEPT_CHARACTERS) -> None:
        self._prepare, self._most = prepare, most
        self._kept: OrderedDict[str, DocumentNode] = OrderedDict()
        self._characters = 0

    def get(self, text: str) -> DocumentNode:
        """The document with this text. Raises what `prepare` raises."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
            return found
        document = self._prepare(text)
        self._kept[text] = document
        self._characters += len(text)
        while self._characters > self._most:
            forgotten, _ = self._kept.popitem(last=False)
            self._characters -= len(forgotten)
        return document
