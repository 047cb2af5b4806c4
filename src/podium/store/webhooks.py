"""Rows of webhooks and of what is to be delivered to them."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from podium.domain.webhooks import Delivery, Status, Webhook, WebhookEvent
from podium.store.dialect import for_update
from podium.store.transaction import Row, Tx

READER = "webhooks"

_COLUMNS = "id, webhook_id, name, description, url, events, status, sealed_secret, created_at, updated_at"


class News(msgspec.Struct, frozen=True):
    """Whether there is a webhook to deliver to, are events not looked at yet, and is a delivery due."""

    has_receivers: bool
    has_events: bool
    has_due: bool


def insert_webhook(tx: Tx, team_id: int, webhook: Webhook) -> Webhook:
    """The webhook with its key. It concerns no event yet: `update_start` says from where on."""
    key = tx.value(
        "INSERT INTO webhooks (webhook_id, team_id, name, description, url, events, status, sealed_secret, after_seq,"
        " created_at, updated_at) VALUES (:webhook_id, :team, :name, :description, :url, :events, :status, :secret, 0,"
        " :created, :updated) RETURNING id",
        webhook_id=webhook.webhook_id,
        team=team_id,
        created=webhook.created_at,
        **_values(webhook),
    )
    return msgspec.structs.replace(webhook, id=key)


def update_webhook(tx: Tx, webhook: Webhook) -> None:
    """Write every part of the webhook that can change."""
    tx.run(
        "UPDATE webhooks SET name = :name, description = :description, url = :url, events = :events, status = :status,"
        " sealed_secret = :secret, updated_at = :updated WHERE id = :id",
        id=webhook.id,
        **_values(webhook),
    )


def update_start(tx: Tx, webhook_key: int) -> None:
    """Let the webhook hear of what happens from now on."""
    tx.run("UPDATE webhooks SET after_seq = (SELECT seq FROM event_chain WHERE id = 1) WHERE id = :id", id=webhook_key)


def delete_webhook(tx: Tx, webhook_key: int) -> None:
    """Delete the webhook and what was to be delivered to it."""
    tx.run("DELETE FROM webhooks WHERE id = :id", id=webhook_key)


def find_webhook(tx: Tx, team_id: int, webhook_id: str, *, lock: bool = False) -> Webhook | None:
    """The team's webhook with this public id; with `lock` it stays as it is until the transaction ends."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM webhooks WHERE team_id = :team AND webhook_id = :id"
        + (for_update(tx.dialect) if lock else ""),
        team=team_id,
        id=webhook_id,
    )
    return None if row is None else _webhook(row)


def newest_webhooks(tx: Tx, team_id: int, *, before: int | None, limit: int) -> list[Webhook]:
    """The team's webhooks, newest first, only those with a key below `before`."""
    behind = "" if before is None else " AND id < :before"
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM webhooks WHERE team_id = :team{behind} ORDER BY id DESC LIMIT {limit}",
        team=team_id,
        before=before,
    )
    return [_webhook(row) for row in rows]


def active_webhooks(tx: Tx) -> list[tuple[int, int, str, int, frozenset[str]]]:
    """(key, team, team's name, number of the last event that does not concern it, events) of all that are active."""
    rows = tx.all(
        "SELECT w.id, w.team_id, t.name, w.after_seq, w.events FROM webhooks w JOIN teams t ON t.id = w.team_id"
        " WHERE w.status = 'ACTIVE' AND t.deleted_at IS NULL ORDER BY w.id"
    )
    return [(key, team, name, after, frozenset(events.split(","))) for key, team, name, after, events in rows]


def news(tx: Tx, now: int) -> News:
    """What there is to do."""
    has_receivers = tx.value("SELECT 1 FROM webhooks WHERE status = 'ACTIVE' LIMIT 1") is not None
    if not has_receivers:
        return News(has_receivers=False, has_events=False, has_due=False)
    unread = tx.value(
        "SELECT 1 FROM event_chain e JOIN outbox_cursors c ON c.reader = :reader WHERE e.id = 1 AND e.seq > c.seq"
        " AND EXISTS (SELECT 1 FROM webhooks w WHERE w.status = 'ACTIVE' AND w.after_seq < e.seq)",
        reader=READER,
    )
    due = tx.value(
        "SELECT 1 FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_key"
        " WHERE d.due_at <= :now AND w.status = 'ACTIVE' LIMIT 1",
        now=now,
    )
    return News(has_receivers=True, has_events=unread is not None, has_due=due is not None)


def lock_cursor(tx: Tx) -> int:
    """How far the events have been read; other processes wait until this transaction ends."""
    seq: int = tx.value(f"SELECT seq FROM outbox_cursors WHERE reader = :r{for_update(tx.dialect)}", r=READER)
    return seq


def update_cursor(tx: Tx, seq: int) -> None:
    """The events up to `seq` have been read."""
    tx.run("UPDATE outbox_cursors SET seq = :seq WHERE reader = :reader", seq=seq, reader=READER)


def insert_deliveries(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of `delivery_id, webhook, seq, body, due`; a pair of webhook and event that is there stays as it is."""
    tx.many(
        "INSERT INTO webhook_deliveries (delivery_id, webhook_key, event_seq, body, attempts, due_at)"
        " VALUES (:delivery_id, :webhook, :seq, :body, 0, :due) ON CONFLICT (webhook_key, event_seq) DO NOTHING",
        rows,
    )


def claim_deliveries(tx: Tx, *, now: int, until: int, limit: int) -> list[Delivery]:
    """What is due, oldest first. Nobody else is given it before `until`; then it is due again, unless settled."""
    skip = " FOR UPDATE OF d SKIP LOCKED" if tx.dialect == "postgresql" else ""
    rows = tx.all(
        "SELECT d.id, d.delivery_id, w.url, w.sealed_secret, d.body, d.attempts + 1 FROM webhook_deliveries d"
        " JOIN webhooks w ON w.id = d.webhook_key WHERE d.due_at <= :now AND w.status = 'ACTIVE'"
        f" ORDER BY d.due_at, d.id LIMIT {limit}{skip}",
        now=now,
    )
    if rows:
        keys = ", ".join(str(row[0]) for row in rows)
        tx.run(
            f"UPDATE webhook_deliveries SET attempts = attempts + 1, due_at = :until WHERE id IN ({keys})", until=until
        )
    return [Delivery(*row) for row in rows]


def settle_delivery(
    tx: Tx, delivery_key: int, *, due: int | None, delivered_at: int | None, status: int | None, error: str | None
) -> None:
    """Write what came of an attempt."""
    tx.run(
        "UPDATE webhook_deliveries SET due_at = :due, delivered_at = :delivered, last_status = :status,"
        " last_error = :error WHERE id = :id",
        id=delivery_key,
        due=due,
        delivered=delivered_at,
        status=status,
        error=error,
    )


def _values(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "description": webhook.description,
        "url": webhook.url,
        "events": ",".join(str(event) for event in webhook.events),
        "status": webhook.status,
        "secret": webhook.sealed_secret,
        "updated": webhook.updated_at,
    }


def _webhook(row: Row) -> Webhook:
    key, webhook_id, name, description, url, events, status, sealed_secret, created_at, updated_at = row
    known: Status = status
    pairs = tuple(WebhookEvent(*event.split(".")) for event in events.split(","))
    return Webhook(key, webhook_id, name, description, url, pairs, known, sealed_secret, created_at, updated_at)
