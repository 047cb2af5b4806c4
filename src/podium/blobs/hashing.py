"""What a body must turn out to be, and the digests that tell."""

import hashlib

import msgspec

from podium.blobs.base import Blob
from podium.domain.manifests import check_digest
from podium.errors import DigestMismatch, TooLarge


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender announced about a body, and the limit of the server; `None` where there is nothing."""

    size_bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuses a malformed digest, and an announced size over the limit before any byte is read."""
        if self.sha256 is not None:
            check_digest(self.sha256)
        if self.size_bytes is not None and self.max_bytes is not None and self.size_bytes > self.max_bytes:
            raise TooLarge(f"The body has {self.size_bytes} bytes; at most {self.max_bytes} are accepted.")

    def room(self, received_bytes: int, buffer_bytes: int) -> int:
        """How many more bytes to read at once: never more than one too many, which is then refused at once."""
        limits = [limit for limit in (self.max_bytes, self.size_bytes) if limit is not None]
        return min([buffer_bytes, *(limit + 1 - received_bytes for limit in limits)])

    def check_progress(self, received_bytes: int) -> None:
        """Raises `TooLarge` or `DigestMismatch` once more bytes have come than may come."""
        if self.max_bytes is not None and received_bytes > self.max_bytes:
            raise TooLarge(f"The body is longer than the {self.max_bytes} bytes that are accepted.")
        if self.size_bytes is not None and received_bytes > self.size_bytes:
            raise DigestMismatch(f"The body is longer than the {self.size_bytes} bytes announced.")

    def check(self, blob: Blob) -> None:
        """Raises `DigestMismatch` when the complete body is not the announced one."""
        if self.size_bytes is not None and blob.size_bytes != self.size_bytes:
            raise DigestMismatch(f"The body ended after {blob.size_bytes} of {self.size_bytes} bytes.")
        if self.sha256 is not None and blob.digest != self.sha256:
            raise DigestMismatch(f"The body has the SHA-256 {blob.digest}, not {self.sha256} as announced.")


class Hashes:
    """The digests of a body as it comes: its SHA-256, and its MD5 where that was announced."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._sha256 = hashlib.sha256()
        self._md5 = None if expected.md5 is None else hashlib.md5(usedforsecurity=False)
        # Each takes the next piece; they do not wait for one another.
        self.updates = [each.update for each in (self._sha256, self._md5) if each is not None]

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Takes the next piece."""
        for update in self.updates:
            update(piece)

    def blob(self, size_bytes: int) -> Blob:
        """What the pieces are together. Raises `DigestMismatch` when that is not what was announced."""
        blob = Blob(self._sha256.hexdigest(), size_bytes)
        self._expected.check(blob)
        if self._md5 is not None and self._md5.hexdigest() != self._expected.md5:
            raise DigestMismatch(
                f"The body has the MD5 {self._md5.hexdigest()}, not {self._expected.md5} as announced."
            )
        return blob
