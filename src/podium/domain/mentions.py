"""How a text calls people: `@name`."""

import re

MENTION = re.compile(r"(?<![\w@/])@([A-Za-z0-9](?:[\w.-]{0,126}\w)?)")


def mentioned(text: str) -> set[str]:
    """The names that the text calls with an `@`; a full stop behind one ends the sentence."""
    return set(MENTION.findall(text))
