"""Rows of teams."""

from podium.store.transaction import Tx


def find_team_id(tx: Tx, name: str) -> int | None:
    """The key of the team called `name`."""
    found: int | None = tx.value("SELECT id FROM teams WHERE name = :name", name=name)
    return found
