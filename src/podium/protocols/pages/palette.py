"""The palette that Ctrl-K opens: things by name, pages and commands."""

import msgspec

from podium.domain.palette import Find
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.visit import Page, Visit, path_to

_ICONS = {
    "model": "trophy",
    "version": "tag",
    "run": "activity",
    "project": "folder",
    "collection": "boxes",
    "dataset": "database",
    "logged_model": "package",
    "person": "user",
}


class Item(msgspec.Struct, frozen=True):
    """A line of the palette: it leads to an address, or has the page's script do something."""

    label: str
    icon: str
    address: str = "#"
    command: str = ""
    note: str = ""


COMMANDS = (
    Item("Light or dark", "moon", command="theme", note="theme"),
    Item("Copy this page's address", "link", command="copyAddress", note="share"),
    Item("Keys", "keyboard", command="keys", note="?"),
    Item("Go to the cabinet", "trophy", "/", note="g c"),
    Item("Go to projects", "folder", "/projects", note="g p"),
    Item("Go to artifacts", "boxes", "/artifacts", note="g a"),
    Item("Go to compare", "git-compare", "/compare", note="g m"),
    Item("Go to activity", "activity", "/activity", note="g l"),
    Item("Go to the feed", "bell", "/feed", note="g f"),
    Item("Go to people", "users", "/people", note="g t"),
    Item("Settings and API keys", "settings", "/settings", note="g s"),
)


async def palette(visit: Visit) -> Answer:
    """What fits the text, in groups; without a text the models changed last, and the commands."""
    text = visit.query("q")
    found = await visit.services.palette.find(visit.actor(), text)
    groups = [(name, [_item(find) for find in finds]) for name, finds in found.items() if finds]
    commands = [item for item in COMMANDS if _fits(item, text)]
    if commands:
        groups.append(("Commands", commands))
    return Page("palette/found.html", {"groups": groups, "text": text})


def address_of(find: Find) -> str:
    """The page of what was found."""
    if find.kind in ("model", "version"):
        return path_to("models", find.team, *find.path)
    if find.kind == "dataset":
        return path_to("datasets", *find.path)
    if find.kind == "logged_model":
        return path_to("logged-models", *find.path)
    if find.kind == "person":
        return f"/people?q={find.path[0]}"
    if find.kind == "project":
        return path_to(find.team, *find.path)
    project, *rest = find.path
    return path_to(find.team, project, "runs" if find.kind == "run" else "artifacts", *rest)


def _item(find: Find) -> Item:
    note = " · ".join(part for part in (find.note, "" if find.team == "default" else find.team) if part)
    return Item(find.name, _ICONS[find.kind], address_of(find), note=note)


def _fits(item: Item, text: str) -> bool:
    words = f"{item.label} {item.note}".lower()
    return all(part in words for part in text.lower().split())


ENDPOINTS = (Endpoint("GET", "/palette", palette),)
