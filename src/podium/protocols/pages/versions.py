"""A model version: its files, where it came from, how it measured, and what became of it."""

from podium.domain.access import Actor
from podium.domain.manifests import Manifest, ManifestEntry, normalize_path
from podium.domain.model_descriptions import ModelDescription
from podium.domain.registry import ModelVersion
from podium.domain.runs import Run
from podium.domain.stages import STAGES
from podium.errors import InvalidState, NotFound
from podium.protocols.pages.csv_files import Table, csv_choice
from podium.protocols.pages.described import described_tables, file_table
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.live import followed
from podium.protocols.pages.previews import preview_of, raw_answer
from podium.protocols.pages.snippets import load_snippets
from podium.protocols.pages.trees import file_tree
from podium.protocols.pages.visit import Page, Redirect, Visit, path_to
from podium.services.file_owners import OfVersion

_ONE = "/models/{team}/{name}/{version}"
_TABS = ("overview", "files", "lineage")


async def show(visit: Visit) -> Answer:
    """The page, with the part that `tab` names; with `format=csv`, one of its tables as a file."""
    live = await followed(visit, _actor(visit), "version", f"{visit.parameter('name')}/{_number(visit)}")
    actor, version = await _version(visit)
    if visit.query("format") == "csv":
        return await _csv(visit, actor, version)
    model = await visit.services.registry.get(actor, version.name)
    tab = visit.query("tab") if visit.query("tab") in _TABS else "overview"
    manifest = await _manifest(visit, actor, version)
    values = {
        "area": "cabinet",
        "live": live,
        "team": actor.team,
        "model": model,
        "version": version,
        "home": path_to("models", actor.team, version.name),
        "page": path_to("models", actor.team, version.name, version.version),
        "tab": tab,
        "production": next((other.version for other in model.latest if other.stage == "Production"), version.version),
        "run": await _run(visit, actor, version),
        "manifest": manifest,
        "description": await _description(visit, manifest),
        "tree": None if manifest is None else file_tree(manifest.entries),
        "may_write": await visit.may_write(actor.team),
        "stages": STAGES,
        "snippets": load_snippets(visit.server, model, version, is_open=visit.account is None),
    }
    return Page("version/page.html", values)


async def look(visit: Visit) -> Answer:
    """A file, to be looked at beside the tree."""
    actor, version = await _version(visit)
    file = await _file(visit, actor, version)
    values = {
        "path": visit.query("path"),
        "file": file,
        "preview": await preview_of(visit.services.artifacts, file),
        "page": path_to("models", actor.team, version.name, version.version),
    }
    return Page("files/preview.html", values)


async def raw(visit: Visit) -> Answer:
    """The bytes of a file: pictures to be drawn, all else to be kept."""
    actor, version = await _version(visit)
    return await raw_answer(visit.request, visit.services.artifacts, await _file(visit, actor, version))


async def describe(visit: Visit) -> Answer:
    """Set the description."""
    name, number = visit.parameter("name"), visit.parameter("version")
    await visit.services.versions.describe(_actor(visit), name, number, visit.field("description") or None)
    return _back(visit)


async def set_tag(visit: Visit) -> Answer:
    """Set a tag of the version."""
    name, number = visit.parameter("name"), visit.parameter("version")
    key = visit.field("key").strip()
    await visit.services.versions.set_tag(_actor(visit), name, number, key, visit.field("value"))
    return _back(visit)


async def delete_tag(visit: Visit) -> Answer:
    """Take a tag off the version."""
    name, number = visit.parameter("name"), visit.parameter("version")
    await visit.services.versions.delete_tag(_actor(visit), name, number, visit.field("key"))
    return _back(visit)


def _actor(visit: Visit) -> Actor:
    return visit.actor(visit.parameter("team"))


async def _version(visit: Visit) -> tuple[Actor, ModelVersion]:
    actor = _actor(visit)
    return actor, await visit.services.versions.get(actor, visit.parameter("name"), _number(visit))


def _number(visit: Visit) -> str:
    number = visit.parameter("version")
    if not number.isdecimal():
        raise NotFound(f"There is no version '{number}': versions are numbers.")
    return number


async def _file(visit: Visit, actor: Actor, version: ModelVersion) -> ManifestEntry:
    owner = OfVersion(version.name, str(version.version))
    return await visit.services.artifacts.get_of(actor, owner, normalize_path(visit.query("path")))


async def _manifest(visit: Visit, actor: Actor, version: ModelVersion) -> Manifest | None:
    try:
        return await visit.services.manifests.of_version(actor, version.name, version.version)
    except InvalidState:  # its files are outside this server
        return None


async def _run(visit: Visit, actor: Actor, version: ModelVersion) -> Run | None:
    if version.run_id is None:
        return None
    try:
        return await visit.services.runs.get(actor, version.run_id)
    except NotFound:  # deleted for good, or of another server
        return None


async def _description(visit: Visit, manifest: Manifest | None) -> ModelDescription:
    return await visit.services.model_files.describe(() if manifest is None else manifest.entries)


async def _csv(visit: Visit, actor: Actor, version: ModelVersion) -> Answer:
    run, manifest = await _run(visit, actor, version), await _manifest(visit, actor, version)
    metrics, params = ([], {}) if run is None else (run.metrics, run.params)
    tables: dict[str, Table] = {
        "metrics": (("metric", "value", "step"), [(each.key, each.value, each.step) for each in metrics]),
        "params": (("parameter", "value"), sorted(params.items())),
        "files": file_table(() if manifest is None else manifest.entries),
        **described_tables(await _description(visit, manifest)),
    }
    return csv_choice(f"{version.name}-v{version.version}", visit.query("table"), tables)


def _back(visit: Visit) -> Redirect:
    return Redirect(path_to("models", visit.parameter("team"), visit.parameter("name"), visit.parameter("version")))


ENDPOINTS = (
    Endpoint("GET", _ONE, show),
    Endpoint("GET", f"{_ONE}/look", look),
    Endpoint("GET", f"{_ONE}/raw", raw),
    Endpoint("POST", f"{_ONE}/description", describe),
    Endpoint("POST", f"{_ONE}/tags", set_tag),
    Endpoint("POST", f"{_ONE}/tags/delete", delete_tag),
)
