"""The contract of a blob store: bytes under their SHA-256, written once, never changed.

How collection and uploads stay out of each other's way. A `put` of bytes that are already stored keeps the
stored ones and renews their `modified_at`. A collector therefore lists the blobs that are older than its
grace period, looks up which of them nothing refers to, and deletes each with `unused_since` set to the start
of that grace period. A blob that was put again meanwhile has a newer time and stays. A caller that refers to
a digest without putting its bytes must take it from a reference that it sees in the same transaction.
"""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec


class Blob(msgspec.Struct, frozen=True):
    """What was stored: the lower-case hexadecimal SHA-256 of the bytes, and how many they are."""

    digest: str
    size_bytes: int


class StoredBlob(msgspec.Struct, frozen=True):
    """A blob as `list_blobs` reports it; `modified_at` is the time of the last `put` of these bytes."""

    digest: str
    size_bytes: int
    modified_at: datetime


class Part(msgspec.Struct, frozen=True):
    """A received part of a multi-part upload. The `etag` is what its sender was told: the SHA-256 of the part's bytes,
    or what an object store says to a sender that used a URL of `presign_parts`.
    """

    number: int
    etag: str
    size_bytes: int
    modified_at: datetime


class PartUrl(msgspec.Struct, frozen=True):
    """Where a sender may PUT a part without any further permission, and with which headers."""

    url: str
    headers: dict[str, str]


class PendingUpload(msgspec.Struct, frozen=True):
    """A multi-part upload that was neither completed nor aborted, and when its last part came."""

    upload_id: str
    modified_at: datetime


class Blobs(Protocol):
    """Every method raises `StorageFull` or `StorageUnavailable` when the store itself fails, and
    `InvalidArgument` for a malformed digest or upload id.
    """

    # Whether `presign` and `presign_parts` give URLs.
    direct: bool
    # Whether the parts of an upload are joined by copying them, which takes as long as it took to receive them.
    copies_parts: bool

    async def put(
        self,
        chunks: AsyncIterable[bytes],
        *,
        expected_bytes: int | None = None,
        expected_sha256: str | None = None,
        expected_md5: str | None = None,
        max_bytes: int | None = None,
    ) -> Blob:
        """Stores the bytes durably; when it returns they survive a power cut. Bytes already stored are kept.

        Memory stays flat whatever the length. After any failure, including one raised by `chunks` and
        cancellation, nothing of a partial body can be seen. Raises `TooLarge` as soon as `max_bytes` is
        passed, and `DigestMismatch` when length or a digest (hexadecimal) is not the expected one.
        """

    def open_range(self, digest: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in chunks of up to 1 MiB.

        Raises on the first chunk: `NotFound`, or `InvalidArgument` for a range that is not within the blob.
        """

    def path(self, digest: str) -> Path | None:
        """The blob as a local file for `sendfile`, or `None` where the store keeps no local files.

        Raises `NotFound`. The file is not to be changed.
        """

    async def presign(self, digest: str, *, expires_s: int) -> str | None:
        """A URL to fetch the blob from directly, or `None` where the bytes must pass through the server."""

    async def size(self, digest: str) -> int:
        """The length in bytes. Raises `NotFound`."""

    async def exists(self, digest: str) -> bool:
        """Whether the blob is stored; it does not protect the blob from collection, `put` does."""

    async def delete(self, digest: str, *, unused_since: datetime | None = None) -> bool:
        """Removes the blob and says whether it did; a missing one is no error.

        With `unused_since`, a blob that was put after that time is left alone. Readers that have
        already started are not disturbed.
        """

    def list_blobs(self) -> AsyncIterator[StoredBlob]:
        """Every stored blob, ordered by digest; what is put or deleted meanwhile may be among them or not."""

    async def check(self) -> None:
        """Returns when the store can be written; raises `StorageFull` or `StorageUnavailable`."""

    async def open_upload(self) -> str:
        """Begins a multi-part upload. It lasts until completed or aborted, across restarts of the server."""

    async def put_part(
        self,
        upload_id: str,
        number: int,
        chunks: AsyncIterable[bytes],
        *,
        expected_bytes: int | None = None,
        expected_md5: str | None = None,
        max_bytes: int | None = None,
    ) -> Part:
        """Stores part `number` (1 to 10,000) durably. It may be sent again, with the same or other bytes.

        Raises `NotFound` for an unknown upload, and what `put` raises.
        """

    async def presign_parts(self, upload_id: str, count: int, *, expires_s: int) -> list[PartUrl] | None:
        """URLs to PUT the parts 1 to `count` to directly, or `None` where the bytes must pass through the server.

        Raises `NotFound` for an unknown upload.
        """

    async def list_parts(self, upload_id: str) -> list[Part]:
        """The parts received, by number; of a part sent several times, the last. Raises `NotFound`."""

    async def complete_upload(
        self,
        upload_id: str,
        parts: Sequence[tuple[int, str]],
        *,
        expected_sha256: str | None = None,
        expected_md5: str | None = None,
        keep_parts: bool = False,
    ) -> Blob:
        """Joins the parts, named by number and etag in ascending order, to one blob, and ends the upload.

        With `keep_parts` the upload goes on, for a caller that aborts it once it has noted the blob: until then
        the request can be repeated. Raises `NotFound` for an unknown upload, and `DigestMismatch`; `InvalidArgument`
        for an empty or unordered list or a part that was not received with this etag; then the upload goes on and
        can be completed later.
        """

    async def abort_upload(self, upload_id: str) -> None:
        """Ends the upload and drops its parts. Raises `NotFound`."""

    async def list_uploads(self) -> list[PendingUpload]:
        """The uploads still open, for the collector of abandoned ones."""

    def close(self) -> None:
        """Waits for work in progress and releases threads and connections."""
