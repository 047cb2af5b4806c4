"""Seals secrets, so that who reads the database does not read them, and signs what clients are to bring back."""

import hashlib
import hmac
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from podium.blobs.files import sync_folder
from podium.errors import StorageUnavailable

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_VARIABLE = "PODIUM_SECRET_KEY"


class SecretBox:
    """Authenticated encryption with the key in `PODIUM_SECRET_KEY` (a Fernet key), else in `key_file`.

    The file is made when it is first needed, readable by this user only. Servers that share a PostgreSQL database have
    to share the key: set the variable. Without a file the key lives as long as this value.
    """

    def __init__(self, key_file: Path | None = None) -> None:
        self._key_file = key_file
        self._signing_key: bytes | None = None
        self._key = os.environ.get(KEY_VARIABLE, "").encode() or None

    def seal(self, secret: str) -> str:
        """Text that only `unseal` with the same key makes sense of."""
        return self._cipher().encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The secret. Raises StorageUnavailable when it was sealed with another key."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            return self._cipher().decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise StorageUnavailable(
                f"A webhook's secret was sealed with another key than this server's ({self._source()}): "
                "bring the key back, or set the webhook's secret anew."
            ) from error

    def sign(self, message: bytes) -> bytes:
        """What only who has the key can make of the message."""
        if self._signing_key is None:
            self._cipher()  # finds the key, or makes it
            assert self._key is not None, "the cipher has it"
            self._signing_key = hashlib.sha256(b"podium signed urls\n" + self._key).digest()
        return hmac.digest(self._signing_key, message, "sha256")

    def _source(self) -> str:
        return KEY_VARIABLE if os.environ.get(KEY_VARIABLE) else str(self._key_file)

    def _cipher(self) -> "Fernet":
        # Loaded when a secret is first used: it would take a fifth of the server's start.
        from cryptography.fernet import Fernet  # noqa: PLC0415

        if self._key is None:
            self._key = Fernet.generate_key() if self._key_file is None else _kept_key(self._key_file)
        try:
            return Fernet(self._key)
        except ValueError as error:
            raise StorageUnavailable(f"The key in {self._source()} is no Fernet key: {error}") from error


def _kept_key(file: Path) -> bytes:
    """The key in `file`, which is made if missing; of several processes that make it at once, one wins."""
    from cryptography.fernet import Fernet  # noqa: PLC0415

    try:
        if not file.exists():
            descriptor, name = tempfile.mkstemp(dir=file.parent)  # for this user only
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(Fernet.generate_key())
                    stream.flush()
                    os.fsync(stream.fileno())
                with suppress(FileExistsError):
                    os.link(name, file)
                sync_folder(file.parent)
            finally:
                Path(name).unlink()
        return file.read_bytes().strip()
    except OSError as error:
        raise StorageUnavailable(f"The key file {file} cannot be used: {error}") from error
