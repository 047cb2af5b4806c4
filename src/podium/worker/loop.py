"""The background worker: one task in the server's process that turns events into deliveries and sends them."""

import asyncio
import logging

from podium.domain.webhooks import Delivery
from podium.errors import PodiumError
from podium.services.deliveries import Deliveries

POLL_S = 0.2  # while there is a webhook: how late a message may be
IDLE_POLL_S = 1.0  # while there is none: one small read a second
MAX_SENDING = 16
STOP_S = 5.0

_log = logging.getLogger("podium.worker")


class Worker:
    """`start` it within the running loop, `stop` it before the store closes."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._stopping = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work, in the background."""
        self._task = asyncio.create_task(self._run(), name="podium-worker")

    async def stop(self) -> None:
        """Begin nothing new, and give what is being sent a moment; what is not done by then is tried again later."""
        self._stopping.set()
        if self._task is not None:
            await self._task
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._deliveries.close()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            pause = IDLE_POLL_S
            try:
                pause = await self._step()
            except PodiumError as error:
                _log.warning("webhooks wait: %s", error.message)
            except Exception:  # noqa: BLE001  webhooks must not end with one broken event; it is logged
                _log.exception("the worker's step failed; it goes on")
            await self._rest(pause)

    async def _step(self) -> float:
        """Do what there is to do; how long to rest."""
        news = await self._deliveries.news()
        if not news.has_receivers:
            return IDLE_POLL_S
        read = await self._deliveries.enqueue() if news.has_events else 0
        free = MAX_SENDING - len(self._sending)
        if (read or news.has_due) and free > 0:
            for delivery in await self._deliveries.claim(free):
                task = asyncio.create_task(self._send(delivery))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
        return 0 if read else POLL_S

    async def _send(self, delivery: Delivery) -> None:
        try:
            answer = await self._deliveries.deliver(delivery)
        except PodiumError as error:
            _log.warning("the outcome of a webhook's delivery was not kept: %s", error.message)
            return
        if not answer.accepted:
            fields = {"delivery.id": delivery.delivery_id, "delivery.attempt": delivery.attempts}
            _log.warning("webhook not delivered: %s", answer.error or answer.status, extra={"fields": fields})

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
