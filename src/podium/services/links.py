"""Links to files that work without any further permission until they expire, because only the server can make them."""

import msgspec

from podium.domain.manifests import ManifestEntry
from podium.errors import PermissionDenied, StorageUnavailable
from podium.services.context import Context


class _Grant(msgspec.Struct, array_like=True):
    digest: str
    size_bytes: int
    path: str
    expires_at: int


class Links:
    """Makes and reads links. The bytes are named by their digest, so that a link gives what it was made for."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, file: ManifestEntry, expires_s: int) -> str:
        """The token of a link to a file, fit for a URL's path."""
        expires_at = self._context.clock() + expires_s * 1000
        grant = _Grant(file.digest, file.size_bytes, file.path, expires_at)
        return self._context.secrets.seal(msgspec.json.encode(grant).decode())

    def open(self, token: str) -> ManifestEntry:
        """The file that a token was made for. Raises PermissionDenied when it is not ours, or has expired."""
        try:
            grant = msgspec.json.decode(self._context.secrets.unseal(token), type=_Grant)
        except (StorageUnavailable, ValueError) as error:
            raise PermissionDenied("This link was not made by this server.") from error
        if grant.expires_at < self._context.clock():
            raise PermissionDenied("This link has expired: ask for a new one.")
        return ManifestEntry(grant.path, grant.digest, grant.size_bytes)
