"""What a version of an artifact lists: the JSON that W&B's clients call a manifest, read, merged and digested."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from podium.errors import InvalidArgument

# FULL lists everything; INCREMENTAL what is new since a base; PATCH what one of several writers adds.
Kind = Literal["FULL", "INCREMENTAL", "PATCH"]

_FORMAT = b"wandb-artifact-manifest-v1\n"


class Entry(msgspec.Struct, frozen=True):
    """A file, by its base64 MD5, or with `ref` a reference to what lies elsewhere."""

    digest: str
    size: int | None = None
    ref: str | None = None


class Listing(msgspec.Struct, rename="camel"):
    """A list as it was sent. Entries stay in the form they came in, since clients add to it."""

    version: int
    storage_policy: str
    contents: dict[str, msgspec.Raw]
    storage_policy_config: dict[str, Any] = msgspec.field(default_factory=dict)

    @classmethod
    def parse(cls, text: bytes) -> "Listing":
        """The list in a text. Raises InvalidArgument."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise InvalidArgument(f"The artifact's manifest is not valid: {error}") from error

    def entries(self) -> dict[str, Entry]:
        """Each entry, by its path. Raises InvalidArgument."""
        return {path: _entry(path, raw) for path, raw in self.contents.items()}

    def encode(self) -> bytes:
        """The list as a text."""
        return msgspec.json.encode(self)


def merged(listings: Iterable[Listing]) -> Listing:
    """One list of all: of entries with the same path, the later one stands."""
    first, *rest = listings
    contents = dict(first.contents)
    for listing in rest:
        contents.update(listing.contents)
    return msgspec.structs.replace(first, contents=contents)


def digest_of(entries: Mapping[str, Entry]) -> str:
    """The digest of a version that has these entries, as clients compute it."""
    digest = hashlib.md5(_FORMAT, usedforsecurity=False)
    for path in sorted(entries):
        digest.update(f"{path}:{entries[path].digest}\n".encode())
    return digest.hexdigest()


def md5_of(digest: str) -> str:
    """The hexadecimal form of a base64 MD5. Raises InvalidArgument."""
    try:
        raw = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 16:
        raise InvalidArgument(f"'{digest[:100]}' is no MD5 in base64.")
    return raw.hex()


def base64_md5(md5: str) -> str:
    """The base64 form of a hexadecimal MD5."""
    return base64.b64encode(bytes.fromhex(md5)).decode()


def _entry(path: str, raw: msgspec.Raw) -> Entry:
    try:
        return msgspec.json.decode(raw, type=Entry)
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"The entry '{path}' of the artifact's manifest is not valid: {error}") from error
