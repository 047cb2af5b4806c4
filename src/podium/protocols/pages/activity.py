"""What happened, who did it, and whether the trail of it is whole.

Another page shows what happened to a thing with
`<section hx-get="/activity/of?kind=model&id=NAME&team=TEAM" hx-trigger="load"></section>`; ids are as of comments.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
from starlette.responses import StreamingResponse

from podium.domain.access import DEFAULT_TEAM, is_admin
from podium.domain.audit import EventFilter
from podium.domain.events import Event
from podium.domain.stories import differences_of, state_of, words_of
from podium.domain.subjects import subject_kind
from podium.errors import InvalidArgument
from podium.protocols.pages.addresses import address_of, discussion_of
from podium.protocols.pages.csv_files import Row, csv_stream
from podium.protocols.pages.endpoint import SECURITY_HEADERS, Answer, Endpoint
from podium.protocols.pages.visit import Page, Visit

PAGE = 50
BESIDE = 8  # on the page of what they are about
FILTERS = ("team", "by", "entity", "action", "name", "since", "until")
ENTITIES = (
    "registered_model",
    "model_version",
    "artifact_collection",
    "artifact_version",
    "artifact",
    "comment",
    "project",
    "run",
    "logged_model",
    "evaluation_dataset",
    "registry",
    "webhook",
    "team",
    "team_member",
    "organization",
    "organization_member",
    "user",
    "api_key",
    "retention",
)
_CSV = (
    "seq",
    "at",
    "actor",
    "entity",
    "entity_id",
    "entity_name",
    "action",
    "before",
    "after",
    "previous_hash",
    "hash",
)
_COMMON = {
    "words_of": words_of,
    "differences_of": differences_of,
    "address_of": address_of,
    "discussion_of": discussion_of,
}


async def show(visit: Visit) -> Answer:
    """The trail, newest first, of what the filters of the address leave."""
    found = await visit.services.activity.page(
        visit.actor(), _which(visit), team=visit.query("team"), limit=PAGE, cursor=_cursor(visit)
    )
    values = {**_COMMON, "activity": found, "more": _more(visit, found.cursor), "is_filtered": _is_filtered(visit)}
    if visit.query("before") and visit.is_partial:
        return Page("activity/list.html", values)
    whole = {
        "area": "activity",
        "teams": await visit.teams(),
        "entities": ENTITIES,
        "head": await visit.services.activity.head(),
        "may_verify": is_admin(visit.actor()),
    }
    return Page("activity/found.html" if visit.is_partial else "activity/page.html", {**values, **whole})


async def of_subject(visit: Visit) -> Answer:
    """What happened to one thing, as a part of its page."""
    actor = visit.actor(visit.query("team", DEFAULT_TEAM))
    kind = subject_kind(visit.query("kind"))
    _, found = await visit.services.activity.about(actor, kind, visit.query("id"), limit=BESIDE, cursor=_cursor(visit))
    return Page(
        "activity/list.html", {**_COMMON, "activity": found, "more": _more(visit, found.cursor), "compact": True}
    )


async def verify(visit: Visit) -> Answer:
    """Compute every hash of the chain anew, and say what came of it."""
    bad = await visit.services.audit.verify(visit.actor())
    return Page("activity/verdict.html", {"bad": bad, "head": await visit.services.activity.head()})


async def export(visit: Visit) -> Answer:
    """Every event that the filters leave, oldest first, as CSV or JSON, written out as it is read."""
    form = visit.parameter("form")
    which, team = _which(visit), visit.query("team")
    if form not in ("csv", "json"):
        raise InvalidArgument(f"'{form[:50]}' is no form of an export: expected csv or json.")
    if team:
        await visit.services.teams.get(visit.actor(), team)  # what is refused is refused before the answer begins
    batches = visit.services.activity.export(visit.actor(), which, team=team)
    if form == "csv":
        return await csv_stream("activity", _CSV, _as_rows(batches))
    headers = {**SECURITY_HEADERS, "content-disposition": 'attachment; filename="activity.json"'}
    return StreamingResponse(_as_json(batches), headers=headers, media_type="application/json")


async def _as_rows(batches: AsyncIterator[list[Event]]) -> AsyncIterator[list[Row]]:
    async for batch in batches:
        events = [{**msgspec.structs.asdict(event), "at": _iso(event.at)} for event in batch]
        yield [[event[column] for column in _CSV] for event in events]


async def _as_json(batches: AsyncIterator[list[Event]]) -> AsyncIterator[bytes]:
    yield b"["
    begun = False
    async for batch in batches:
        lines = [msgspec.json.encode(_told(event)) for event in batch]
        if lines:
            yield (b",\n" if begun else b"\n") + b",\n".join(lines)
            begun = True
    yield b"\n]\n"


def _told(event: Event) -> dict[str, object]:
    values = {key: value for key, value in msgspec.structs.asdict(event).items() if key != "team_id"}
    states = {key: state_of(values[key]) if values[key] is not None else None for key in ("before", "after")}
    return {**values, "at": _iso(event.at), **states}


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def _which(visit: Visit) -> EventFilter:
    return EventFilter(
        by=visit.query("by") or None,
        entity=visit.query("entity") or None,
        entity_name=visit.query("name") or None,
        action=visit.query("action") or None,
        since=_time(visit, "since"),
        until=_time(visit, "until"),
    )


def _time(visit: Visit, name: str) -> int | None:
    """Milliseconds of a day or a time, in UTC without an offset; a day as the end is included."""
    text = visit.query(name)
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidArgument(
            f"'{name}' is no time: '{text[:50]}'. Write it like 2026-11-01 or 2026-11-01T12:00Z."
        ) from None
    time = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    if name == "until" and len(text) == len("2026-11-01"):
        time += timedelta(days=1)
    return int(time.timestamp() * 1000)


def _cursor(visit: Visit) -> int | None:
    return visit.number("before", 0, 1, 2**62) or None


def _more(visit: Visit, cursor: int | None) -> str | None:
    return None if cursor is None else visit.address(before=str(cursor))


def _is_filtered(visit: Visit) -> bool:
    return any(visit.query(name) for name in FILTERS)


ENDPOINTS = (
    Endpoint("GET", "/activity", show),
    Endpoint("GET", "/activity/of", of_subject),
    Endpoint("POST", "/activity/verify", verify),
    Endpoint("GET", "/activity/export.{form}", export),
)
