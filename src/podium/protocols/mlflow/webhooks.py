"""Webhooks in MLflow's words: enums are upper case, and a secret is never answered."""

import msgspec

from podium.domain.access import Actor
from podium.domain.webhooks import Webhook, WebhookChange, WebhookEvent
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.wire import Name
from podium.services import Services


class Event(msgspec.Struct):
    entity: Name
    action: Name


class CreateWebhook(msgspec.Struct):
    name: Name
    url: Name
    events: list[Event]
    description: str = ""
    secret: str = ""
    status: str = "ACTIVE"


class ListWebhooks(msgspec.Struct):
    max_results: int = 100
    page_token: str = ""


class WebhookId(msgspec.Struct):
    webhook_id: Name


class UpdateWebhook(msgspec.Struct):
    webhook_id: Name
    name: str = ""
    url: str = ""
    events: list[Event] = []
    description: str | None = None
    secret: str | None = None
    status: str | None = None


class TestWebhook(msgspec.Struct):
    webhook_id: Name
    event: Event | None = None


class ShownWebhook(msgspec.Struct, omit_defaults=True):
    """MLflow's `Webhook` message."""

    webhook_id: str
    name: str
    url: str
    events: list[Event]
    status: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None = None


class OneWebhook(msgspec.Struct):
    webhook: ShownWebhook


class WebhookList(msgspec.Struct, omit_defaults=True):
    webhooks: list[ShownWebhook] = []
    next_page_token: str | None = None


class TestResult(msgspec.Struct, omit_defaults=True):
    """MLflow's `WebhookTestResult`; its client takes what is left out for None."""

    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


class Tested(msgspec.Struct):
    result: TestResult


async def create(services: Services, actor: Actor, request: CreateWebhook) -> OneWebhook:
    given = WebhookChange(
        request.name,
        request.description or None,
        request.url,
        _events(request.events),
        request.secret or None,
        request.status,
    )
    return OneWebhook(_shown(await services.webhooks.create(actor, given)))


async def get(services: Services, actor: Actor, request: WebhookId) -> OneWebhook:
    return OneWebhook(_shown(await services.webhooks.get(actor, request.webhook_id)))


async def list_page(services: Services, actor: Actor, request: ListWebhooks) -> WebhookList:
    found, token = await services.webhooks.list(actor, limit=request.max_results, page_token=request.page_token or None)
    return WebhookList([_shown(webhook) for webhook in found], token)


async def update(services: Services, actor: Actor, request: UpdateWebhook) -> OneWebhook:
    change = WebhookChange(
        request.name or None,
        request.description,
        request.url or None,
        _events(request.events) or None,
        request.secret,
        request.status,
    )
    return OneWebhook(_shown(await services.webhooks.update(actor, request.webhook_id, change)))


async def delete(services: Services, actor: Actor, request: WebhookId) -> None:
    await services.webhooks.delete(actor, request.webhook_id)


async def test(services: Services, actor: Actor, request: TestWebhook) -> Tested:
    event = _events([request.event])[0] if request.event else None
    answer = await services.webhooks.test(actor, request.webhook_id, event)
    error = answer.error and f"Failed to test webhook: {answer.error}"
    return Tested(TestResult(answer.accepted, answer.status, answer.body or None, error))


def _events(events: list[Event]) -> tuple[WebhookEvent, ...]:
    return tuple(WebhookEvent(event.entity.lower(), event.action.lower()) for event in events)


def _shown(webhook: Webhook) -> ShownWebhook:
    return ShownWebhook(
        webhook_id=webhook.webhook_id,
        name=webhook.name,
        url=webhook.url,
        events=[Event(event.entity.upper(), event.action.upper()) for event in webhook.events],
        status=webhook.status,
        creation_timestamp=webhook.created_at,
        last_updated_timestamp=webhook.updated_at,
        description=webhook.description or None,
    )


ENDPOINTS = (
    Call("POST", "webhooks", CreateWebhook, create),
    Call("GET", "webhooks", ListWebhooks, list_page),
    Call("GET", "webhooks/{webhook_id}", WebhookId, get),
    Call("PATCH", "webhooks/{webhook_id}", UpdateWebhook, update),
    Call("DELETE", "webhooks/{webhook_id}", WebhookId, delete),
    Call("POST", "webhooks/{webhook_id}/test", TestWebhook, test),
)
