"""Rows of API keys."""

from podium.domain.accounts import ApiKey
from podium.store.transaction import Tx

_COLUMNS = "id, user_id, hint, description, created_at, last_used_at"


def insert_key(tx: Tx, user_id: int, digest: str, hint: str, description: str, at: int) -> int | None:
    """The number of the new key, or None when there is this one already."""
    key: int | None = tx.value(
        "INSERT INTO api_keys (user_id, digest, hint, description, created_at)"
        " VALUES (:user, :digest, :hint, :description, :at)"
        " ON CONFLICT (digest) WHERE revoked_at IS NULL DO NOTHING RETURNING id",
        user=user_id,
        digest=digest,
        hint=hint,
        description=description,
        at=at,
    )
    return key


def find_owner(tx: Tx, digest: str) -> tuple[int, int, int | None] | None:
    """The number of the key, its owner, and when it was last used."""
    row = tx.one(
        "SELECT id, user_id, last_used_at FROM api_keys WHERE digest = :digest AND revoked_at IS NULL", digest=digest
    )
    return None if row is None else (row[0], row[1], row[2])


def find_key(tx: Tx, key_id: int) -> ApiKey | None:
    """The key of this number."""
    row = tx.one(f"SELECT {_COLUMNS} FROM api_keys WHERE id = :id AND revoked_at IS NULL", id=key_id)
    return None if row is None else ApiKey(*row)


def list_keys(tx: Tx, user_id: int) -> list[ApiKey]:
    """A user's keys, oldest first."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM api_keys WHERE user_id = :user AND revoked_at IS NULL ORDER BY id", user=user_id
    )
    return [ApiKey(*row) for row in rows]


def revoke_key(tx: Tx, key_id: int, at: int) -> None:
    """End a key."""
    tx.run("UPDATE api_keys SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL", id=key_id, at=at)


def revoke_keys(tx: Tx, user_id: int, at: int) -> None:
    """End all keys of a user."""
    tx.run("UPDATE api_keys SET revoked_at = :at WHERE user_id = :user AND revoked_at IS NULL", user=user_id, at=at)


def note_use(tx: Tx, key_id: int, at: int) -> None:
    """Write down that a key was used."""
    tx.run("UPDATE api_keys SET last_used_at = :at WHERE id = :id", id=key_id, at=at)
