"""My account: what I am called, my password, my keys, and how pages look."""

from typing import Any

from podium.domain.accounts import UserChange
from podium.errors import NotFound
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.people import key_number
from podium.protocols.pages.visit import Page, Visit
from podium.services.sign_in import BROWSER_KEY


async def settings(visit: Visit) -> Answer:
    """The viewer's account; on an open server, what that means."""
    return await _settings(visit, "settings/page.html")


async def change_password(visit: Visit) -> Answer:
    """Another password for the viewer, who says the present one."""
    change = UserChange(password=visit.field("new"), current_password=visit.field("current"))
    await visit.services.users.update(visit.actor(), _name(visit), change)
    return Page(
        "notice.html", {"kind": "done", "title": "The password is changed", "message": "Keys stay as they are."}
    )


async def create_key(visit: Visit) -> Answer:
    """A key, shown once."""
    key, _ = await visit.services.api_keys.create(visit.actor(), _name(visit), visit.field("description").strip())
    return await _settings(visit, "settings/keys.html", told=key)


async def revoke_key(visit: Visit) -> Answer:
    """End one of the viewer's keys."""
    await visit.services.api_keys.revoke(visit.actor(), _name(visit), key_number(visit.field("key")))
    return await _settings(visit, "settings/keys.html")


async def _settings(visit: Visit, template: str, *, told: str | None = None) -> Page:
    values: dict[str, Any] = {
        "area": "settings",
        "user": None,
        "keys": [],
        "teams": [],
        "told": told,
        "browser": f"{BROWSER_KEY}, ",
    }
    if visit.account is None or visit.account.id is None:
        return Page(template, values)
    name, actor = _name(visit), visit.actor()
    user = await visit.services.users.get(actor, name)
    keys = await visit.services.api_keys.list_of(actor, name)
    teams = [team for team in await visit.services.people.teams(actor) if team.role is not None]
    return Page(template, {**values, "user": user, "keys": keys, "teams": teams})


def _name(visit: Visit) -> str:
    if visit.account is None or visit.account.id is None:
        raise NotFound("There is no account here that has a password or keys.")
    return visit.account.name


ENDPOINTS = (
    Endpoint("GET", "/settings", settings),
    Endpoint("POST", "/settings/password", change_password),
    Endpoint("POST", "/settings/keys", create_key),
    Endpoint("POST", "/settings/keys/revoke", revoke_key),
)
