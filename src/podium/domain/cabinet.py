"""What one looks for in the cabinet."""

import msgspec


class Wanted(msgspec.Struct, frozen=True):
    """Which models: `text` is in the name or description, a version stands in `stage`, one has the `alias`."""

    text: str = ""
    stage: str = ""
    alias: str = ""
    tag: str = ""
    by_name: bool = False
