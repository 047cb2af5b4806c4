"""How much one request may make the server read and resolve.

Lists multiply: the runs of the project of each of a page's runs. What a query costs is therefore counted while it
runs, by the nodes that pages really have, and not by the sizes that they are asked for.
"""

import asyncio

from podium.errors import InvalidArgument

# The client's dearest pages, thousands of files or a thousand runs, have less than a third of it.
MAX_FIELDS = 400_000
_PAGE = 20  # what reading a page costs, be it empty, in fields


class Budget:
    """What is left of it for a request. Whoever reads a page holds `reading`, so that none is read beyond it."""

    def __init__(self) -> None:
        self.left = MAX_FIELDS
        self.reading = asyncio.Lock()

    def take(self, nodes: int, fields: int) -> None:
        """Count a page, whose nodes are asked for so many fields. Raises InvalidArgument."""
        self.left -= _PAGE + nodes * fields
        self.check()

    def check(self) -> None:
        """Raise InvalidArgument when nothing is left."""
        if self.left <= 0:
            raise InvalidArgument(
                f"The query asks for more than {MAX_FIELDS} fields of the nodes of its lists: "
                "ask for smaller pages, or for no lists within lists."
            )
