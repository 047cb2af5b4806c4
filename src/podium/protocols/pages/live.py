"""Pages that are open learn that what they show has changed; static/live.js asks, and reads the page anew.

A page names what it shows: it takes the `address` and `mark` of `followed` into `data-live` and `data-mark`.
"""

from collections.abc import AsyncGenerator, Iterable
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from podium.asgi.event_stream import SIGN_OF_LIFE, EventStream, event
from podium.domain.access import DEFAULT_TEAM, Actor
from podium.domain.live import LiveKind, Mark
from podium.domain.subjects import subject_kind
from podium.errors import NotFound
from podium.protocols.pages.curves import json_response
from podium.protocols.pages.endpoint import SECURITY_HEADERS, Endpoint
from podium.protocols.pages.visit import Visit

MAX_SHOWN = 100


class Followed(msgspec.Struct, frozen=True):
    """Where a page asks for changes, and as of when it was made."""

    address: str
    mark: str


async def followed(
    visit: Visit, actor: Actor, kind: LiveKind, public_id: str = "", shown: Iterable[int] = ()
) -> Followed | None:
    """What a page that is about to be made is to follow; of a project's it shows these runs, by their keys.

    None for what is deleted, or another team's: nothing is told of that.
    """
    runs = list(shown)[:MAX_SHOWN]
    try:
        mark = await visit.services.live.begin(actor, kind, public_id, runs)
    except NotFound:
        return None
    named = {} if kind == "cabinet" else {"id": public_id, "team": actor.team}
    query = urlencode([("kind", kind), *named.items(), *(("run", key) for key in runs)])
    return Followed(f"/live?{query}", str(mark))


async def live(visit: Visit) -> Response:
    """`/live?kind=…&id=…&team=…&mark=…`: server-sent events, each the mark of a change; to others, one look as JSON."""
    actor = visit.actor(visit.query("team", DEFAULT_TEAM))
    kind: LiveKind = "cabinet" if visit.query("kind") == "cabinet" else subject_kind(visit.query("kind"))
    runs = [int(key) for key in visit.queries("run")[:MAX_SHOWN] if key.isdecimal() and len(key) < 19]
    topic = await visit.services.live.topic(actor, kind, visit.query("id"), runs)
    mark = visit.request.headers.get("last-event-id") or visit.query("mark")
    if "text/event-stream" not in visit.request.headers.get("accept", ""):
        look = await visit.services.live.look(topic, mark)
        return json_response(visit, {"mark": str(look.mark), "changed": look.changed})
    events = _events(visit.services.live.follow(topic, mark))
    return EventStream(await anext(events), events, SECURITY_HEADERS)


async def _events(marks: AsyncGenerator[Mark | None]) -> AsyncGenerator[bytes]:
    try:
        async for mark in marks:
            yield SIGN_OF_LIFE if mark is None else event(str(mark))
    finally:
        await marks.aclose()


ENDPOINTS = (Endpoint("GET", "/live", live),)
