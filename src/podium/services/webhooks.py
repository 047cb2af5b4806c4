"""Webhooks: made, changed, deleted, and tried out. What happens is delivered by services/deliveries.py."""

from uuid import uuid4

import msgspec

from podium.domain.access import Actor
from podium.domain.events import Change, State
from podium.domain.webhook_messages import body_of, example_of
from podium.domain.webhooks import Answer, Webhook, WebhookChange, WebhookEvent, check_change, check_events
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.sender import Sender
from podium.store import webhooks as rows
from podium.store.transaction import Tx

MAX_PAGE = 1000


class Webhooks:
    """What the actor may do with webhooks of its team. A secret goes in and never comes out."""

    def __init__(self, context: Context, sender: Sender) -> None:
        self._context = context
        self._sender = sender

    async def create(self, actor: Actor, given: WebhookChange) -> Webhook:
        """The new webhook; it hears of what happens from now on. Raises InvalidArgument."""
        check_change(given)
        at = self._context.clock()
        blank = Webhook(0, str(uuid4()), "", None, "", (), "ACTIVE", None, at, at)
        new = self._changed(blank, given, at)

        def work(tx: Tx) -> Webhook:
            team = self._context.team_id(tx, actor)
            webhook = rows.insert_webhook(tx, team, new)
            self._record(tx, actor, team, "create", webhook, None, _shown(webhook), at)
            rows.update_start(tx, webhook.id)
            return webhook

        return await self._context.store.write(work)

    async def get(self, actor: Actor, webhook_id: str) -> Webhook:
        """The webhook with this id. Raises NotFound."""
        return await self._context.store.read(lambda tx: _require(tx, self._context.team_id(tx, actor), webhook_id))

    async def list(
        self, actor: Actor, *, limit: int = 100, page_token: str | None = None
    ) -> tuple[list[Webhook], str | None]:
        """A page of webhooks, newest first, and the token of the next page. Raises InvalidArgument."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"max_results must be between 1 and {MAX_PAGE}.")
        before = _decoded(page_token)

        def work(tx: Tx) -> tuple[list[Webhook], str | None]:
            team = self._context.team_id(tx, actor)
            found = rows.newest_webhooks(tx, team, before=before, limit=limit + 1)
            return found[:limit], str(found[limit - 1].id) if len(found) > limit else None

        return await self._context.store.read(work)

    async def update(self, actor: Actor, webhook_id: str, change: WebhookChange) -> Webhook:
        """The webhook with its given parts changed. One that becomes active hears of what happens from now on.

        Raises NotFound, InvalidArgument.
        """

        def work(tx: Tx) -> Webhook:
            team = self._context.team_id(tx, actor)
            before = _require(tx, team, webhook_id, lock=True)
            check_change(change)
            at = self._context.clock()
            webhook = self._changed(before, change, at)
            rows.update_webhook(tx, webhook)
            after = _shown(webhook)
            if change.secret is not None:
                after["secret_changed"] = True
            self._record(tx, actor, team, "update", webhook, _shown(before), after, at)
            if before.status != "ACTIVE":
                rows.update_start(tx, webhook.id)
            return webhook

        return await self._context.store.write(work)

    async def delete(self, actor: Actor, webhook_id: str) -> None:
        """Delete the webhook, its secret, and what was still to be delivered. Raises NotFound."""

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            webhook = _require(tx, team, webhook_id, lock=True)
            rows.delete_webhook(tx, webhook.id)
            self._record(tx, actor, team, "delete", webhook, _shown(webhook), None, self._context.clock())

        await self._context.store.write(work)

    async def test(self, actor: Actor, webhook_id: str, event: WebhookEvent | None = None) -> Answer:
        """What the receiver answers to a made-up message, of the webhook's first event unless another is given."""
        if event is not None:
            check_events((event,))
        await self._context.require_write(actor)
        webhook = await self.get(actor, webhook_id)
        body = body_of(example_of(event or webhook.events[0]), at=self._context.clock(), team=actor.team)
        secret = webhook.sealed_secret and self._context.secrets.unseal(webhook.sealed_secret)
        return await self._sender.send(webhook.url, str(uuid4()), body, secret)

    def _changed(self, webhook: Webhook, change: WebhookChange, at: int) -> Webhook:
        parts = {
            name: value
            for name in ("name", "description", "url", "events", "status")
            if (value := getattr(change, name)) is not None
        }
        if change.secret is not None:
            parts["sealed_secret"] = self._context.secrets.seal(change.secret) if change.secret else None
        # Two changes within a millisecond are told apart by their time all the same.
        updated_at = max(at, webhook.updated_at + 1) if webhook.id else at
        return msgspec.structs.replace(webhook, **parts, updated_at=updated_at)

    def _record(
        self, tx: Tx, actor: Actor, team: int, action: str, webhook: Webhook, before: State, after: State, at: int
    ) -> None:
        change = Change("webhook", webhook.webhook_id, webhook.name, action, before, after)
        self._context.record(tx, actor, team, change, at=at)


def _require(tx: Tx, team_id: int, webhook_id: str, *, lock: bool = False) -> Webhook:
    webhook = rows.find_webhook(tx, team_id, webhook_id, lock=lock)
    if webhook is None:
        raise NotFound(f"Webhook with ID {webhook_id} not found.")
    return webhook


def _shown(webhook: Webhook) -> dict[str, object]:
    """What the audit trail keeps of a webhook: all but its secret."""
    return {
        "name": webhook.name,
        "description": webhook.description,
        "url": webhook.url,
        "events": [str(event) for event in webhook.events],
        "status": webhook.status,
        "signed": webhook.sealed_secret is not None,
    }


def _decoded(page_token: str | None) -> int | None:
    if not page_token:
        return None
    if not page_token.isdecimal() or len(page_token) > 18:
        raise InvalidArgument("Invalid page token: it is not one that a listing of webhooks gave.")
    return int(page_token)
