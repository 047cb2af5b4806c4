"""Who a request comes from."""

import base64
import binascii

from starlette.types import Scope

from podium.asgi.headers import header
from podium.domain.access import DEFAULT_TEAM, Account, Actor
from podium.services import Services
from podium.services.sign_in import Credentials

ANONYMOUS = "anonymous"


async def actor_of_scope(services: Services, scope: Scope, team: str) -> Actor:
    """The caller, addressing the team it names, else its own one. Raises NotSignedIn.

    A server without accounts takes the name in basic auth at its word: it is for the audit trail alone.
    """
    given = credentials_of(scope)
    account = await services.sign_in.account(given)
    if account is None:
        return Actor(_said_name(given), team or DEFAULT_TEAM)
    return actor_of_account(account, team)


def actor_of_account(account: Account, team: str) -> Actor:
    """The signed-in caller, addressing the team it names, else its own one."""
    return Actor(account.name, team or account.home, account)


def viewer(account: Account | None, team: str) -> Actor:
    """Who looks at the pages; on a server without accounts, anybody."""
    return Actor(ANONYMOUS, team or DEFAULT_TEAM) if account is None else actor_of_account(account, team)


def credentials_of(scope: Scope) -> Credentials | None:
    """What the request signs in with: basic auth, or a bearer token, which is an API key."""
    scheme, _, rest = header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer":
        return Credentials(None, rest.strip()) if rest.strip() else None
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Credentials(name, secret)


def _said_name(given: Credentials | None) -> str:
    name = None if given is None else given.user
    return name if name and name.isprintable() else ANONYMOUS
