"""Collections of artifacts: those of all the viewer's teams, and the versions of one."""

from datetime import UTC, datetime

from podium.domain.artifact_collections import Collection, Membership
from podium.domain.shelf import WantedArtifacts
from podium.errors import NotFound
from podium.protocols.pages.csv_files import Row, csv_stream, pages
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.visit import Page, Redirect, Visit, path_to
from podium.services.artifact_shelf import ArtifactsFound, CollectionShown, ShelvedCollection

PAGE = 60
CSV_PAGE = 500
COLLECTION = "/{team}/{project}/artifacts/{type}/{name}"
_MAX_NUMBER = 2**62


async def artifacts(visit: Visit) -> Answer:
    """The list, the part of it that a search finds, or the same as CSV."""
    if visit.query("format") == "csv":
        return await _csv(visit)
    values = {"area": "artifacts", "found": await _found(visit), "teams": await visit.teams()}
    values["address_of"] = collection_address
    values["is_filtered"] = any(visit.query(name) for name in ("q", "type", "team"))
    return Page("artifacts/found.html" if visit.is_partial else "artifacts/page.html", values)


async def more(visit: Visit) -> Page:
    """The rows that follow those shown."""
    values = {"found": await _found(visit), "address_of": collection_address}
    return Page("artifacts/rows.html", values)


async def by_number(visit: Visit) -> Redirect:
    """To the page of the version that lineage knows by this number."""
    number = visit.parameter("number")
    if not number.isdecimal() or len(number) > 18:
        raise NotFound(f"There is no artifact '{number[:100]}': artifacts are known by numbers here.")
    return Redirect(version_address(await visit.services.artifact_shelf.place(visit.actor(), int(number))))


async def collection(visit: Visit) -> Answer:
    """A collection with its versions."""
    team = visit.parameter("team")
    if visit.query("format") == "csv":
        return await _versions_csv(visit)
    shown = await _collection(visit, visit.number("before", 0, 0, _MAX_NUMBER) or None, PAGE)
    if visit.parameter("type") != shown.collection.type:  # it was moved to another type since
        return Redirect(collection_address(shown.collection))
    values = {"area": "artifacts", "shown": shown, "collection": shown.collection, "address_of": version_address}
    values["home"] = collection_address(shown.collection)
    values["may_write"] = await visit.may_write(team)
    return Page("artifacts/versions.html" if visit.is_partial else "artifacts/collection.html", values)


async def describe(visit: Visit) -> Redirect:
    """Set a collection's description."""
    actor = visit.actor(visit.parameter("team"))
    shown = await visit.services.artifact_shelf.collection(
        actor, visit.parameter("project"), visit.parameter("name"), before=None, limit=1
    )
    text = visit.field("description")
    await visit.services.artifact_changes.update_collection(actor, shown.collection.id, None, text)
    return Redirect(collection_address(shown.collection))


async def by_registry_link(visit: Visit) -> Redirect:
    """To what W&B's client prints for a version that is linked into a registry."""
    team, _, rest = visit.query("selectionPath").partition("/")
    project, _, name = rest.partition("/")
    if not name:
        raise NotFound("The address names no collection of a registry: its 'selectionPath' is entity/project/name.")
    shown = await visit.services.artifact_shelf.collection(visit.actor(team), project, name, before=None, limit=1)
    version = visit.query("version")
    home = collection_address(shown.collection)
    return Redirect(f"{home}/{path_to(version)[1:]}" if version else home)


def collection_address(found: Collection) -> str:
    """The page of a collection, where W&B's client says that it is."""
    return path_to(found.place.team, found.place.project, "artifacts", found.type, found.name)


def version_address(member: Membership) -> str:
    """The page of a version in a collection."""
    return f"{collection_address(member.collection)}/v{member.number}"


async def _found(visit: Visit, limit: int = PAGE, after: str | None = None) -> ArtifactsFound:
    wanted = WantedArtifacts(text=visit.query("q"), type=visit.query("type"), by_name=visit.query("order") == "name")
    place = visit.query("after") if after is None else after
    return await visit.services.artifact_shelf.find(
        visit.actor(), wanted, team=visit.query("team"), limit=limit, page_token=place
    )


async def _collection(visit: Visit, before: int | None, limit: int) -> CollectionShown:
    actor = visit.actor(visit.parameter("team"))
    return await visit.services.artifact_shelf.collection(
        actor, visit.parameter("project"), visit.parameter("name"), before=before, limit=limit
    )


async def _csv(visit: Visit) -> Answer:
    async def page(after: str | None) -> tuple[list[Row], str | None]:
        found = await _found(visit, CSV_PAGE, after or "")
        return [_row(each) for each in found.collections], found.next_page_token

    head = ("name", "type", "team", "project", "versions", "newest", "size_bytes", "aliases", "changed_at")
    return await csv_stream("artifacts", head, pages(page))


def _row(each: ShelvedCollection) -> Row:
    return (
        each.collection.name,
        each.collection.type,
        each.collection.place.team,
        each.collection.place.project,
        each.content.version_count,
        f"v{each.content.newest}" if each.content.version_count else None,
        each.content.size_bytes,
        " ".join(f"{alias}=v{number}" for alias, number in each.content.aliases.items()),
        _moment(each.changed_at),
    )


async def _versions_csv(visit: Visit) -> Answer:
    async def page(before: int | None) -> tuple[list[Row], int | None]:
        shown = await _collection(visit, before, CSV_PAGE)
        return [_version_row(each) for each in shown.members], shown.before

    head = ("version", "aliases", "tags", "size_bytes", "files", "digest", "made_at", "description")
    return await csv_stream(visit.parameter("name"), head, pages(page))


def _version_row(each: Membership) -> Row:
    return (
        f"v{each.number}",
        " ".join(alias.alias for alias in each.aliases),
        " ".join(each.version.tags),
        each.version.size_bytes,
        each.version.file_count,
        each.version.digest,
        _moment(each.version.created_at),
        each.version.description,
    )


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


ENDPOINTS = (
    Endpoint("GET", "/artifacts", artifacts),
    Endpoint("GET", "/artifacts/more", more),
    Endpoint("GET", "/artifacts/{number}", by_number),
    Endpoint("GET", "/orgs/{organization}/registry/{name}", by_registry_link),
    Endpoint("GET", "/{team}/registry/{name}", by_registry_link),
    Endpoint("GET", COLLECTION, collection),
    Endpoint("POST", f"{COLLECTION}/description", describe),
)
