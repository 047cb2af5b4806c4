"""Requests to S3, Google Cloud Storage or Azure, with the store's errors as Podium's.

What a store says of a failure names its address and may hold a signature, so clients are told the status alone. The
first line of it, without queries, goes to the log: it is at hand nowhere else.
"""

import logging
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from podium.errors import InvalidArgument, NotFound, StorageFull, StorageUnavailable

_log = logging.getLogger("podium.blobs")

if TYPE_CHECKING:
    from obstore.store import ClientConfig

# Nobody runs what users upload when it is opened by the store's own address.
ATTRIBUTES = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
READ_BYTES = 1 << 20

_KINDS: dict[str, tuple[type[S3Store | GCSStore | AzureStore], str]] = {
    "s3": (S3Store, "AWS"),
    "gs": (GCSStore, "GOOGLE"),
    "az": (AzureStore, "AZURE"),
}
# How long a store may be silent. When it joins parts or copies, it may answer only once all bytes are moved.
_SILENCE = "30s"
_SILENCE_AT_WORK = "10m"
_MAX_RETRIES = 5
_RETRY_S = 15
_STATUS = re.compile(r"status code: (\d{3} [A-Za-z ]+)")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_CREDENTIALS = re.compile(r"token request|/latest/(api/token|meta-data)")  # the service that tells machines their role
_QUERY = re.compile(r"(?<=\w)\?\S+")
_FULL = re.compile(r"StorageFull|QuotaExceeded|507 Insufficient Storage")


class Found(msgspec.Struct, frozen=True):
    """What the store tells of an object. Times are whole seconds, cut off, at some stores."""

    size_bytes: int
    modified_at: datetime
    etag: str


class Objects:
    """The objects below the URL, by key."""

    def __init__(self, url: str) -> None:
        with translated():
            store, self.patient_store = _opened(url, _SILENCE), _opened(url, _SILENCE_AT_WORK)
        self.store = store
        # What Azure wants to be told with the bytes.
        self.put_headers = {"x-ms-blob-type": "BlockBlob"} if isinstance(store, AzureStore) else {}

    def probe(self, key: str) -> None:
        """Writes an object, and waits for it: for the start, before there is anything to serve."""
        with translated():
            obstore.put(self.store, key, b"podium")

    async def put(self, key: str, data: bytes) -> None:
        """Writes an object in one request, in place of what is there."""
        with translated():
            await obstore.put_async(self.store, key, data, attributes=ATTRIBUTES, use_multipart=False)

    async def find(self, key: str) -> Found | None:
        """What is stored under the key, if anything is."""
        with suppress(NotFound), translated(""):
            return _found(await obstore.head_async(self.store, key))
        return None

    async def read(self, key: str, start: int = 0, end: int | None = None, *, absent: str) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end` or the object's end, in one request that reads only as fast as its
        caller. Raises `NotFound` with the text `absent`, and `InvalidArgument` for an end beyond the object's; what
        the store says of a start beyond it is like any error.
        """
        with translated(absent):
            result = await obstore.get_async(self.store, key, options=_range(start, end))
            size = result.meta["size"]
            if end is not None and end > size:
                raise InvalidArgument(f"Bytes {start} to {end} are not within the {size} bytes stored.")
            async for chunk in result.stream(min_chunk_size=READ_BYTES // 4):
                for at in range(0, len(chunk), READ_BYTES):
                    yield chunk[at : at + READ_BYTES]

    async def fetch(self, key: str, start: int, end: int, etag: str) -> bytes:
        """A small range as one value. Raises `NotFound` when the object is gone or has another etag by now."""
        with translated("The object was changed or removed meanwhile."):
            result = await obstore.get_async(self.store, key, options={"range": (start, end), "if_match": etag})
            return bytes(await result.bytes_async())

    async def list_below(self, folder: str) -> AsyncIterator[tuple[str, Found]]:
        """Everything below the folder with its keys, in their order, asked for page by page."""
        with translated():
            async for page in obstore.list(self.store, folder, chunk_size=1000):
                for meta in page:
                    yield meta["path"], _found(meta)

    async def copy(self, key: str, target: str) -> None:
        """Makes the store copy an object."""
        with translated("The object to copy is gone."):
            await obstore.copy_async(self.patient_store, key, target)

    async def delete(self, *keys: str) -> None:
        """Removes the objects; those that are not there are no error."""
        if keys:
            with suppress(NotFound), translated(""):
                await obstore.delete_async(self.store, keys)

    async def sign(self, method: Literal["GET", "PUT"], keys: Sequence[str], expires_s: int) -> Sequence[str]:
        """URLs that let whoever has them do this with these objects."""
        with translated():
            return await obstore.sign_async(self.store, method, keys, timedelta(seconds=expires_s))


def _opened(url: str, silence: str) -> S3Store | GCSStore | AzureStore:
    kind, environment = _KINDS[url.partition(":")[0]]
    # What is given here is not taken from the environment, so this variable is read here.
    allow_http = os.environ.get(f"{environment}_ALLOW_HTTP", "").lower() in ("true", "1")
    # A whole request may take as long as its body takes; what must not take long is each step of it.
    client: ClientConfig = {"connect_timeout": "5s", "read_timeout": silence, "timeout": "7d", "allow_http": allow_http}
    return kind.from_url(
        url,
        client_options=client,
        retry_config={"max_retries": _MAX_RETRIES, "retry_timeout": timedelta(seconds=_RETRY_S)},
    )


@contextmanager
def translated(absent: str | None = None) -> Iterator[None]:
    """Raises the store's errors as Podium's. `absent` says that the object may not be there, and what to say then."""
    try:
        yield
    except FileNotFoundError as error:
        if absent is None or "NoSuchBucket" in str(error):
            _log_detail(error)
            raise StorageUnavailable("The object store has no such bucket.") from error
        raise NotFound(absent) from error
    except obstore.exceptions.PreconditionError as error:
        raise NotFound(absent or "The object has changed.") from error
    except BaseError as error:
        _log_detail(error)
        kind = StorageFull if _FULL.search(str(error)) else StorageUnavailable
        raise kind(_told(str(error))) from error


def _range(start: int, end: int | None) -> "obstore.GetOptions":
    if end is not None:
        return {"range": (start, end)}
    return {"range": {"offset": start}} if start else {}


def _log_detail(error: Exception) -> None:
    _log.warning("%s", _QUERY.sub("", str(error).partition("\n")[0]))


def _told(text: str) -> str:
    if _CREDENTIALS.search(text):
        return (
            "The object store's credentials are not in the environment, and this machine has no role that gives them."
        )
    if "builder error" in text and "http://" in text:
        return "The object store's address begins with http://, which AWS_ALLOW_HTTP=true has to allow."
    if status := _STATUS.search(text):
        code = _CODE.search(text)
        return f"The object store refused the request: {status[1].strip()}{f' ({code[1]})' if code else ''}."
    if "HTTP error" in text:
        return "The object store does not answer."
    return "The object store failed; the server's log says more."


def _found(meta: "obstore.ObjectMeta") -> Found:
    return Found(meta["size"], meta["last_modified"], meta["e_tag"] or "")
