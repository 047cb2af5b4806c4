"""The server's version, and how much the team has."""

from importlib.metadata import version

import msgspec

from podium.domain.access import Actor
from podium.errors import NotFound
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic


class Nothing(Input, frozen=True, kw_only=True):
    """Nothing needs to be said."""


class StatusView(msgspec.Struct, frozen=True):
    """The release that answers, and the numbers of what the team has."""

    version: str
    counts: dict[str, int]


async def get_status(api: Api, actor: Actor, _: Nothing) -> StatusView:
    return StatusView(version("podium"), await api.services.overview.count(actor))


TOPIC = Topic(
    "status",
    "The server as a whole.",
    (Call("GET", "/status", Nothing, StatusView, get_status, "Version and counts", (NotFound,)),),
)
