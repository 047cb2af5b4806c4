"""Every component on one page: what to take for a new page, and how it looks in both themes."""

from podium.domain.stages import STAGES
from podium.protocols.pages.endpoint import Endpoint
from podium.protocols.pages.visit import Page, Visit

_SHADES = ("ground", "surface", "sunken", "hover", "accent-soft", "gold-soft", "blue-soft", "green-soft", "red-soft")
_STATES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")


async def show(_: Visit) -> Page:
    """The design system."""
    return Page("design.html", {"stages": STAGES, "states": _STATES, "shades": _SHADES})


ENDPOINTS = (Endpoint("GET", "/_design", show, public=True),)
