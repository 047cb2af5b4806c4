"""From the audit trail to the receivers: each event that a webhook asks for becomes one delivery, which is tried until
the receiver accepts it or its attempts are used up. The rows are the only state, so it goes on where it stood after any
restart, and several processes share the work.
"""

import logging
from typing import Any

import msgspec

from podium.domain.events import Event
from podium.domain.ids import new_token
from podium.domain.webhook_messages import Message, body_of, message_of
from podium.domain.webhooks import Answer, Delivery, next_attempt
from podium.errors import StorageUnavailable
from podium.services.context import Context
from podium.services.sender import TIMEOUT_S, Sender
from podium.store import audit as event_rows
from podium.store import webhooks as rows
from podium.store.transaction import Tx

_log = logging.getLogger("podium.webhooks")

BATCH = 500
# A claim outlives the longest attempt; when a process dies during one, another tries again after this.
CLAIM_MS = (TIMEOUT_S + 20) * 1000


class Deliveries:
    """The steps that the background worker takes."""

    def __init__(self, context: Context, sender: Sender) -> None:
        self._context = context
        self._sender = sender

    async def news(self) -> rows.News:
        """What there is to do; one small read."""
        return await self._context.store.read(lambda tx: rows.news(tx, self._context.clock()))

    async def enqueue(self) -> int:
        """Make the deliveries of new events; the number of events read. In one transaction, so none is made twice."""
        return await self._context.store.write(self._enqueue)

    async def claim(self, limit: int) -> list[Delivery]:
        """Up to `limit` deliveries that are due, claimed for this process."""
        now = self._context.clock()
        return await self._context.store.write(
            lambda tx: rows.claim_deliveries(tx, now=now, until=now + CLAIM_MS, limit=limit)
        )

    async def deliver(self, delivery: Delivery) -> Answer:
        """Make the attempt and write down what came of it."""
        answer = await self._attempt(delivery)
        now = self._context.clock()
        due = None if answer.accepted else next_attempt(delivery.attempts, answer, now)
        error = None if answer.accepted else answer.error or f"the receiver answered {answer.status}"
        await self._context.store.write(
            lambda tx: rows.settle_delivery(
                tx,
                delivery.id,
                due=due,
                delivered_at=now if answer.accepted else None,
                status=answer.status,
                error=error,
            )
        )
        return answer

    async def close(self) -> None:
        """Close the connections that are kept to receivers."""
        await self._sender.close()

    async def _attempt(self, delivery: Delivery) -> Answer:
        try:
            secret = delivery.sealed_secret and self._context.secrets.unseal(delivery.sealed_secret)
        except StorageUnavailable as error:
            return Answer(error=error.message)
        return await self._sender.send(delivery.url, delivery.delivery_id, delivery.body, secret)

    def _enqueue(self, tx: Tx) -> int:
        cursor = rows.lock_cursor(tx)
        webhooks = rows.active_webhooks(tx)
        if not webhooks:
            return 0
        # What happened while there was no webhook concerns none, and is not read.
        start = max(cursor, min(after for _, _, _, after, _ in webhooks))
        events = event_rows.events_after(tx, start, BATCH)
        found: list[dict[str, Any]] = []
        for event in events:
            message = _message(event)
            if message is None:
                continue
            for key, team_id, team, after, wanted in webhooks:
                if event.team_id == team_id and event.seq > after and str(message[0]) in wanted:
                    found.append(self._row(key, event, body_of(message, at=event.at, team=team)))
        rows.insert_deliveries(tx, found)
        rows.update_cursor(tx, events[-1].seq if events else start)
        return len(events)

    def _row(self, webhook: int, event: Event, body: str) -> dict[str, Any]:
        return {
            "delivery_id": new_token(),
            "webhook": webhook,
            "seq": event.seq,
            "body": body,
            "due": self._context.clock(),
        }


def _message(event: Event) -> Message | None:
    """What there is to tell of an event. One that is not understood is passed over: the next ones wait behind it."""
    try:
        return message_of(event)
    except (KeyError, msgspec.DecodeError):
        _log.exception("no webhook is told of event %d: its states are not what they should be", event.seq)
        return None
