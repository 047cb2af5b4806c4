"""What a server process remembers of who signed in, so that the next request of the same client asks no database."""

import hashlib
import os
import time

import msgspec

from podium.domain.access import Account

# For so long a change that another process made may go unnoticed.
FRESH_S = 1.0
MAX_KNOWN = 10_000


class Known(msgspec.Struct):
    """Whose credentials they are, None for nobody's; the number of the API key, and when its use is due to be noted."""

    account: Account | None
    key_id: int | None = None
    note_at: float = 0.0


class KnownAccounts:
    """Accounts by their credentials, of which only a keyed digest is kept; all are forgotten with every change."""

    def __init__(self) -> None:
        self.revision: int | None = None  # as of which what follows is right; None: nothing is known
        self.open = False
        self.closed = False  # whether it was found not to be open, the last time that the database was asked
        self._fresh_until = 0.0
        self._known: dict[bytes, Known] = {}
        self._salt = os.urandom(32)
        self._generation = 0

    @property
    def fresh(self) -> bool:
        """Whether what is known need not be compared with the database yet."""
        return time.monotonic() < self._fresh_until

    def begin(self) -> int:
        """Called before the database is asked; the answer is kept under the number that this returns."""
        if self.revision is not None:
            self._fresh_until = time.monotonic() + FRESH_S  # others need not ask meanwhile
        return self._generation

    def refresh(self, generation: int, revision: int, *, is_open: bool) -> None:
        """Keep what the database said of the whole."""
        if generation != self._generation:
            return
        if revision != self.revision:
            self._known.clear()
        self.revision, self.open, self.closed = revision, is_open, not is_open
        self._fresh_until = time.monotonic() + FRESH_S

    def find(self, user: str | None, secret: str) -> Known | None:
        """What is known of these credentials."""
        return self._known.get(self._digest(user, secret))

    def keep(self, generation: int, user: str | None, secret: str, known: Known) -> None:
        """Remember what the database said of credentials, unless something has changed since it was asked."""
        if generation != self._generation:
            return
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[self._digest(user, secret)] = known

    def forget(self) -> None:
        """What was known may be wrong by now."""
        self._generation += 1
        self.revision, self._fresh_until = None, 0.0
        self._known.clear()

    def _digest(self, user: str | None, secret: str) -> bytes:
        text = f"{'' if user is None else user}\n{user is None}\n{secret}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=32).digest()
