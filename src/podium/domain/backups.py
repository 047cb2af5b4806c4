"""Backups: what one says of itself, and what is wrong with the one that is to be restored."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from podium.errors import InvalidState

FORMAT = 1
# While this folder is in a data folder, a restore into it is not finished, and no server starts there.
UNFINISHED_RESTORE = "restoring"


class BackupDamaged(InvalidState):
    """What was backed up is not what is there."""


class StoredFile(msgspec.Struct, frozen=True):
    """A file of a backup, as it was written."""

    size_bytes: int
    sha256: str


class BlobTotals(msgspec.Struct, frozen=True):
    """The blobs that a backup refers to; `missing` are those that its source had lost, or had wrong, already."""

    count: int
    size_bytes: int
    missing: tuple[str, ...] = ()


class BackupManifest(msgspec.Struct, frozen=True):
    """One backup. It is written last, so a backup without it is none."""

    format: int
    podium: str
    schema: int
    created_at: datetime
    database: Literal["sqlite", "postgresql"]
    rows: dict[str, int]
    blobs: BlobTotals
    files: dict[str, StoredFile]

    def check_schema(self, known: int) -> None:
        """Raises InvalidState when a newer Podium made the backup than the one that is to read it."""
        if self.schema > known:
            raise InvalidState(
                f"The backup has schema {self.schema}, this Podium knows schema {known}: restore it with Podium "
                f"{self.podium} or newer."
            )

    def check_rows(self, schema: int, found: Mapping[str, int]) -> None:
        """Raises BackupDamaged when the snapshot has another schema, or other numbers of rows, than were backed up."""
        if schema != self.schema:
            raise BackupDamaged(f"The backup is damaged: its database has schema {schema}, not {self.schema}.")
        for table, count in self.rows.items():
            if found.get(table) != count:
                raise BackupDamaged(f"The backup is damaged: {table} has {found.get(table)} rows, not {count}.")


class _Header(msgspec.Struct):
    format: int


def decode_manifest(content: bytes) -> BackupManifest:
    """The manifest. Raises BackupDamaged for what is none, InvalidState for one of a format that is not known here."""
    try:
        header = msgspec.json.decode(content, type=_Header)  # alone: the rest may look different in a later format
        if header.format > FORMAT:
            raise InvalidState(
                f"The backup has format {header.format}, this Podium reads up to {FORMAT}: restore it with a newer one."
            )
        return msgspec.json.decode(content, type=BackupManifest)
    except msgspec.DecodeError as error:
        raise BackupDamaged(f"The backup is damaged: its manifest cannot be read: {error}") from error


def encode_manifest(manifest: BackupManifest) -> bytes:
    """The manifest as JSON, for people too."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
