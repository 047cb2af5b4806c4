"""One look at a page: who looks, what was asked for, and what the answer is made of."""

from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from starlette.requests import Request

from podium.asgi.actor import viewer
from podium.asgi.bodies import read_body
from podium.domain.access import Account, Actor, may_write
from podium.domain.teams import Team
from podium.errors import InvalidArgument
from podium.protocols.pages.sessions import TOKEN_FIELD, TOKEN_HEADER, check_token
from podium.services import Services

MAX_FORM_BYTES = 1 << 20

T = TypeVar("T")


class Visit(msgspec.Struct):
    """A request for a page, by somebody who may ask for it."""

    request: Request
    services: Services
    account: Account | None
    visitor: str
    form: dict[str, list[str]] = {}

    def actor(self, team: str = "") -> Actor:
        """The viewer, addressing what this team has, else its own."""
        return viewer(self.account, team)

    @property
    def server(self) -> str:
        """Where clients find this server, as the viewer does."""
        return str(self.request.base_url).rstrip("/")

    @property
    def is_partial(self) -> bool:
        """Whether a part of a page that is shown already was asked for."""
        return self.request.headers.get("hx-request") == "true" and "hx-boosted" not in self.request.headers

    def parameter(self, name: str) -> str:
        """A part of the path."""
        value: str = self.request.path_params[name]
        return value

    def query(self, name: str, default: str = "") -> str:
        """A value of the address."""
        value: str = self.request.query_params.get(name, default)
        return value.strip()

    def queries(self, name: str) -> list[str]:
        """Every value of this name in the address."""
        return [value for value in self.request.query_params.getlist(name) if value]

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A number of the address. Raises InvalidArgument."""
        text = self.query(name)
        if not text:
            return default
        if not text.isdecimal() or not least <= int(text[:10]) <= most:
            raise InvalidArgument(f"'{name}' is a whole number from {least} to {most}, not '{text}'.")
        return int(text)

    def field(self, name: str) -> str:
        """A value of the form that was sent."""
        return self.form.get(name, [""])[0]

    def address(self, **changed: str | None) -> str:
        """This page's address with these values of the query changed, or taken off with None."""
        kept = [(key, value) for key, value in self.request.query_params.multi_items() if key not in changed]
        pairs = [*kept, *((key, value) for key, value in changed.items() if value)]
        return self.request.url.path + (f"?{urlencode(pairs)}" if pairs else "")

    async def teams(self) -> list[Team]:
        """The teams whose things the viewer may see."""
        return await self.services.teams.list_all(self.actor())

    async def may_write(self, team: str) -> bool:
        """Whether the viewer may change what this team has. Raises NotFound for a team that it may not see."""
        found = await self.services.teams.get(self.actor(), team)
        return may_write(self.actor(team), found.id)


class Page(msgspec.Struct, frozen=True):
    """What to show: a template and its values. `address` is what the browser is to show as its own, if another."""

    template: str
    values: dict[str, Any] = {}
    status: int = 200
    headers: dict[str, str] = {}


class Redirect(msgspec.Struct, frozen=True):
    """Where the answer is."""

    address: str


async def read_form(request: Request, services: Services) -> dict[str, list[str]]:
    """The fields of a form that a page of ours sent. Raises PermissionDenied for others."""
    body = (await read_body(request, MAX_FORM_BYTES)).decode("utf-8", "replace")
    fields: dict[str, list[str]] = {}
    for key, value in parse_qsl(body, keep_blank_values=True):
        fields.setdefault(key, []).append(value)
    check_token(services, request, request.headers.get(TOKEN_HEADER) or fields.get(TOKEN_FIELD, [""])[0])
    return fields


def path_to(*parts: str | int) -> str:
    """The address of a page, of names that may hold anything."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)
