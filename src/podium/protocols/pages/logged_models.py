"""Logged models: what MLflow's client logs of a model, registered or not; all of them, and one with its files."""

from podium.domain.access import Actor
from podium.domain.manifests import ManifestEntry
from podium.domain.model_descriptions import DESCRIBING_FILES, ModelDescription
from podium.errors import InvalidArgument, NotFound
from podium.protocols.pages.csv_files import Row, Table, csv_choice, csv_stream, pages
from podium.protocols.pages.described import described_tables
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.run_files import download_file, files_of
from podium.protocols.pages.snippets import logged_model_snippets
from podium.protocols.pages.visit import Page, Visit, path_to
from podium.services.file_owners import OfLoggedModel
from podium.services.logged_model_shelf import ModelsFound, ModelShown

PAGE, CSV_PAGE = 60, 500
_MAX_KEY = 2**62
_ONE = "/logged-models/{model_id}"
_PARTS = ("overview", "files", "lineage")


async def models(visit: Visit) -> Answer:
    """The list, the part of it that a search finds, or the same as CSV."""
    if visit.query("format") == "csv":
        return await _csv(visit)
    values = {"area": "artifacts", "found": await _found(visit), "teams": await visit.teams()}
    values["is_filtered"] = any(visit.query(name) for name in ("q", "team"))
    return Page("logged_models/found.html" if visit.is_partial else "logged_models/page.html", values)


async def more(visit: Visit) -> Page:
    """The rows that follow those shown."""
    return Page("logged_models/rows.html", {"found": await _found(visit)})


async def show(visit: Visit) -> Answer:
    """One of them, the part that the address names; with `format=csv`, one of its tables."""
    shown, actor = await _shown(visit)
    if visit.query("format") == "csv":
        return await _table(visit, shown, actor)
    part = visit.query("part") if visit.query("part") in _PARTS else "overview"
    home = path_to("logged-models", shown.model.model_id)
    values = {"area": "artifacts", "shown": shown, "model": shown.model, "place": shown.place, "part": part}
    values |= {"home": home, "snippets": logged_model_snippets(visit.server, shown.model.model_id)}
    if part == "files":
        owner, location = OfLoggedModel(shown.model.model_id), shown.model.artifact_location
        values |= {"folder": visit.query("path"), "listing": await files_of(visit, actor, owner, location)}
    elif part == "overview":
        values["description"] = await _description(visit, actor, shown)
    return Page("logged_models/model.html", values)


async def file(visit: Visit) -> Answer:
    """A file of one."""
    shown, actor = await _shown(visit)
    return await download_file(visit, actor, OfLoggedModel(shown.model.model_id))


async def _shown(visit: Visit) -> tuple[ModelShown, Actor]:
    shown = await visit.services.logged_model_shelf.model(visit.actor(), visit.parameter("model_id"))
    return shown, visit.actor(shown.place.team)


async def _found(visit: Visit) -> ModelsFound:
    return await _page(visit, visit.number("before", 0, 0, _MAX_KEY) or None, PAGE)


async def _page(visit: Visit, before: int | None, limit: int) -> ModelsFound:
    shelf = visit.services.logged_model_shelf
    return await shelf.find(visit.actor(), visit.query("q"), team=visit.query("team"), before=before, limit=limit)


async def _description(visit: Visit, actor: Actor, shown: ModelShown) -> ModelDescription:
    files: list[ManifestEntry] = []
    for name in DESCRIBING_FILES:
        try:
            found = await visit.services.artifacts.get_of(actor, OfLoggedModel(shown.model.model_id), name)
        except (NotFound, InvalidArgument):  # it has no such file, or all of them are outside this server
            continue
        files.append(ManifestEntry(name, found.digest, found.size_bytes))
    return await visit.services.model_files.describe(files)


async def _table(visit: Visit, shown: ModelShown, actor: Actor) -> Answer:
    points = [each.point for each in shown.model.metrics]
    tables: dict[str, Table] = {
        "metrics": (("metric", "value", "step", "dataset"), [(p.key, p.value, p.step, p.dataset_name) for p in points]),
        "params": (("parameter", "value"), sorted(shown.model.params.items())),
        **described_tables(await _description(visit, actor, shown)),
    }
    return csv_choice(shown.model.name, visit.query("table"), tables)


async def _csv(visit: Visit) -> Answer:
    async def page(before: int | None) -> tuple[list[Row], int | None]:
        found = await _page(visit, before, CSV_PAGE)
        rows: list[Row] = [
            (
                each.model_id,
                each.name,
                each.model_type,
                each.status,
                each.team,
                each.project,
                each.run_name,
                " ".join(f"{one.name}/{one.version}" for one in found.registered.get(each.model_id, ())),
                each.created_at,
            )
            for each in found.models
        ]
        return rows, found.before

    head = ("model_id", "name", "type", "status", "team", "project", "run", "registered_as", "created_ms")
    return await csv_stream("logged-models", head, pages(page))


ENDPOINTS = (
    Endpoint("GET", "/logged-models", models),
    Endpoint("GET", "/logged-models/more", more),
    Endpoint("GET", _ONE, show),
    Endpoint("GET", f"{_ONE}/files/{{path:path}}", file),
)
