"""Work of the server's own that is done again and again: what nobody asks for, since nobody is there to ask."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from podium.errors import PodiumError

POLL_S = 30.0

_log = logging.getLogger("podium.worker")


class Periodic:
    """`start` it within the running loop, `stop` it before the store closes.

    The work says whether there is more of it, which is then done at once.
    """

    def __init__(self, name: str, work: Callable[[], Awaitable[bool]]) -> None:
        self._name, self._work = name, work
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the background."""
        self._task = asyncio.create_task(self._run(), name=f"podium {self._name}")

    async def stop(self) -> None:
        """End, after what is under way."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            pause = POLL_S
            try:
                if await self._work():
                    pause = 0
            except PodiumError as error:
                _log.warning("%s waits: %s", self._name, error.message)
            except Exception:  # noqa: BLE001  one broken row must not end it; it is logged
                _log.exception("%s failed; it is tried again", self._name)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
