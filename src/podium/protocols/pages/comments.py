"""Comments as a part of other pages, and as a page of their own; and the buttons that watch a thing.

Another page shows the comments on a thing with
`<section hx-get="/comments?kind=model&id=NAME&team=TEAM" hx-trigger="load"></section>`, and a button to watch it with
`<span hx-get="/watch?kind=model&id=NAME&team=TEAM" hx-trigger="load"></span>`. services/comments.py says what ids are.
"""

from starlette.responses import Response

from podium.domain.access import DEFAULT_TEAM, Actor
from podium.domain.comments import Anchor, NewComment
from podium.domain.feeds import FeedPlace, parse_place
from podium.domain.stories import words_of
from podium.domain.subjects import Subject, SubjectKind, subject_kind
from podium.errors import InvalidArgument
from podium.protocols.pages.addresses import address_of, discussion_of
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.live import followed
from podium.protocols.pages.visit import Page, Visit
from podium.services.comments import is_author


async def show(visit: Visit) -> Answer:
    """What was said about a thing."""
    actor = visit.actor(visit.query("team", DEFAULT_TEAM))
    template = "comments/fragment.html" if visit.is_partial else "comments/page.html"
    kind, public_id = subject_kind(visit.query("kind")), visit.query("id")
    if visit.query("part") == "threads":
        template = "comments/threads.html"
    page = await _discussion(visit, actor, kind, public_id, template)
    if not visit.is_partial:
        page.values["live"] = await followed(visit, actor, kind, public_id)
    return page


async def create(visit: Visit) -> Answer:
    """Say something, as the first comment of a thread or in reply to `parent`."""
    actor = visit.actor(visit.field("team"))
    kind, public_id = subject_kind(visit.field("kind")), visit.field("subject")
    parent = visit.field("parent")
    new = NewComment(visit.field("text"), _number("parent", parent) if parent else None, _anchor(visit))
    await visit.services.comments.create(actor, kind, public_id, new)
    return await _discussion(visit, actor, kind, public_id)


async def edit(visit: Visit) -> Answer:
    """Give one's own comment another text."""
    comment_id = _number("comment", visit.field("comment"))
    await visit.services.comments.edit(visit.actor(), comment_id, visit.field("text"))
    _, subject = await visit.services.comments.get(visit.actor(), comment_id)
    return await _about(visit, subject)


async def delete(visit: Visit) -> Answer:
    """Delete a comment."""
    comment_id = _number("comment", visit.field("comment"))
    _, subject = await visit.services.comments.get(visit.actor(), comment_id)
    await visit.services.comments.delete(visit.actor(), comment_id)
    return await _about(visit, subject)


async def preview(visit: Visit) -> Answer:
    """The text as it will be shown."""
    return Page("comments/preview.html", {"text": visit.field("text")})


async def people(visit: Visit) -> Answer:
    """Whom the `@` that is being written may mean."""
    names = await visit.services.comments.callable_people(visit.actor(visit.query("team")), visit.query("q")[:128])
    return Page("comments/people.html", {"names": names})


async def watch_button(visit: Visit) -> Answer:
    """A button that says whether the viewer watches a thing."""
    kind, public_id, team = subject_kind(visit.query("kind")), visit.query("id"), visit.query("team", DEFAULT_TEAM)
    watched = await visit.services.watching.is_watched(visit.actor(team), kind, public_id)
    return _button(kind, public_id, team, watched=watched)


async def watch(visit: Visit) -> Answer:
    """Watch a thing, or no longer."""
    kind, public_id, team = subject_kind(visit.field("kind")), visit.field("subject"), visit.field("team")
    wanted = visit.field("watch") == "yes"
    service = visit.services.watching
    await (service.watch if wanted else service.unwatch)(visit.actor(team), kind, public_id)
    return _button(kind, public_id, team, watched=wanted)


async def feed(visit: Visit) -> Answer:
    """What changed in what the viewer watches. Looking at the first page takes all of it as seen."""
    before = visit.query("before")
    actor = visit.actor()
    found = await visit.services.watching.feed(actor, cursor=parse_place(before) if before else FeedPlace())
    values = {"feed": found, "words_of": words_of, "address_of": address_of, "discussion_of": discussion_of}
    if visit.is_partial:
        return Page("feed/stories.html", values)
    watched = await visit.services.watching.watched(actor)
    await visit.services.watching.see_all(actor)
    return Page("feed/page.html", {**values, "area": "feed", "watched": watched})


async def unseen(visit: Visit) -> Answer:
    """The number beside the feed's link; nothing where all was seen."""
    count = await visit.services.watching.unseen(visit.actor())
    return Page("feed/unseen.html", {"count": count}) if count else Response(b"", media_type="text/html")


async def _about(visit: Visit, subject: Subject) -> Page:
    return await _discussion(visit, visit.actor(subject.team), subject.kind, subject.id)


async def _discussion(
    visit: Visit, actor: Actor, kind: SubjectKind, public_id: str, template: str = "comments/thread.html"
) -> Page:
    found = await visit.services.comments.discussion(actor, kind, public_id)
    values = {
        "discussion": found,
        "subject": found.subject,
        "home": address_of(found.subject),
        "discussion_of": discussion_of,
        "own": {
            comment.id
            for thread in found.threads
            for comment in (thread.first, *thread.replies)
            if found.may_write and is_author(actor, comment)
        },
    }
    return Page(template, values)


def _button(kind: SubjectKind, public_id: str, team: str, *, watched: bool) -> Page:
    return Page("comments/watch.html", {"kind": kind, "id": public_id, "team": team, "watched": watched})


def _anchor(visit: Visit) -> Anchor | None:
    metric = visit.field("metric")
    if not metric:
        return None
    first = _number("from_step", visit.field("from_step"))
    last = visit.field("to_step")
    return Anchor(metric, first, _number("to_step", last) if last else first)


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise InvalidArgument(f"'{name}' is a whole number, not '{text[:100]}'.")
    return int(text)


ENDPOINTS = (
    Endpoint("GET", "/comments", show),
    Endpoint("GET", "/comments/people", people),
    Endpoint("POST", "/comments/new", create),
    Endpoint("POST", "/comments/edit", edit),
    Endpoint("POST", "/comments/delete", delete),
    Endpoint("POST", "/comments/preview", preview),
    Endpoint("GET", "/watch", watch_button),
    Endpoint("POST", "/watch", watch),
    Endpoint("GET", "/feed", feed),
    Endpoint("GET", "/feed/unseen", unseen),
)
