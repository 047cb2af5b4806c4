"""The errors that every layer below the protocols raises. Each protocol maps this tree once, in its `errors.py`.

    PodiumError
    ├── InvalidArgument          a value of the request is wrong; the message names the field and what is right
    │   ├── InvalidPath          it is no path inside a tree of files
    │   ├── TooLarge             it is over a limit
    │   └── TooSlow              its body did not come in time
    ├── NotFound                 the named thing is not there
    ├── AlreadyExists            the name is taken
    ├── Conflict                 what the caller expected to replace has changed meanwhile
    ├── InvalidState             the thing is there, in a state that forbids this (deleted, finished)
    ├── NotSignedIn              nobody knows who asks
    ├── PermissionDenied         the actor may not
    ├── NotSupported             a part of a protocol that Podium does not offer
    ├── DigestMismatch           the bytes that came are not those that were announced
    └── StorageError             the database or the blob store failed
        ├── StorageFull          no room left
        └── StorageUnavailable   not reachable or read-only; the same request can be tried again

A protocol that has no words for an error takes those of the one above it.
"""

_MAX_MESSAGE = 8000


class PodiumError(Exception):
    """Base of all: `except PodiumError` catches what Podium itself refuses, and nothing else."""

    def __init__(self, message: str) -> None:
        if len(message) > _MAX_MESSAGE:  # it quotes what came, which may be megabytes
            message = f"{message[: _MAX_MESSAGE // 2]} … {message[-_MAX_MESSAGE // 2 :]}"
        super().__init__(message)
        self.message = message


class InvalidArgument(PodiumError):
    """A value of the request is wrong."""


class InvalidPath(InvalidArgument):
    """A path that is malformed, or that would lead out of its tree."""


class TooLarge(InvalidArgument):
    """A value or a body is over its limit."""


class TooSlow(InvalidArgument):
    """A body that stopped coming, or trickles."""


class NotFound(PodiumError):
    """The named thing does not exist, or not for this actor."""


class AlreadyExists(PodiumError):
    """The name is taken."""


class Conflict(PodiumError):
    """The state that the caller expected to replace has changed."""


class InvalidState(PodiumError):
    """The thing exists, but its state forbids the request."""


class NotSignedIn(PodiumError):
    """The request carries no credentials, or none that are valid."""


class PermissionDenied(PodiumError):
    """The actor may not do this."""


class NotSupported(PodiumError):
    """A part of a protocol that Podium does not offer."""


class DigestMismatch(PodiumError):
    """The bytes received do not have the announced size or digest."""


class StorageError(PodiumError):
    """The database or the blob store failed."""


class StorageFull(StorageError):
    """No room is left on the device."""


class StorageUnavailable(StorageError):
    """The database or the blob store does not answer or is read-only."""
