"""People, teams and organizations: who works with whom, in which role, and with which keys."""

from collections.abc import Sequence

from podium.domain.access import Role, is_admin, may_manage_organization
from podium.domain.accounts import Member, NewUser, UserChange
from podium.errors import InvalidArgument
from podium.protocols.pages.csv_files import Row, csv_answer, csv_stream, pages
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.visit import Page, Redirect, Visit, path_to
from podium.services.people import Person

_ROLES: tuple[Role, ...] = ("admin", "member", "viewer")
_NO_ROLE = "remove"


async def people(visit: Visit) -> Answer:
    """The people whom the viewer works with, and the viewer's teams."""
    found = await visit.services.people.page(visit.actor(), text=visit.query("q"), after=visit.query("after"))
    values = {"found": found, "is_admin": is_admin(visit.actor()) and visit.account is not None}
    if visit.is_partial:
        return Page("people/rows.html" if visit.query("after") else "people/found.html", values)
    whole = {
        "area": "people",
        "teams": await visit.services.people.teams(visit.actor()),
        "organizations": await _organizations(visit),
    }
    return Page("people/page.html", {**values, **whole})


async def csv(visit: Visit) -> Answer:
    """Every person of the list, as CSV."""

    async def page(after: str | None) -> tuple[list[Row], str | None]:
        found = await visit.services.people.page(visit.actor(), text=visit.query("q"), after=after or "", limit=200)
        return [_row(person) for person in found.people], found.after

    return await csv_stream("people", ("name", "email", "kind", "administrator", "teams"), pages(page))


async def create_user(visit: Visit) -> Answer:
    """A new user, with a password that was given, else with a key that is shown once."""
    new = NewUser(
        name=visit.field("name").strip(),
        password=visit.field("password") or None,
        email=visit.field("email").strip() or None,
        admin=visit.field("admin") == "yes",
        team=visit.field("team") or None,
    )
    made = await visit.services.users.create(visit.actor(), new)
    return Page("people/made_user.html", {"made": made})


async def create_team(visit: Visit) -> Answer:
    """A new team, of an organization if one is named."""
    name, organization = visit.field("name").strip(), visit.field("organization") or None
    await visit.services.teams.create_in(
        visit.actor(), organization, name, None, visit.field("description").strip() or None
    )
    return Redirect(path_to("teams", name))


async def team(visit: Visit) -> Answer:
    """A team: its members, their roles, its service accounts and their keys; with `format=csv`, who belongs to it."""
    if visit.query("format") == "csv":
        crew = await visit.services.people.crew(visit.actor(), visit.parameter("name"))
        return _members_csv(crew.team.name, crew.members)
    return await _team(visit, visit.parameter("name"), "people/team.html")


async def set_member(visit: Visit) -> Answer:
    """Give somebody a role in a team, or take them out."""
    name, user, role = visit.parameter("name"), visit.field("user").strip(), visit.field("role")
    if role == _NO_ROLE:
        await visit.services.members.remove_from_team(visit.actor(), name, user)
    else:
        await visit.services.members.set_in_team(visit.actor(), name, user, _role(role))
    return await _team(visit, name, "people/crew.html")


async def create_service(visit: Visit) -> Answer:
    """A service account of a team, whose key is shown once."""
    name = visit.parameter("name")
    new = NewUser(name=visit.field("user").strip(), kind="service", team=name)
    made = await visit.services.users.create(visit.actor(), new)
    return await _team(visit, name, "people/crew.html", told=made.api_key, told_for=made.user.name)


async def create_key(visit: Visit) -> Answer:
    """Another key of a service account of a team."""
    name, user = visit.parameter("name"), visit.field("user")
    key, _ = await visit.services.api_keys.create(visit.actor(), user, visit.field("description").strip())
    return await _team(visit, name, "people/crew.html", told=key, told_for=user)


async def revoke_key(visit: Visit) -> Answer:
    """End a key of a service account of a team."""
    name = visit.parameter("name")
    await visit.services.api_keys.revoke(visit.actor(), visit.field("user"), key_number(visit.field("key")))
    return await _team(visit, name, "people/crew.html")


async def organization(visit: Visit) -> Answer:
    """An organization: its members, and its teams; with `format=csv`, its members."""
    if visit.query("format") == "csv":
        name = visit.parameter("name")
        return _members_csv(name, await visit.services.members.list_of_organization(visit.actor(), name))
    return await _organization(visit, visit.parameter("name"), "people/organization.html")


async def set_organization_member(visit: Visit) -> Answer:
    """Give somebody a role in an organization, or take them out of it and its teams."""
    name, user, role = visit.parameter("name"), visit.field("user").strip(), visit.field("role")
    if role == _NO_ROLE:
        await visit.services.members.remove_from_organization(visit.actor(), name, user)
    else:
        await visit.services.members.set_in_organization(visit.actor(), name, user, _role(role))
    return await _organization(visit, name, "people/organization_members.html")


async def make_administrator(visit: Visit) -> Answer:
    """Say whether a user administers the server."""
    change = UserChange(admin=visit.field("admin") == "yes")
    await visit.services.users.update(visit.actor(), visit.field("user"), change)
    return Redirect("/people")


async def delete_user(visit: Visit) -> Answer:
    """Delete a user with its keys and its own team."""
    await visit.services.users.delete(visit.actor(), visit.field("user"))
    return Redirect("/people")


def _row(person: Person) -> Row:
    user, roles = person.user, " ".join(f"{team}:{role}" for team, role in person.roles.items())
    return user.name, user.email, user.kind, "yes" if user.admin else "no", roles


def _members_csv(name: str, members: Sequence[Member]) -> Answer:
    return csv_answer(name, ("user", "kind", "role"), [(each.user, each.kind, each.role) for each in members])


def key_number(text: str) -> int:
    """The number of a key. Raises InvalidArgument."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise InvalidArgument(f"'key' is the number of an API key, not '{text[:50]}'.")
    return int(text)


async def _organizations(visit: Visit) -> list[str]:
    return [each.name for each in await visit.services.organizations.list_all(visit.actor()) if each.id]


async def _team(visit: Visit, name: str, template: str, *, told: str | None = None, told_for: str = "") -> Page:
    crew = await visit.services.people.crew(visit.actor(), name)
    values = {"crew": crew, "roles": _ROLES, "told": told, "told_for": told_for, "area": "people"}
    return Page(template, values)


async def _organization(visit: Visit, name: str, template: str) -> Page:
    actor = visit.actor()
    found = await visit.services.organizations.get(actor, name)
    values = {
        "area": "people",
        "organization": found,
        "members": await visit.services.members.list_of_organization(actor, name),
        "teams": await visit.services.organizations.list_teams(actor, name),
        "roles": _ROLES,
        "may_manage": may_manage_organization(actor, found.id) and found.id != 0,
    }
    return Page(template, values)


def _role(text: str) -> Role:
    for role in _ROLES:
        if role == text:
            return role
    raise InvalidArgument(f"'role' is '{text[:50]}': expected one of {', '.join(_ROLES)}.")


ENDPOINTS = (
    Endpoint("GET", "/people", people),
    Endpoint("GET", "/people.csv", csv),
    Endpoint("POST", "/people/users", create_user),
    Endpoint("POST", "/people/administrators", make_administrator),
    Endpoint("POST", "/people/delete", delete_user),
    Endpoint("POST", "/people/teams", create_team),
    Endpoint("GET", "/teams/{name}", team),
    Endpoint("POST", "/teams/{name}/members", set_member),
    Endpoint("POST", "/teams/{name}/services", create_service),
    Endpoint("POST", "/teams/{name}/keys", create_key),
    Endpoint("POST", "/teams/{name}/keys/revoke", revoke_key),
    Endpoint("GET", "/organizations/{name}", organization),
    Endpoint("POST", "/organizations/{name}/members", set_organization_member),
)
