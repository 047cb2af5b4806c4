"""Webhooks through the mlflow client, with a real receiver."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.receiver import Receiver, running_receiver
from support.server import running_server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def test_a_webhook_is_made_changed_listed_and_deleted(client):
    from mlflow.entities.webhook import WebhookStatus
    from mlflow.exceptions import MlflowException

    made = client.create_webhook("hook", "https://example.com/a", ["model_version.created"], secret="s")
    assert (made.name, made.description, made.secret, made.status) == ("hook", None, None, WebhookStatus.ACTIVE)
    assert [str(event) for event in made.events] == ["model_version.created"]
    events = ["prompt_tag.set", "model_version_alias.deleted"]
    changed = client.update_webhook(
        made.webhook_id, description="d", events=events, status=WebhookStatus.DISABLED, url="http://localhost:1/b"
    )
    assert (changed.name, changed.description, changed.url) == ("hook", "d", "http://localhost:1/b")
    assert [str(event) for event in changed.events] == events
    assert changed.last_updated_timestamp > made.last_updated_timestamp
    found = client.get_webhook(made.webhook_id)
    assert repr(found) == repr(changed)
    second = client.create_webhook("second", "https://example.com/b", ["prompt.created"])
    page = client.list_webhooks(max_results=1)
    assert [webhook.webhook_id for webhook in page] == [second.webhook_id]
    assert [webhook.webhook_id for webhook in client.list_webhooks(1, page.token)] == [made.webhook_id]
    client.delete_webhook(made.webhook_id)
    with pytest.raises(MlflowException, match=f"Webhook with ID {made.webhook_id} not found"):
        client.get_webhook(made.webhook_id)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Missing value for required parameter 'name'"),
        ({"events": []}, "non-empty list"),
        ({"events": [{"entity": "REGISTERED_MODEL", "action": "DELETED"}]}, "Invalid action 'deleted'"),
        ({"url": "gopher://example.com"}, "Invalid webhook URL scheme"),
        ({"status": "ASLEEP"}, "ACTIVE or DISABLED"),
    ],
)
def test_what_is_wrong_is_refused(http: httpx.Client, fields: dict[str, object], words: str):
    good = {
        "name": "hook",
        "url": "https://example.com",
        "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    }
    answer = http.post("/api/2.0/mlflow/webhooks", json={**good, **fields})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert words in answer.json()["message"]


def test_the_registry_is_told_of_as_it_changes(client, receiver: Receiver):
    events = [
        "registered_model.created",
        "model_version.created",
        "model_version_tag.set",
        "model_version_tag.deleted",
        "model_version_alias.created",
        "model_version_alias.deleted",
    ]
    client.create_webhook("hook", receiver.url, events, secret="s3cret")
    client.create_registered_model("m", {"a": "b"}, "about")
    client.create_model_version("m", "s3://bucket/model", tags={"c": "d"})
    client.set_model_version_tag("m", "1", "k", "v")
    client.set_registered_model_alias("m", "best", "1")
    client.delete_registered_model_alias("m", "best")
    client.delete_model_version_tag("m", "1", "k")
    bodies = {f"{body['entity']}.{body['action']}": body["data"] for body in receiver.wait_for(6)}
    assert bodies == {
        "registered_model.created": {"name": "m", "tags": {"a": "b"}, "description": "about"},
        "model_version.created": {
            "name": "m",
            "version": "1",
            "source": "s3://bucket/model",
            "run_id": None,
            "tags": {"c": "d"},
            "description": None,
        },
        "model_version_tag.set": {"name": "m", "version": "1", "key": "k", "value": "v"},
        "model_version_tag.deleted": {"name": "m", "version": "1", "key": "k"},
        "model_version_alias.created": {"name": "m", "alias": "best", "version": "1"},
        "model_version_alias.deleted": {"name": "m", "alias": "best"},
    }
    for headers, body in receiver.messages:
        signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body}".encode()
        expected = base64.b64encode(hmac.digest(b"s3cret", signed, hashlib.sha256)).decode()
        assert headers["X-MLflow-Signature"] == f"v1,{expected}"


def test_a_prompt_is_told_of_as_one(mlflow, client, receiver: Receiver):
    client.create_webhook("hook", receiver.url, ["prompt.created", "prompt_version.created", "prompt_alias.created"])
    mlflow.genai.register_prompt("greeting", "Hello {{name}}!", tags={"a": "b"})
    mlflow.genai.set_prompt_alias("greeting", "live", 1)
    bodies = {f"{body['entity']}.{body['action']}": body["data"] for body in receiver.wait_for(3)}
    assert bodies["prompt.created"]["name"] == "greeting"
    assert bodies["prompt_version.created"]["template"] == "Hello {{name}}!"
    assert bodies["prompt_alias.created"] == {"name": "greeting", "alias": "live", "version": "1"}


def test_a_webhook_is_tried_out(client, receiver: Receiver):
    webhook = client.create_webhook("hook", receiver.url, ["registered_model.created"])
    result = client.test_webhook(webhook.webhook_id)
    assert (result.success, result.response_status, result.response_body) == (True, 200, "heard")
    receiver.statuses = [404]
    result = client.test_webhook(webhook.webhook_id, "prompt_tag.set")
    assert (result.success, result.response_status, result.error_message) == (False, 404, None)
    assert [body["entity"] for body in receiver.wait_for(2)] == ["registered_model", "prompt_tag"]
    client.update_webhook(webhook.webhook_id, url="http://127.0.0.1:9/")
    result = client.test_webhook(webhook.webhook_id)
    assert (result.success, result.response_status) == (False, None)
    assert result.error_message.startswith("Failed to test webhook: ")


def test_what_was_not_delivered_is_delivered_after_a_restart(tmp_path: Path, receiver: Receiver):
    from mlflow import MlflowClient

    receiver.statuses = [500]
    with running_server(tmp_path / "data") as url:
        client = MlflowClient(url, url)
        client.create_webhook("hook", receiver.url, ["registered_model.created"], secret="s3cret")
        client.create_registered_model("m")
        receiver.wait_for(1)
    with running_server(tmp_path / "data"):
        receiver.wait_for(2)
    (first, _), (second, _) = receiver.messages
    assert first["X-MLflow-Delivery-Id"] == second["X-MLflow-Delivery-Id"]
    assert second["X-MLflow-Signature"]
