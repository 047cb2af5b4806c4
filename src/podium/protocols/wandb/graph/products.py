"""Names the product of W&B's that a question is about, when it does not fit the schema because of that."""

import re

# The client looks for these words, to find out what a server knows.
_UNKNOWN = re.compile(r"(?:Cannot query field|Unknown type) '(\w+)'[^.]*\.")
# By what the name of the field or type has in it; the first that fits.
_PRODUCTS = {
    "launch": "launch and its queues",
    "sweep": "sweeps",
    "queue": "launch and its queues",
    "resourceconfig": "launch and its queues",
    "agent": "sweeps",
    "view": "reports",
}


def with_product(message: str) -> str:
    """The library's message with what this server does not offer, if that is why."""
    unknown = _UNKNOWN.match(message)
    name = unknown[1].lower() if unknown else ""
    product = next((product for part, product in _PRODUCTS.items() if part in name), None)
    return f"{unknown[0]} This server does not offer {product}." if unknown and product else message
