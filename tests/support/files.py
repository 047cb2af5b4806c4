"""Services over a store and local blobs, with a clock that tests move."""

from collections.abc import AsyncIterator
from pathlib import Path

from podium.blobs.local import LocalBlobs
from podium.services.context import Context, now_ms
from podium.store.engine import Store


class Clock:
    """Starts at the real time, which is what blobs carry, and goes on only when told to."""

    def __init__(self) -> None:
        self.now = now_ms()

    def __call__(self) -> int:
        return self.now

    def advance(self, *, days: float) -> None:
        self.now += int(days * 24 * 3600 * 1000)


def context_of(store: Store, folder: Path) -> tuple[Context, Clock]:
    clock = Clock()
    return Context(store=store, blobs=LocalBlobs.open(folder / "blobs"), clock=clock), clock


async def body(data: bytes) -> AsyncIterator[bytes]:
    yield data
