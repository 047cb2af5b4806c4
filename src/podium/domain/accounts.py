"""Users, organizations, members and API keys, and what their names may be."""

import hashlib
import re
import secrets
from typing import Literal

import msgspec

from podium.domain import names
from podium.domain.access import DEFAULT_TEAM, Role
from podium.errors import InvalidArgument

UserKind = Literal["person", "service"]

BOOTSTRAP_ADMIN = "podium-admin"  # who signs in with the key that the server was started with
MAX_DESCRIPTION = 200
MAX_EMAIL = 254
MAX_PASSWORD = 1024
MAX_KEY = 1024

# A user's name is also that of the user's own team, which is a part of URLs and paths.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_ORGANIZATION = re.compile(r"[^\s/](?:[^/\x00-\x1f]{0,126}[^\s/])?")
# `api` and `user` stand in basic auth beside an API key, whoever has it.
_RESERVED = {"api", "user", "anonymous", BOOTSTRAP_ADMIN, DEFAULT_TEAM, "workspaces", "ajax-api", "static-files"}


class User(msgspec.Struct, frozen=True):
    """Who may sign in. Times are in milliseconds since the epoch."""

    id: int
    name: str
    email: str | None
    kind: UserKind
    admin: bool
    has_password: bool
    team_id: int  # the user's own team
    home_team_id: int  # what it addresses when it names none
    home_team: str
    created_at: int


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to make. With neither a password nor a key it gets a key that is told once."""

    name: str
    password: str | None = None
    api_key: str | None = None
    email: str | None = None
    admin: bool = False
    kind: UserKind = "person"
    team: str | None = None  # what it becomes a member of, and addresses when it names none
    makes_key: bool = True  # whether it gets a key when neither is given


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a user; None leaves it."""

    password: str | None = None
    current_password: str | None = None  # for those who change their own
    email: str | None = None
    admin: bool | None = None
    home_team: str | None = None


class ApiKey(msgspec.Struct, frozen=True):
    """A key by its beginning. Times are in milliseconds since the epoch; `last_used_at` is right to the minute."""

    id: int
    user_id: int
    hint: str
    description: str
    created_at: int
    last_used_at: int | None


class Organization(msgspec.Struct, frozen=True):
    """Users and teams that belong together. What they have in common belongs to the team `entity`."""

    id: int
    name: str
    entity_id: int
    entity: str
    created_at: int


class Member(msgspec.Struct, frozen=True):
    """A user's part in a team or an organization."""

    user_id: int
    user: str
    email: str | None
    kind: UserKind
    admin: bool
    role: Role


def check_user_name(name: str) -> None:
    """Raise InvalidArgument unless `name` can name a user."""
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            f"'{name[:150]}' cannot name a user: expected a letter or digit, then up to 127 letters, digits, '.', '_' "
            "or '-'."
        )
    if name in _RESERVED:
        raise InvalidArgument(f"The name '{name}' is reserved; choose another one.")


def check_organization_name(name: str) -> None:
    """Raise InvalidArgument unless `name` can name an organization."""
    if not _ORGANIZATION.fullmatch(name):
        raise InvalidArgument(
            f"'{name[:150]}' cannot name an organization: expected 1 to 128 characters without '/', no space at either "
            "end."
        )


def entity_names(organization: str) -> tuple[str, str]:
    """What the team of an organization may be called: like the organization, if that is free, else as the second."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", organization).strip("-._")[:100] or "organization"
    return plain, f"{plain}-org-{secrets.token_hex(4)}"


def check_password(password: str) -> None:
    """Raise InvalidArgument for what cannot be a password."""
    if not password:
        raise InvalidArgument("'password' is empty: leave it out for a user who signs in with API keys alone.")
    names.check_length("password", password, MAX_PASSWORD)


def check_email(email: str) -> None:
    """Raise InvalidArgument unless it can be stored."""
    names.check_label("email", email, MAX_EMAIL)


def check_key(key: str) -> None:
    """Raise InvalidArgument for what cannot travel as an API key."""
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidArgument("'api_key' has to be printable ASCII characters without spaces.")
    names.check_length("api_key", key, MAX_KEY)


def new_key() -> str:
    """A fresh API key, in the form that W&B's client takes too."""
    return f"podium-{secrets.token_hex(24)}"


def key_digest(key: str) -> str:
    """What is stored of a key: SHA-256 as hex. Keys are long and random, so there is nothing to guess."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_hint(key: str) -> str:
    """The beginning of a key, by which its owner knows it again; nothing of one that is too short for that."""
    return key[:12] if len(key) >= 32 else ""


def name_from(text: str) -> str:
    """A name for a user of whom only an e-mail address or a description is known."""
    return re.sub(r"[^a-z0-9]+", "-", text.partition("@")[0].lower()).strip("-")[:80] or "user"
