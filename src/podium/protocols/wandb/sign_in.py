"""Who signs in with W&B's client: basic auth whose user is `api` and whose password is the API key."""

from starlette.types import Scope

from podium.asgi.actor import credentials_of
from podium.domain.access import Account
from podium.errors import NotSignedIn
from podium.services import Services

_USER = "api"
_PLACE = "podium.account"


def from_wandb(scope: Scope) -> bool:
    """Whether the request comes from W&B's client: other clients have endpoints of the same paths."""
    given = credentials_of(scope)
    return given is not None and given.user == _USER and bool(given.secret)


async def sign_in(services: Services, scope: Scope) -> None:
    """Find out who asks. A refusal waits for `signed_in`: signed URLs ask nobody who they are."""
    try:
        scope[_PLACE] = await services.sign_in.account(credentials_of(scope))
    except NotSignedIn as refusal:
        scope[_PLACE] = refusal


def signed_in(scope: Scope) -> Account | None:
    """Who asks; None on an open server. Raises NotSignedIn."""
    found: Account | NotSignedIn | None = scope[_PLACE]
    if isinstance(found, NotSignedIn):
        raise found
    return found
