"""Who asks a query: what resolvers find as `info.context`."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, TypeVar

from starlette.requests import Request

from podium.asgi.actor import ANONYMOUS, actor_of_account
from podium.asgi.headers import header
from podium.domain.access import DEFAULT_TEAM, Account, Actor
from podium.protocols.wandb.graph.budget import Budget
from podium.protocols.wandb.sign_in import signed_in
from podium.services import Services

T = TypeVar("T")


class Caller:
    """The services, the user, what the query may still cost, and what was read for it already."""

    def __init__(self, services: Services, account: Account | None, base_url: str, request_id: str | None) -> None:
        self.services = services
        self.account = account  # None: the server is open, any key stands for the local user
        self.user = ANONYMOUS if account is None else account.name
        self.base_url = base_url  # as the client reaches this server, without a slash at its end
        self.request_id = request_id
        self.shares_run = False  # whether the caller is one of several processes that write to a run
        self.is_gone: Callable[[], Awaitable[bool]] = _stays
        self.budget = Budget()
        self._reads: dict[Hashable, asyncio.Future[Any]] = {}

    @classmethod
    def of(cls, services: Services, request: Request) -> "Caller":
        """The caller of a request. Raises NotSignedIn."""
        base_url = str(request.base_url).rstrip("/")
        caller = cls(services, signed_in(request.scope), base_url, request.scope.get("request_id"))
        caller.is_gone = request.is_disconnected
        caller.shares_run = header(request.scope, b"x-wandb-use-async-filestream") == "true"
        return caller

    @property
    def home(self) -> str:
        """The entity that is meant when none is named."""
        return DEFAULT_TEAM if self.account is None else self.account.home

    def actor(self, entity: str | None = None) -> Actor:
        """The caller, addressing the things of an entity, else of its default one."""
        if self.account is None:
            return Actor(self.user, entity or DEFAULT_TEAM)
        return actor_of_account(self.account, entity or "")

    async def once(self, what: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `read` gives, which is called once for this query, however many of its fields need the same."""
        if what not in self._reads:
            self._reads[what] = asyncio.ensure_future(read())
        found: T = await self._reads[what]
        return found


async def _stays() -> bool:
    return False
