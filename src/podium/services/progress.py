"""How long work says how far it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

# Of a label and a number of bytes, for the time of the work: a function to call with the bytes that are done.
Advance = Callable[[int], None]
ProgressBar = Callable[[str, int], AbstractContextManager[Advance]]


def no_bar(_label: str, _total: int) -> AbstractContextManager[Advance]:
    """For those who do not watch."""
    return nullcontext(lambda _: None)
