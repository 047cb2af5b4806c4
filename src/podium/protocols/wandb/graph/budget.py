"""How much one request may make the server read and resolve.

Lists multiply: the runs of the project of each of a page's runs. What a query costs is therefore counted while it
runs, by what its lists really have, and not by the sizes that they are asked for.
"""

import asyncio

from podium.errors import InvalidArgument

# The client's dearest pages, thousands of files or a thousand runs, have less than a third of it.
MAX_FIELDS = 400_000
PAGE = 20  # what reading a list costs, be it empty, in fields


class Budget:
    """What is left of it for a request. Whoever reads a list holds `reading`, so that none is read beyond it."""

    def __init__(self) -> None:
        self.left = self._given = MAX_FIELDS
        self.reading = asyncio.Lock()

    @property
    def is_touched(self) -> bool:
        """Whether the request has lists, of which one was read."""
        return self.left < self._given

    def take(self, fields: int) -> None:
        """Count fields that the answer gets. Raises InvalidArgument."""
        self.left -= fields
        self.check()

    def check(self) -> None:
        """Raise InvalidArgument when nothing is left."""
        if self.left <= 0:
            raise InvalidArgument(
                f"The query asks for more than {MAX_FIELDS} fields of what its lists have: "
                "ask for smaller pages, or for no lists within lists."
            )
