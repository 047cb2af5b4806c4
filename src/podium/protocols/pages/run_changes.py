"""What the viewer changes on a run's page: name, notes, tags, deleted or not."""

from podium.errors import InvalidArgument
from podium.protocols.pages.endpoint import Endpoint
from podium.protocols.pages.run_page import ONE
from podium.protocols.pages.visit import Redirect, Visit, path_to
from podium.services.run_pages import RunPage


async def rename(visit: Visit) -> Redirect:
    """Give the run another name."""
    opened = await _opened(visit)
    name = visit.field("name").strip()
    if not name:
        raise InvalidArgument("'name' is empty; a run has a name.")
    await visit.services.runs.update(
        visit.actor(opened.tracked.team), _id(opened), status=None, end_time=None, name=name
    )
    return _back(opened)


async def write_notes(visit: Visit) -> Redirect:
    """Put notes in place of those before."""
    opened = await _opened(visit)
    text = visit.field("notes").replace("\r\n", "\n")
    await visit.services.runs.write_notes(visit.actor(opened.tracked.team), _id(opened), text)
    return _back(opened)


async def set_tag(visit: Visit) -> Redirect:
    """Set a tag, or give one another value."""
    opened = await _opened(visit)
    key, value = visit.field("key").strip(), visit.field("value").strip()
    await visit.services.runs.set_tag(visit.actor(opened.tracked.team), _id(opened), key, value)
    return _back(opened)


async def delete_tag(visit: Visit) -> Redirect:
    """Take a tag off."""
    opened = await _opened(visit)
    await visit.services.runs.delete_tag(visit.actor(opened.tracked.team), _id(opened), visit.field("key"))
    return _back(opened)


async def delete(visit: Visit) -> Redirect:
    """Mark the run deleted."""
    opened = await _opened(visit)
    await visit.services.runs.delete(visit.actor(opened.tracked.team), _id(opened))
    return _back(opened)


async def restore(visit: Visit) -> Redirect:
    """Bring a deleted run back."""
    opened = await _opened(visit)
    await visit.services.runs.restore(visit.actor(opened.tracked.team), _id(opened))
    return _back(opened)


async def _opened(visit: Visit) -> RunPage:
    actor = visit.actor(visit.parameter("team"))
    return await visit.services.run_pages.open(actor, visit.parameter("project"), visit.parameter("run"))


def _id(opened: RunPage) -> str:
    return opened.tracked.run.info.run_id


def _back(opened: RunPage) -> Redirect:
    tracked = opened.tracked
    return Redirect(path_to(tracked.team, tracked.project.name, "runs", tracked.run.info.slug))


ENDPOINTS = (
    Endpoint("POST", ONE + "/name", rename),
    Endpoint("POST", ONE + "/notes", write_notes),
    Endpoint("POST", ONE + "/tags", set_tag),
    Endpoint("POST", ONE + "/tags/delete", delete_tag),
    Endpoint("POST", ONE + "/delete", delete),
    Endpoint("POST", ONE + "/restore", restore),
)
