"""Webhooks end to end over both databases: events become deliveries, deliveries reach a real receiver."""

import asyncio
import base64
import hashlib
import hmac
import socket
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.webhooks import Webhook, WebhookChange, WebhookEvent
from podium.errors import InvalidArgument, NotFound, StorageUnavailable
from podium.services import Services
from podium.services.context import Context
from podium.services.deliveries import CLAIM_MS
from podium.services.secret_box import SecretBox
from podium.store.engine import Store
from podium.worker.loop import Worker
from support.receiver import Receiver, running_receiver

ADA = Actor("ada")
CREATED = (WebhookEvent("registered_model", "created"),)


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def context(store: Store, tmp_path: Path, clock: Clock) -> Context:
    return Context(store=store, blobs=LocalBlobs(tmp_path / "b"), clock=clock, secrets=SecretBox(tmp_path / "key"))


@pytest.fixture
def services(context: Context) -> Services:
    return Services(context)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


async def subscribe(services: Services, url: str, **parts) -> Webhook:
    return await services.webhooks.create(
        ADA, WebhookChange(**{"name": "hook", "url": url, "events": CREATED, **parts})
    )


async def work_once(services: Services) -> list[int | None]:
    """What the worker does in one step; the statuses that receivers answered."""
    await services.deliveries.enqueue()
    claimed = await services.deliveries.claim(16)
    answers = await asyncio.gather(*(services.deliveries.deliver(delivery) for delivery in claimed))
    await services.deliveries.close()
    return [answer.status for answer in answers]


async def create_model(services: Services, name: str) -> None:
    await services.registry.create(ADA, name, {})


def test_an_event_is_delivered_once_and_signed(services: Services, receiver: Receiver):
    async def run() -> None:
        await create_model(services, "before")
        await subscribe(services, receiver.url, secret="s3cret")
        await create_model(services, "m")
        assert await work_once(services) == [200]
        assert await work_once(services) == []

    asyncio.run(run())
    [(headers, body)] = receiver.messages
    assert '"name":"m"' in body
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{body}".encode()
    expected = base64.b64encode(hmac.digest(b"s3cret", signed, hashlib.sha256)).decode()
    assert headers["X-MLflow-Signature"] == f"v1,{expected}"


def test_a_failed_delivery_is_tried_again_later_with_the_same_id(services: Services, receiver: Receiver, clock: Clock):
    receiver.statuses = [500, 503]

    async def run() -> None:
        await subscribe(services, receiver.url)
        await create_model(services, "m")
        assert await work_once(services) == [500]
        assert await work_once(services) == []
        clock.now += 1_000
        assert await work_once(services) == [503]
        clock.now += 5_000
        assert await work_once(services) == [200]
        clock.now += 10**9
        assert await work_once(services) == []

    asyncio.run(run())
    assert len({headers["X-MLflow-Delivery-Id"] for headers, _ in receiver.messages}) == 1
    assert len({body for _, body in receiver.messages}) == 1


def test_it_is_given_up_in_the_end_and_says_why(services: Services, context: Context, clock: Clock):
    async def run() -> tuple[object, ...] | None:
        await subscribe(services, "http://127.0.0.1:9/")
        await create_model(services, "m")
        attempts = 0
        while await work_once(services):
            attempts += 1
            clock.now += 30_000_000
        assert attempts == 8
        return await context.store.read(
            lambda tx: tx.one("SELECT attempts, due_at, delivered_at, last_error FROM webhook_deliveries")
        )

    row = asyncio.run(run())
    assert row is not None
    assert row[:3] == (8, None, None)
    assert "ConnectError" in str(row[3])


def test_a_claim_that_was_never_settled_is_due_again(
    services: Services, context: Context, receiver: Receiver, clock: Clock
):
    async def run() -> None:
        await subscribe(services, receiver.url)
        await create_model(services, "m")
        await services.deliveries.enqueue()
        [claimed] = await services.deliveries.claim(16)  # and now this process dies
        later = Services(context)
        assert await later.deliveries.claim(16) == []
        clock.now += CLAIM_MS
        [again] = await later.deliveries.claim(16)
        assert (again.delivery_id, again.attempts) == (claimed.delivery_id, 2)

    asyncio.run(run())


def test_processes_share_the_work_without_doing_it_twice(services: Services, context: Context):
    async def run() -> None:
        await subscribe(services, "http://127.0.0.1:9/")
        for i in range(20):
            await create_model(services, f"m{i}")
        others = [Services(context).deliveries for _ in range(4)]
        await asyncio.gather(*(each.enqueue() for each in others))
        claims = await asyncio.gather(*(each.claim(8) for each in others))
        ids = [delivery.delivery_id for claimed in claims for delivery in claimed]
        ids += [delivery.delivery_id for delivery in await others[0].claim(50)]
        assert len(ids) == len(set(ids)) == 20

    asyncio.run(run())


def test_only_what_is_asked_for_while_active_is_told(services: Services, receiver: Receiver):
    async def run() -> None:
        hook = await subscribe(services, receiver.url)
        await subscribe(services, receiver.url, events=(WebhookEvent("prompt", "created"),))
        await services.webhooks.update(ADA, hook.webhook_id, WebhookChange(status="DISABLED"))
        await create_model(services, "unheard")
        await services.webhooks.update(ADA, hook.webhook_id, WebhookChange(status="ACTIVE"))
        await create_model(services, "heard")
        assert await work_once(services) == [200]

    asyncio.run(run())
    [(_, body)] = receiver.messages
    assert '"name":"heard"' in body


def test_other_teams_hear_nothing_and_see_no_webhook(services: Services, context: Context, receiver: Receiver):
    async def run() -> None:
        await context.store.write(
            lambda tx: tx.run("INSERT INTO teams (name, created_at, updated_at) VALUES ('blue', 0, 0)")
        )
        hook = await subscribe(services, receiver.url)
        blue = Actor("bea", "blue")
        await services.registry.create(blue, "theirs", {})
        assert await work_once(services) == []
        assert await services.webhooks.list(blue) == ([], None)
        with pytest.raises(NotFound):
            await services.webhooks.delete(blue, hook.webhook_id)

    asyncio.run(run())


def test_the_secret_is_in_no_row(services: Services, context: Context, tmp_path: Path):
    async def run() -> list[object]:
        hook = await subscribe(services, "http://127.0.0.1:9/", secret="open sesame")
        await services.webhooks.update(ADA, hook.webhook_id, WebhookChange(secret="open barley"))
        return await context.store.read(lambda tx: [*tx.all("SELECT * FROM webhooks"), *tx.all("SELECT * FROM events")])

    assert "open" not in str(asyncio.run(run()))
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_another_key_does_not_open_a_secret(tmp_path: Path):
    sealed = SecretBox(tmp_path / "one").seal("secret")
    assert SecretBox(tmp_path / "one").unseal(sealed) == "secret"
    with pytest.raises(StorageUnavailable, match="another key"):
        SecretBox(tmp_path / "other").unseal(sealed)


def test_pages_are_newest_first_and_complete(services: Services):
    async def run() -> list[str]:
        for i in range(5):
            await subscribe(services, "http://127.0.0.1:9/", name=f"hook{i}")
        names, token = [], None
        while True:
            page, token = await services.webhooks.list(ADA, limit=2, page_token=token)
            names += [webhook.name for webhook in page]
            if token is None:
                return names

    assert asyncio.run(run()) == ["hook4", "hook3", "hook2", "hook1", "hook0"]


@pytest.mark.parametrize(("limit", "token"), [(0, None), (1001, None), (5, "x"), (5, "9" * 40)])
def test_wrong_pages_are_refused(services: Services, limit: int, token: str | None):
    with pytest.raises(InvalidArgument):
        asyncio.run(services.webhooks.list(ADA, limit=limit, page_token=token))


def test_a_link_local_receiver_is_not_reached(services: Services):
    async def run() -> str | None:
        hook = await subscribe(services, "http://169.254.169.254/latest/meta-data")
        return (await services.webhooks.test(ADA, hook.webhook_id)).error

    assert "not sent to 169.254.169.254" in (asyncio.run(run()) or "")


def test_a_name_of_two_addresses_is_reached_at_the_one_that_listens(
    services: Services, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    async def run() -> int | None:
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        found = [(*entry, ("127.0.0.2", 0)), (*entry, ("127.0.0.1", 0))]
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", AsyncMock(return_value=found))
        hook = await subscribe(services, receiver.url.replace("127.0.0.1", "receiver.test"))
        answer = await services.webhooks.test(ADA, hook.webhook_id)
        await services.deliveries.close()
        return answer.status

    assert asyncio.run(run()) == 200
    assert receiver.messages[0][0]["Host"].startswith("receiver.test:")


def test_a_redirect_is_not_followed(services: Services, receiver: Receiver):
    receiver.statuses, receiver.answer_headers = [302], {"Location": receiver.url}

    async def run() -> int | None:
        hook = await subscribe(services, receiver.url)
        answer = await services.webhooks.test(ADA, hook.webhook_id)
        await services.deliveries.close()
        assert not answer.accepted
        return answer.status

    assert asyncio.run(run()) == 302
    assert len(receiver.messages) == 1


def test_the_worker_delivers_soon_and_stops_cleanly(services: Services, receiver: Receiver):
    async def run() -> None:
        await subscribe(services, receiver.url)
        worker = Worker(services.deliveries)
        worker.start()
        for i in range(30):
            await create_model(services, f"m{i}")
        await asyncio.to_thread(receiver.wait_for, 30)
        await worker.stop()

    asyncio.run(run())
    names = {body["data"]["name"] for body in receiver.wait_for(30)}
    assert names == {f"m{i}" for i in range(30)}


def test_a_broken_event_does_not_stop_those_behind_it(services: Services, context: Context, receiver: Receiver):
    async def run() -> None:
        await subscribe(services, receiver.url)
        await create_model(services, "broken")
        await context.store.write(lambda tx: tx.run("UPDATE events SET after = '{}' WHERE entity = 'registered_model'"))
        await create_model(services, "fine")
        assert await work_once(services) == [200]

    asyncio.run(run())
