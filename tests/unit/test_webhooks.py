"""What a webhook may be, what it is told, and how that is signed."""

import base64
import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from podium.domain.events import Change, Event, chain
from podium.domain.webhook_messages import body_of, example_of, message_of
from podium.domain.webhooks import (
    ACTIONS,
    BACKOFF_MS,
    Answer,
    WebhookChange,
    WebhookEvent,
    check_change,
    headers,
    next_attempt,
)
from podium.errors import InvalidArgument
from podium.services.sender import is_forbidden

MODEL = {"name": "m", "is_prompt": False}
PROMPT = {"name": "p", "is_prompt": True}
PROMPT_TAGS = {"mlflow.prompt.is_prompt": "true", "_mlflow_prompt_type": "text", "mlflow.prompt.text": "Hi", "k": "v"}


def event(entity: str, action: str, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None) -> Event:
    change = Change(entity, "7/2", "m/2", action, before, after)
    return chain(change, seq=1, at=1_700_000_000_123, actor="ada", team_id=1, previous_hash="")


MADE = {"description": None, "tags": {"k": "v"}}
VERSION = {"version": 2, "source": "s3://b", "run_id": "", **MADE}


@pytest.mark.parametrize(
    ("given", "kind", "data"),
    [
        (
            event("registered_model", "create", None, {**MODEL, **MADE}),
            "registered_model.created",
            {"name": "m", "tags": {"k": "v"}, "description": ""},
        ),
        (
            event("registered_model", "create", None, {**PROMPT, "description": "d", "tags": PROMPT_TAGS}),
            "prompt.created",
            {"name": "p", "tags": {"k": "v"}, "description": "d"},
        ),
        (
            event("model_version", "create", None, {**MODEL, **VERSION}),
            "model_version.created",
            {"name": "m", "version": "2", "source": "s3://b", "run_id": None, "tags": {"k": "v"}, "description": None},
        ),
        (
            event("model_version", "create", None, {**PROMPT, **VERSION, "tags": PROMPT_TAGS}),
            "prompt_version.created",
            {"name": "p", "version": "2", "template": "Hi", "tags": {"k": "v"}, "description": None},
        ),
        (
            event("model_version", "set_tag", None, {**MODEL, "version": 2, "key": "a", "value": "b"}),
            "model_version_tag.set",
            {"name": "m", "version": "2", "key": "a", "value": "b"},
        ),
        (
            event("model_version", "delete_tag", {**MODEL, "version": 2, "key": "a", "value": "b"}),
            "model_version_tag.deleted",
            {"name": "m", "version": "2", "key": "a"},
        ),
        (
            event(
                "model_version", "set_tag", {**PROMPT, "version": 2}, {**PROMPT, "version": 2, "key": "a", "value": ""}
            ),
            "prompt_version_tag.set",
            {"name": "p", "version": "2", "key": "a", "value": ""},
        ),
        (
            event("registered_model", "set_tag", None, {**PROMPT, "key": "a", "value": "b"}),
            "prompt_tag.set",
            {"name": "p", "key": "a", "value": "b"},
        ),
        (
            event("registered_model", "delete_tag", {**PROMPT, "key": "a", "value": "b"}),
            "prompt_tag.deleted",
            {"name": "p", "key": "a"},
        ),
        (
            event("model_version", "set_alias", None, {**MODEL, "version": 2, "alias": "best"}),
            "model_version_alias.created",
            {"name": "m", "alias": "best", "version": "2"},
        ),
        (
            event("model_version", "delete_alias", {**MODEL, "version": 2, "alias": "best"}),
            "model_version_alias.deleted",
            {"name": "m", "alias": "best"},
        ),
        (
            event("model_version", "delete_alias", {**PROMPT, "version": 2, "alias": "best"}),
            "prompt_alias.deleted",
            {"name": "p", "alias": "best"},
        ),
    ],
)
def test_an_event_is_told_in_mlflows_words(given: Event, kind: str, data: dict[str, Any]):
    message = message_of(given)
    assert message is not None
    assert (str(message[0]), message[1]) == (kind, data)


@pytest.mark.parametrize(
    "given",
    [
        event("project", "create", None, {"name": "x"}),
        event("model_version", "transition_stage", {**MODEL}, {**MODEL}),
        event("registered_model", "set_tag", None, {**MODEL, "key": "a", "value": "b"}),
        event("registered_model", "rename", MODEL, MODEL),
    ],
)
def test_mlflow_has_no_word_for_other_events(given: Event):
    assert message_of(given) is None


@pytest.mark.parametrize("kind", [(e, a) for e, actions in ACTIONS.items() for a in actions])
def test_every_event_has_the_example_of_mlflow(kind: tuple[str, str]):
    from mlflow.entities.webhook import WebhookEvent as Theirs
    from mlflow.webhooks.types import get_example_payload_for_event

    assert example_of(WebhookEvent(*kind))[1] == get_example_payload_for_event(Theirs(*kind))


def test_the_events_are_those_of_mlflow():
    from mlflow.entities.webhook import VALID_ENTITY_ACTIONS

    theirs = {entity.value: {action.value for action in actions} for entity, actions in VALID_ENTITY_ACTIONS.items()}
    assert {entity: set(actions) for entity, actions in ACTIONS.items()} == theirs


def test_a_body_tells_what_when_and_where():
    body = body_of((WebhookEvent("prompt", "created"), {"name": "p"}), at=1_700_000_000_123, team="blue")
    assert msgspec.json.decode(body) == {
        "entity": "prompt",
        "action": "created",
        "timestamp": "2023-11-14T22:13:20.123000+00:00",
        "data": {"name": "p"},
        "workspace": "blue",
    }


def test_a_receiver_can_verify_the_signature():
    found = headers("id-1", 1700000000, '{"ä": 1}', "s3cret")
    digest = hmac.new(b"s3cret", 'id-1.1700000000.{"ä": 1}'.encode(), hashlib.sha256).digest()
    assert found["X-MLflow-Signature"] == "v1," + base64.b64encode(digest).decode()
    assert (found["X-MLflow-Delivery-Id"], found["X-MLflow-Timestamp"]) == ("id-1", "1700000000")


def test_without_a_secret_nothing_is_signed():
    assert "X-MLflow-Signature" not in headers("id-1", 1, "{}", None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (WebhookChange(name=""), "Webhook name '' is invalid"),
        (WebhookChange(name="-a"), "is invalid"),
        (WebhookChange(name="a" * 64), "is invalid"),
        (WebhookChange(name="a\n"), "is invalid"),
        (WebhookChange(url="   "), "cannot be empty or just whitespace"),
        (WebhookChange(url="ftp://example.com"), "Invalid webhook URL scheme"),
        (WebhookChange(url="http://[invalid"), "Invalid webhook URL"),
        (WebhookChange(url="http://h:99999/"), "Invalid webhook URL"),
        (WebhookChange(url="https:///path"), "must include a hostname"),
        (WebhookChange(url="https://user:word@host/"), "user name or password"),
        (WebhookChange(events=()), "non-empty list"),
        (WebhookChange(events=(WebhookEvent("model", "created"),)), "Invalid webhook entity 'model'"),
        (WebhookChange(events=(WebhookEvent("prompt", "set"),)), r"Valid actions are: \['created'\]"),
        (WebhookChange(status="PAUSED"), "ACTIVE or DISABLED"),
        (WebhookChange(secret="a\x00b"), "NUL"),
        (WebhookChange(description="x" * 5001), "description"),
    ],
)
def test_what_is_wrong_is_named(change: WebhookChange, words: str):
    with pytest.raises(InvalidArgument, match=words):
        check_change(change)


@pytest.mark.parametrize("name", ["a", "a" * 63, "My.hook_1-x"])
def test_good_names_pass(name: str):
    check_change(WebhookChange(name=name, url="http://localhost:9/x", events=(WebhookEvent("prompt", "created"),)))


def test_attempts_are_further_apart_each_time_and_end():
    failed = Answer(status=500)
    waits = [next_attempt(attempts, failed, 0) for attempts in range(1, len(BACKOFF_MS) + 2)]
    assert waits == [*BACKOFF_MS, None]


def test_a_receiver_can_ask_for_more_time_within_bounds():
    assert next_attempt(1, Answer(status=429, retry_after=7_000), 100) == 7_100
    assert next_attempt(1, Answer(status=429, retry_after=10), 100) == 100 + BACKOFF_MS[0]
    assert next_attempt(1, Answer(status=429, retry_after=10**12), 0) == BACKOFF_MS[-1]


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%eth0", "fd00:ec2::254", "0.0.0.0", "224.0.0.1", "::"],
)
def test_messages_never_go_to_metadata_services_or_to_no_host(address: str):
    assert is_forbidden(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "93.184.216.34"])
def test_messages_go_to_hosts_here_and_abroad(address: str):
    assert not is_forbidden(address)
