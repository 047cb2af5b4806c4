"""Ends runs whose processes are no longer heard of: a client that crashed cannot say so itself."""

import asyncio
import logging
from contextlib import suppress

from podium.errors import PodiumError
from podium.services.run_control import MAX_SILENT, RunControl

POLL_S = 30.0  # readers know of silent runs without it: it only makes it last

_log = logging.getLogger("podium.worker")


class Heartbeats:
    """`start` it within the running loop, `stop` it before the store closes."""

    def __init__(self, runs: RunControl) -> None:
        self._runs = runs
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look, in the background."""
        self._task = asyncio.create_task(self._run(), name="podium-heartbeats")

    async def stop(self) -> None:
        """End, after what is under way."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            pause = POLL_S
            try:
                if await self._runs.give_up_silent() == MAX_SILENT:
                    pause = 0  # there may be more
            except PodiumError as error:
                _log.warning("runs without heartbeats are not ended: %s", error.message)
            except Exception:  # noqa: BLE001  one broken run must not end it; it is logged
                _log.exception("looking for runs without heartbeats failed; it goes on")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
