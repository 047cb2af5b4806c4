"""Links to files that work without any further permission until they expire, because only the server can make them."""

import msgspec

from podium.domain.manifests import ManifestEntry
from podium.services.signed_urls import SignedUrls


class FileGrant(msgspec.Struct, frozen=True, array_like=True):
    """May read a file."""

    path: str
    digest: str
    size_bytes: int


class Links:
    """Makes and reads links. The bytes are named by their digest, so that a link gives what it was made for."""

    def __init__(self, urls: SignedUrls) -> None:
        self._urls = urls

    def create(self, file: ManifestEntry, expires_s: int | None = None) -> str:
        """The token of a link to a file, fit for a URL's path; it is valid for a day, if nothing else is said."""
        valid_ms = None if expires_s is None else expires_s * 1000
        return self._urls.sign(FileGrant(file.path, file.digest, file.size_bytes), valid_ms)

    def open(self, token: str) -> ManifestEntry:
        """The file that a token was made for. Raises PermissionDenied when it is not ours, or has expired."""
        grant = self._urls.read(token, FileGrant)
        return ManifestEntry(grant.path, grant.digest, grant.size_bytes)
