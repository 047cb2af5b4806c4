"""What only an object store can show: signed URLs, leftovers, marks of collectors, and a store that refuses."""

import asyncio
import random
import resource
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from obstore.exceptions import GenericError

from podium.blobs import cloud, inflow, objects
from podium.blobs.cloud import CloudBlobs
from podium.errors import DigestMismatch, InvalidArgument, NotFound, StorageFull, StorageUnavailable
from support.streams import collect, digest_of, stream

MIB = 1 << 20
LARGE = random.Random(3).randbytes(20 * MIB + 1)  # more than is held, and more than one part


@pytest.fixture
def url(s3):
    return s3.new_store()


@pytest.fixture
def blobs(url):
    return CloudBlobs(url)


async def pieces(data, then=None):
    for at in range(0, len(data), MIB):
        yield data[at : at + MIB]
        await asyncio.sleep(0)
    if then is not None:
        await then()


async def client_gone():
    raise ConnectionResetError


async def send(part, data):
    answer = await asyncio.to_thread(httpx.put, part.url, content=data, headers=part.headers)
    return answer.headers["etag"].strip('"')


async def listed(blobs):
    return [blob.digest async for blob in blobs.list_blobs()]


def key_of(data):
    return f"sha256/{digest_of(data)[:2]}/{digest_of(data)[2:]}"


@pytest.mark.parametrize("data", [b"small", LARGE], ids=len)
def test_a_blob_and_nothing_else_is_left(s3, url, blobs, data):
    asyncio.run(blobs.put(pieces(data)))
    assert s3.keys(url) == ["probe", key_of(data)]
    assert s3.unfinished() == 0


def test_a_body_that_breaks_off_is_given_up_in_the_store_too(s3, url, blobs):
    async def cancelled():
        putting = asyncio.create_task(blobs.put(pieces(LARGE, lambda: asyncio.sleep(60))))
        while not s3.unfinished():  # noqa: ASYNC110  another process does it
            await asyncio.sleep(0.02)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting

    async def scenario():
        with pytest.raises(ConnectionResetError):
            await blobs.put(pieces(LARGE, client_gone))
        with pytest.raises(DigestMismatch):
            await blobs.put(pieces(LARGE), expected_sha256="0" * 64)
        await cancelled()

    asyncio.run(scenario())
    assert (s3.keys(url), s3.unfinished()) == (["probe"], 0)


def test_what_is_too_large_to_be_copied_in_one_request_is_written_again(s3, url, blobs, monkeypatch):
    monkeypatch.setattr(inflow, "COPY_BYTES", MIB)
    monkeypatch.setattr("podium.blobs.objects.Objects.copy", None)
    blob = asyncio.run(blobs.put(pieces(LARGE)))
    assert asyncio.run(collect(blobs.open_range(blob.digest))) == LARGE
    assert s3.keys(url) == ["probe", key_of(LARGE)]


def test_many_blobs_are_listed_in_order_page_by_page(blobs):
    bodies = [str(number).encode() for number in range(1100)]

    async def scenario():
        for start in range(0, len(bodies), 50):
            await asyncio.gather(
                *(blobs._objects.put(key_of(body), body) for body in bodies[start : start + 50])  # a page has 1000
            )
        assert await listed(blobs) == sorted(map(digest_of, bodies))

    asyncio.run(scenario())


def test_a_signed_url_gives_ranges_and_no_type_that_a_browser_runs(blobs):
    async def scenario():
        blob = await blobs.put(stream(b"<script>"))
        return await blobs.presign(blob.digest, expires_s=60)

    link = asyncio.run(scenario())
    answer = httpx.get(link, headers={"range": "bytes=1-3"})
    assert (answer.status_code, answer.content) == (206, b"scr")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"


def test_parts_by_signed_urls_are_taken_up_again_and_joined(s3, url, blobs):
    first, second = LARGE[: 11 * MIB], LARGE[11 * MIB :]

    async def begin():
        upload = await blobs.open_upload()
        return upload, await blobs.presign_parts(upload, 2, expires_s=60)

    upload, (to_first, to_second) = asyncio.run(begin())
    sent = asyncio.run(send(to_first, first))
    restarted = CloudBlobs(url)
    [received] = asyncio.run(restarted.list_parts(upload))
    assert (received.number, received.size_bytes) == (1, len(first))
    assert received.etag == sent
    named = [(1, received.etag), (2, asyncio.run(send(to_second, second)))]
    blob = asyncio.run(restarted.complete_upload(upload, named))
    assert blob.digest == digest_of(LARGE)
    assert asyncio.run(collect(restarted.open_range(blob.digest))) == LARGE
    assert s3.keys(url) == ["probe", key_of(LARGE)]


def test_a_part_that_is_sent_again_while_parts_are_joined_is_noticed(blobs):
    async def scenario():
        upload = await blobs.open_upload()
        [to_part] = await blobs.presign_parts(upload, 1, expires_s=60)
        await send(to_part, b"first")
        chosen = await blobs._uploads.choose(upload, [(1, (await blobs.list_parts(upload))[0].etag)])
        await send(to_part, b"other")
        with pytest.raises(NotFound, match="changed"):
            await collect(blobs._uploads.join(chosen))

    asyncio.run(scenario())


def test_a_completing_request_that_is_sent_again_waits_with_the_first(s3, url, blobs):
    async def scenario():
        upload = await blobs.open_upload()
        part = await blobs.put_part(upload, 1, pieces(LARGE))
        complete = [blobs.complete_upload(upload, [(1, part.etag)]) for _ in range(3)]
        assert [blob.digest for blob in await asyncio.gather(*complete)] == [digest_of(LARGE)] * 3

    asyncio.run(scenario())
    assert s3.keys(url) == ["probe", key_of(LARGE)]


def test_what_is_sent_after_the_end_of_an_upload_is_left_for_the_collector(s3, url, blobs):
    async def scenario():
        upload = await blobs.open_upload()
        [to_part] = await blobs.presign_parts(upload, 1, expires_s=60)
        await blobs.abort_upload(upload)
        await send(to_part, b"late")
        with pytest.raises(NotFound):
            await blobs.list_parts(upload)
        assert [pending.upload_id for pending in await blobs.list_uploads()] == [upload]
        with pytest.raises(NotFound):
            await blobs.abort_upload(upload)

    asyncio.run(scenario())
    assert s3.keys(url) == ["probe"]


def test_without_direct_access_there_are_no_signed_urls(url):
    blobs = CloudBlobs(url, direct=False)

    async def scenario():
        blob = await blobs.put(stream(b"x"))
        assert await blobs.presign(blob.digest, expires_s=60) is None
        assert await blobs.presign_parts(await blobs.open_upload(), 1, expires_s=60) is None

    asyncio.run(scenario())


def test_a_put_waits_for_a_collector_that_has_seen_the_old_bytes(blobs, monkeypatch):
    """The collector looked before the put wrote, and removes afterwards what the put wrote."""
    looked = asyncio.Event()

    async def slow_delete(*keys):
        if keys[0].startswith("sha256"):
            looked.set()
            await asyncio.sleep(0.5)
        await delete(*keys)

    async def scenario():
        blob = await blobs.put(stream(b"contested"))
        monkeypatch.setattr(blobs._objects, "delete", slow_delete)
        collecting = asyncio.create_task(blobs.delete(blob.digest, unused_since=datetime.now(UTC) + timedelta(hours=1)))
        await looked.wait()
        await blobs.put(stream(b"contested"))
        assert await collecting
        assert await blobs.exists(blob.digest)

    delete = blobs._objects.delete
    asyncio.run(scenario())


def test_the_mark_of_a_collector_that_was_killed_holds_nobody_up_for_long(blobs, monkeypatch):
    monkeypatch.setattr(cloud, "_MARK_S", 1)

    async def scenario():
        await blobs._objects.put(f"doomed/{digest_of(b'x')}", b"")
        await blobs.put(stream(b"x"))
        assert await blobs.exists(digest_of(b"x"))

    asyncio.run(scenario())


def test_100_mib_pass_in_flat_memory(blobs):
    async def body():
        for number in range(100 * 16):
            yield number.to_bytes(4) * 16_384

    async def scenario():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        blob = await blobs.put(body(), expected_bytes=100 * MIB)
        async for piece in blobs.open_range(blob.digest):
            assert len(piece) <= MIB
        return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    assert asyncio.run(scenario()) < 80


def test_a_store_that_is_down_is_unavailable_until_it_is_back(url, blobs, monkeypatch):
    """Nothing listens at the other address, which takes the place of the store for a while."""
    monkeypatch.setattr(objects, "_MAX_RETRIES", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    up, down = blobs._objects, objects.Objects(url)

    async def scenario():
        blobs._objects = down
        for attempt in (blobs.put(stream(b"x")), blobs.put(pieces(LARGE)), blobs.check(), blobs.size("a" * 64)):
            with pytest.raises(StorageUnavailable, match=r"^The object store does not answer\.$"):
                await attempt
        for reading in (blobs.list_blobs(), blobs.open_range("a" * 64)):
            with pytest.raises(StorageUnavailable):
                await anext(reading)
        blobs._objects = up
        assert (await blobs.put(pieces(LARGE))).digest == digest_of(LARGE)

    asyncio.run(scenario())


@contextmanager
def refusing(status, code):
    """The URL of a store that answers everything so."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = f"<Error><Code>{code}</Code><Message>internal</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing: the test looks at the error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code", "error", "said"),
    [
        (404, "NoSuchBucket", StorageUnavailable, "The object store has no such bucket."),
        (
            403,
            "SignatureDoesNotMatch",
            StorageUnavailable,
            "The object store refused the request: 403 Forbidden (SignatureDoesNotMatch).",
        ),
        (
            507,
            "XMinioStorageFull",
            StorageFull,
            "The object store refused the request: 507 Insufficient Storage (XMinioStorageFull).",
        ),
    ],
)
@pytest.mark.usefixtures("s3")
def test_what_a_store_refuses_is_told_at_the_start(monkeypatch, status, code, error, said):
    monkeypatch.setattr(objects, "_MAX_RETRIES", 0)
    with refusing(status, code) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(error) as refused:
            CloudBlobs("s3://bucket")
    assert refused.value.message == said


@pytest.mark.usefixtures("s3")
def test_a_start_without_credentials_says_where_they_were_looked_for(monkeypatch):
    monkeypatch.setattr(objects, "_MAX_RETRIES", 0)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with refusing(403, "NoRole") as machine:
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", machine)
        with pytest.raises(StorageUnavailable, match="credentials are not in the environment, and this machine has no"):
            CloudBlobs("s3://bucket")


def test_an_address_without_tls_has_to_be_allowed(s3, monkeypatch):
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(StorageUnavailable, match="AWS_ALLOW_HTTP=true"):
        CloudBlobs(s3.new_store())


def test_what_the_store_said_is_in_the_log_without_signatures(caplog):
    with pytest.raises(StorageUnavailable), objects.translated():
        raise GenericError("Error performing PUT https://account/b?sig=secret in 1 ms - 403\n\nDebug source")
    assert caplog.messages == ["Error performing PUT https://account/b in 1 ms - 403"]


@pytest.mark.parametrize(
    ("url", "variables", "headers"),
    [
        ("gs://bucket/a", {"GOOGLE_SKIP_SIGNATURE": "true"}, {}),
        (
            "az://container/a",
            {"AZURE_STORAGE_ACCOUNT_NAME": "account", "AZURE_STORAGE_ACCOUNT_KEY": "a2V5"},
            {"x-ms-blob-type": "BlockBlob"},
        ),
    ],
)
def test_google_and_azure_are_opened_by_their_url_and_environment(monkeypatch, url, variables, headers):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    opened = objects.Objects(url)
    assert (opened.store.prefix, opened.put_headers) == ("a", headers)


def test_azure_signs_urls_without_a_request(monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    [signed] = asyncio.run(objects.Objects("az://container/a").sign("PUT", ["b"], 60))
    assert signed.startswith("https://account.blob.core.windows.net/container/a/b?")
    assert "sig=" in signed


def test_a_range_beyond_the_blob_is_told_from_a_store_that_fails(blobs):
    async def scenario():
        blob = await blobs.put(stream(b"model"))
        with pytest.raises(InvalidArgument, match="not within the 5 bytes"):
            await collect(blobs.open_range(blob.digest, 5, 9))
        assert await collect(blobs.open_range(blob.digest, 5)) == b""

    asyncio.run(scenario())
