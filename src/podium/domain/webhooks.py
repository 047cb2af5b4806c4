"""Webhooks: what is a valid one, and how a message is signed.

The signature is that of MLflow and of the Standard Webhooks it follows: `v1,` and the base64 of HMAC-SHA256, keyed with
the webhook's secret, over `<delivery id>.<timestamp>.<body>`.
"""

import base64
import hashlib
import hmac
import re
from typing import Literal, get_args
from urllib.parse import urlsplit

import msgspec

from podium.domain.names import check_length, check_text
from podium.errors import InvalidArgument

Status = Literal["ACTIVE", "DISABLED"]

ACTIONS: dict[str, tuple[str, ...]] = {
    "registered_model": ("created",),
    "model_version": ("created",),
    "model_version_tag": ("set", "deleted"),
    "model_version_alias": ("created", "deleted"),
    "prompt": ("created",),
    "prompt_version": ("created",),
    "prompt_tag": ("set", "deleted"),
    "prompt_version_tag": ("set", "deleted"),
    "prompt_alias": ("created", "deleted"),
    "budget_policy": ("exceeded",),
}
SCHEMES = ("https", "http")
MAX_URL = 2048
MAX_DESCRIPTION = 5000
MAX_SECRET = 1000

# Milliseconds to the next attempt after the first failed one, the second, …; after the last, it is given up.
BACKOFF_MS = (1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000)

SIGNATURE_HEADER = "X-MLflow-Signature"
TIMESTAMP_HEADER = "X-MLflow-Timestamp"
DELIVERY_HEADER = "X-MLflow-Delivery-Id"

_NAME = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)


class WebhookEvent(msgspec.Struct, frozen=True):
    """What a webhook may ask to be told: `registered_model` was `created`."""

    entity: str
    action: str

    def __str__(self) -> str:
        return f"{self.entity}.{self.action}"


class Webhook(msgspec.Struct, frozen=True):
    """A webhook. The secret stays sealed, so no copy of this value tells it."""

    id: int
    webhook_id: str
    name: str
    description: str | None
    url: str
    events: tuple[WebhookEvent, ...]
    status: Status
    sealed_secret: str | None
    created_at: int
    updated_at: int


class WebhookChange(msgspec.Struct, frozen=True):
    """What is to be other than it was; None leaves a part as it is. An empty secret takes the signature away."""

    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: tuple[WebhookEvent, ...] | None = None
    secret: str | None = None
    status: str | None = None


class Delivery(msgspec.Struct, frozen=True):
    """A message that is due. `attempts` counts the one that begins with it."""

    id: int
    delivery_id: str
    url: str
    sealed_secret: str | None
    body: str
    attempts: int


class Answer(msgspec.Struct, frozen=True):
    """What came of an attempt: the receiver's answer, or why there was none. `retry_after` is in milliseconds."""

    status: int | None = None
    body: str | None = None
    error: str | None = None
    retry_after: int | None = None

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check_change(change: WebhookChange) -> None:
    """Raise InvalidArgument unless every part that is given is valid."""
    if change.name is not None and not _NAME.fullmatch(change.name):
        raise InvalidArgument(
            f"Webhook name {change.name!r} is invalid. It must start and end with a letter or digit, be less than 63 "
            "characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-)."
        )
    if change.url is not None:
        check_url(change.url)
    if change.events is not None:
        check_events(change.events)
    if change.status is not None and change.status not in get_args(Status):
        raise InvalidArgument(f"Invalid webhook status '{change.status}': it is ACTIVE or DISABLED.")
    for path, value, limit in (
        ("description", change.description or "", MAX_DESCRIPTION),
        ("secret", change.secret or "", MAX_SECRET),
    ):
        check_length(path, value, limit)
        check_text(path, value)


def check_url(url: str) -> None:
    """Raise InvalidArgument unless messages can be sent to `url`, as far as its text tells."""
    if not url.strip():
        raise InvalidArgument(f"Webhook URL cannot be empty or just whitespace: {url!r}")
    check_length("url", url, MAX_URL)
    check_text("url", url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidArgument(f"Invalid webhook URL {url!r}: {error}") from error
    if parts.scheme not in SCHEMES:
        raise InvalidArgument(
            f"Invalid webhook URL scheme: {parts.scheme!r}. Allowed schemes are: {', '.join(SCHEMES)}."
        )
    if not host:
        raise InvalidArgument(f"Webhook URL must include a hostname: {url!r}")
    if parts.username or parts.password:
        raise InvalidArgument("Webhook URL must not hold a user name or password: use a secret, which is not shown.")


def check_events(events: tuple[WebhookEvent, ...]) -> None:
    """Raise InvalidArgument unless these are events that exist, and at least one."""
    if not events:
        raise InvalidArgument("Webhook events must be a non-empty list of WebhookEvent objects: [].")
    for event in events:
        if event.entity not in ACTIONS:
            raise InvalidArgument(f"Invalid webhook entity '{event.entity}'. Valid ones are: {list(ACTIONS)}")
        if event.action not in ACTIONS[event.entity]:
            raise InvalidArgument(
                f"Invalid action '{event.action}' for entity '{event.entity}'. "
                f"Valid actions are: {sorted(ACTIONS[event.entity])}"
            )


def headers(delivery_id: str, timestamp: int, body: str, secret: str | None) -> dict[str, str]:
    """The headers of an attempt; `timestamp` is in seconds. Without a secret it is not signed."""
    found = {
        "Content-Type": "application/json",
        DELIVERY_HEADER: delivery_id,
        TIMESTAMP_HEADER: str(timestamp),
    }
    if secret:
        found[SIGNATURE_HEADER] = signature(secret, delivery_id, timestamp, body)
    return found


def signature(secret: str, delivery_id: str, timestamp: int, body: str) -> str:
    """The signature of an attempt."""
    content = f"{delivery_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode()


def next_attempt(attempts: int, answer: Answer, now: int) -> int | None:
    """When to try again after `attempts` failed ones, or None to give up. A receiver may ask for more time."""
    if attempts > len(BACKOFF_MS):
        return None
    wait = min(answer.retry_after or 0, BACKOFF_MS[-1])
    return now + max(BACKOFF_MS[attempts - 1], wait)
