"""How names of the schema are written in Python."""

import re
from functools import lru_cache

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """`clientMutationID` as `client_mutation_id`."""
    return _WORD.sub("_", name).lower()
