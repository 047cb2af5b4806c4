"""A version of an artifact: what it holds, who made it and who read it, and how it differs from another."""

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

from podium.domain.access import Actor
from podium.domain.artifact_collections import TTL_DISABLED, ListedFile, version_number
from podium.domain.manifests import ManifestDiff, ManifestEntry
from podium.errors import InvalidArgument, NotFound
from podium.protocols.pages.artifacts import COLLECTION, collection_address, version_address
from podium.protocols.pages.csv_files import Row, Table, csv_choice, csv_stream, pages
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.previews import preview_of, raw_answer
from podium.protocols.pages.templating import span
from podium.protocols.pages.trees import MAX_SHOWN, file_tree
from podium.protocols.pages.visit import Page, Redirect, Visit
from podium.services.artifact_aliases import AliasIn
from podium.services.artifact_changes import VersionEdit
from podium.services.artifact_shelf import VersionShown

_ONE = f"{COLLECTION}/{{version}}"
_TABS = ("overview", "files", "changes", "lineage")


async def show(visit: Visit) -> Answer:
    """The page, with the part that `tab` names. An alias in its address leads to what it names now.

    With `format=csv`, one of its tables as a file.
    """
    shown = await _shown(visit)
    address = version_address(shown.member)
    if version_number(visit.parameter("version")) is None or visit.parameter("type") != shown.member.collection.type:
        return Redirect(address)
    if visit.query("format") == "csv":
        return await _csv(visit, shown)
    tab = visit.query("tab") if visit.query("tab") in _TABS else "overview"
    values = {
        "area": "artifacts",
        "shown": shown,
        "version": shown.version,
        "collection": shown.member.collection,
        "home": collection_address(shown.member.collection),
        "page": address,
        "tab": tab,
        "address_of": version_address,
        "may_write": await visit.may_write(shown.member.collection.place.team),
        "metadata": _metadata(shown.version.metadata),
        "snippets": _snippets(visit, shown),
        "lifetime": _lifetime(shown.version.ttl_s),
    }
    if tab == "files":
        values |= await _files(visit, shown)
    elif tab == "changes":
        values |= await _changes(visit, shown)
    return Page("artifact/page.html", values)


async def look(visit: Visit) -> Answer:
    """A file, to be looked at beside the tree."""
    shown = await _shown(visit)
    file = await _file(visit, shown)
    preview = await preview_of(visit.services.artifacts, file)
    values = {"path": file.path, "file": file, "preview": preview, "page": version_address(shown.member)}
    return Page("files/preview.html", values)


async def raw(visit: Visit) -> Answer:
    """The bytes of a file."""
    file = await _file(visit, await _shown(visit))
    return await raw_answer(visit.request, visit.services.artifacts, file)


async def describe(visit: Visit) -> Answer:
    """Set the description."""
    return await _edit(visit, VersionEdit(description=visit.field("description")))


async def add_tag(visit: Visit) -> Answer:
    """Give the version a tag."""
    return await _edit(visit, VersionEdit(tags_to_add=[visit.field("tag").strip()]))


async def remove_tag(visit: Visit) -> Answer:
    """Take a tag off the version."""
    return await _edit(visit, VersionEdit(tags_to_remove=[visit.field("tag")]))


async def add_alias(visit: Visit) -> Answer:
    """Point an alias of the collection at the version."""
    shown = await _shown(visit)
    alias = visit.field("alias").strip().removeprefix("@")
    await visit.services.artifact_aliases.add(_actor(visit), shown.version.id, [_alias(visit, alias)])
    return Redirect(version_address(shown.member))


async def remove_alias(visit: Visit) -> Answer:
    """Take an alias off the version."""
    shown = await _shown(visit)
    await visit.services.artifact_aliases.remove(_actor(visit), shown.version.id, [_alias(visit, visit.field("alias"))])
    return Redirect(version_address(shown.member))


def _actor(visit: Visit) -> Actor:
    return visit.actor(visit.parameter("team"))


async def _shown(visit: Visit) -> VersionShown:
    return await visit.services.artifact_shelf.version(
        _actor(visit), visit.parameter("project"), visit.parameter("name"), visit.parameter("version")
    )


async def _edit(visit: Visit, edit: VersionEdit) -> Redirect:
    shown = await _shown(visit)
    await visit.services.artifact_changes.update(_actor(visit), shown.version.id, edit)
    return Redirect(version_address(shown.member))


def _alias(visit: Visit, alias: str) -> AliasIn:
    return AliasIn(visit.parameter("team"), visit.parameter("project"), visit.parameter("name"), alias)


async def _files(visit: Visit, shown: VersionShown) -> dict[str, Any]:
    found = await visit.services.artifact_reading.files(_actor(visit), shown.version.id, "", MAX_SHOWN)
    here = [file for file in found.files if file.url is None]
    elsewhere = [file for file in found.files if file.url is not None]
    return {"tree": file_tree([file.entry for file in here]), "references": elsewhere, "found": found}


async def _file(visit: Visit, shown: VersionShown) -> ManifestEntry:
    path = visit.query("path")
    found = await visit.services.artifact_reading.files(_actor(visit), shown.version.id, "", 1, [path])
    here: list[ListedFile] = [file for file in found.files if file.url is None]
    if not here:
        raise NotFound(f"The version has no file '{path[:200]}' on this server.")
    return here[0].entry


async def _changes(visit: Visit, shown: VersionShown) -> dict[str, Any]:
    """How the files differ from those of the version that `from` names, else of the one before."""
    before = [number for number in shown.numbers if number < shown.member.number]
    given = visit.query("from") or (f"v{before[0]}" if before else "")
    number = version_number(given)
    if number is None:
        if given:
            raise InvalidArgument(f"'from' is '{given[:100]}': expected a version like v3.")
        return {"diff": None, "old": None}
    collection = shown.member.collection
    old = await visit.services.artifact_shelf.version(_actor(visit), collection.place.project, collection.name, given)
    diff = await visit.services.artifact_shelf.changes(_actor(visit), old.version.id, shown.version.id)
    return {"diff": diff, "old": number}


async def _csv(visit: Visit, shown: VersionShown) -> Answer:
    name, title = visit.query("table"), f"{shown.member.collection.name}-v{shown.member.number}"
    if name == "files":
        return await csv_stream(f"{title}-files", ("path", "size_bytes", "digest", "url"), _rows(visit, shown))
    tables: dict[str, Table] = {
        "metadata": (("key", "value"), list(_metadata(shown.version.metadata).items())),
        "readers": (
            ("run_id", "name", "status", "team", "project", "started_ms"),
            [(run.run_id, run.name, run.status, run.team, run.project, run.started_at) for run in shown.readers],
        ),
        "changes": (
            ("what", "path", "size_before", "size_after", "digest_before", "digest_after"),
            _changed(await _changes(visit, shown)) if name == "changes" else [],
        ),
    }
    return csv_choice(title, name, tables)


def _rows(visit: Visit, shown: VersionShown) -> AsyncIterator[Iterable[Row]]:
    async def page(after: str | None) -> tuple[list[Row], str | None]:
        reading = visit.services.artifact_reading
        found = await reading.files(_actor(visit), shown.version.id, after or "", MAX_SHOWN)
        rows: list[Row] = [(file.path, file.size_bytes, file.digest, file.url) for file in found.files]
        return rows, found.files[-1].path if found.more else None

    return pages(page)


def _changed(changes: dict[str, Any]) -> list[Row]:
    diff: ManifestDiff | None = changes["diff"]
    if diff is None:
        return []
    return [
        *(("added", new.path, None, new.size_bytes, None, new.digest) for new in diff.added),
        *(("changed", new.path, old.size_bytes, new.size_bytes, old.digest, new.digest) for old, new in diff.changed),
        *(("removed", old.path, old.size_bytes, None, old.digest, None) for old in diff.removed),
    ]


def _metadata(text: str | None) -> dict[str, str]:
    """The top of the metadata's JSON, each value as text."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in sorted(found.items())}


def _lifetime(ttl_s: int | None) -> str:
    if ttl_s is None:
        return "as its team has it"
    return "for ever" if ttl_s == TTL_DISABLED else f"{span(ttl_s * 1000)} after it was made"


def _snippets(visit: Visit, shown: VersionShown) -> dict[str, str]:
    place = shown.member.collection.place
    name = f"{place.team}/{place.project}/{shown.member.collection.name}:v{shown.member.number}"
    server = visit.server
    used = f"artifact = run.use_artifact({name!r})\nfolder = artifact.download()"
    read = f"# export WANDB_BASE_URL={server}\nfolder = wandb.Api().artifact({name!r}).download()"
    return {"wandb, in a run, which notes that it was read": used, "wandb, outside of runs": read}


ENDPOINTS = (
    Endpoint("GET", _ONE, show),
    Endpoint("GET", f"{_ONE}/look", look),
    Endpoint("GET", f"{_ONE}/raw", raw),
    Endpoint("POST", f"{_ONE}/description", describe),
    Endpoint("POST", f"{_ONE}/tags", add_tag),
    Endpoint("POST", f"{_ONE}/tags/delete", remove_tag),
    Endpoint("POST", f"{_ONE}/aliases", add_alias),
    Endpoint("POST", f"{_ONE}/aliases/delete", remove_alias),
)
