"""A registered model: its versions, where they stand, how they measured, and how to load one."""

from urllib.parse import urlencode

from podium.domain.access import Actor
from podium.domain.filters import Comparison, Field, FieldKind, Operator, Order
from podium.domain.registry import ModelVersion
from podium.domain.stages import ACTIVE_STAGES, STAGES
from podium.errors import NotFound
from podium.protocols.pages.csv_files import Row, csv_stream, pages
from podium.protocols.pages.endpoint import Answer, Endpoint
from podium.protocols.pages.live import followed
from podium.protocols.pages.snippets import load_snippets
from podium.protocols.pages.visit import Page, Redirect, Visit, path_to
from podium.services.cabinet import Trend
from podium.services.searching import Found, Search

PAGE = 50
CSV_PAGE = 500
_ONE = "/models/{team}/{name}"
_NEWEST = Order(Field(FieldKind.ATTRIBUTE, "version"), ascending=False)


async def show(visit: Visit) -> Answer:
    """The page; with `format=csv`, its versions as a file."""
    team, name = visit.parameter("team"), visit.parameter("name")
    if visit.query("format") == "csv":
        return await _csv(visit, team, name)
    live = await followed(visit, visit.actor(team), "model", name)
    exhibit, metrics = await visit.services.cabinet.exhibit(visit.actor(team), name, visit.query("metric"))
    values = {
        "area": "cabinet",
        "live": live,
        "team": team,
        "exhibit": exhibit,
        "model": exhibit.model,
        "metrics": metrics,
        "found": await _versions(visit, PAGE, visit.query("after")),
        "values_of": _values(exhibit.trend),
        "metric_name": exhibit.trend.metric if exhibit.trend else "Metric",
        "home": path_to("models", team, name),
        "may_write": await visit.may_write(team),
        "stages": STAGES,
        "snippets": load_snippets(visit.server, exhibit.model, is_open=visit.account is None),
    }
    return Page("model/page.html", values)


async def without_team(visit: Visit, name: str) -> Redirect:
    """From `/models/<name>` to the model, or to those of this name where several teams have one. Raises NotFound."""
    teams = await visit.services.cabinet.teams_with(visit.actor(), name)
    if not teams:
        raise NotFound(f"None of your teams has a model '{name}'.")
    return Redirect(path_to("models", teams[0], name) if len(teams) == 1 else f"/?{urlencode({'q': name})}")


async def more(visit: Visit) -> Page:
    """The versions that follow those shown."""
    team, name = visit.parameter("team"), visit.parameter("name")
    exhibit, _ = await visit.services.cabinet.exhibit(visit.actor(team), name, visit.query("metric"))
    values = {
        "team": team,
        "found": await _versions(visit, PAGE, visit.query("after")),
        "values_of": _values(exhibit.trend),
        "metric_name": exhibit.trend.metric if exhibit.trend else "Metric",
        "home": path_to("models", team, name),
        "may_write": await visit.may_write(team),
        "stages": STAGES,
    }
    return Page("model/rows.html", values)


async def describe(visit: Visit) -> Answer:
    """Set the description."""
    await visit.services.registry.describe(_actor(visit), visit.parameter("name"), visit.field("description") or None)
    return _back(visit)


async def set_tag(visit: Visit) -> Answer:
    """Set a tag of the model."""
    name, key = visit.parameter("name"), visit.field("key").strip()
    await visit.services.registry.set_tag(_actor(visit), name, key, visit.field("value"))
    return _back(visit)


async def delete_tag(visit: Visit) -> Answer:
    """Take a tag off the model."""
    await visit.services.registry.delete_tag(_actor(visit), visit.parameter("name"), visit.field("key"))
    return _back(visit)


async def set_alias(visit: Visit) -> Answer:
    """Point an alias to a version; the page said where it pointed, and is told when that has changed."""
    alias = visit.field("alias").strip().removeprefix("@")
    await visit.services.promotion.set_alias(
        _actor(visit), visit.parameter("name"), alias, visit.field("version"), **_expected_version(visit)
    )
    return _back(visit)


async def delete_alias(visit: Visit) -> Answer:
    """Take an alias off."""
    await visit.services.promotion.delete_alias(
        _actor(visit), visit.parameter("name"), visit.field("alias"), **_expected_version(visit)
    )
    return _back(visit)


async def set_stage(visit: Visit) -> Answer:
    """Move a version to a stage, archiving what stands there if asked to."""
    stage = visit.field("stage")
    await visit.services.promotion.transition_stage(
        _actor(visit),
        visit.parameter("name"),
        visit.parameter("version"),
        stage,
        archive_existing=visit.field("archive") == "yes" and stage in ACTIVE_STAGES,
        expected_stage=visit.field("expected") or None,
    )
    return _back(visit)


async def _versions(visit: Visit, limit: int, after: str) -> Found[ModelVersion]:
    of_model = Comparison(Field(FieldKind.ATTRIBUTE, "name"), Operator.EQ, visit.parameter("name"))
    search = Search(of_model, (_NEWEST,), limit, after or None)
    return await visit.services.versions.search(visit.actor(visit.parameter("team")), search)


async def _csv(visit: Visit, team: str, name: str) -> Answer:
    exhibit, _ = await visit.services.cabinet.exhibit(visit.actor(team), name, visit.query("metric"))
    metric = exhibit.trend.metric if exhibit.trend else "metric"
    values = _values(exhibit.trend)

    async def page(after: str | None) -> tuple[list[Row], str | None]:
        found = await _versions(visit, CSV_PAGE, after or "")
        return [_row(version, values.get(version.version)) for version in found.items], found.next_page_token

    head = ("version", "stage", "aliases", metric, "user", "run", "created_ms", "description")
    return await csv_stream(name, head, pages(page))


def _row(version: ModelVersion, value: float | None) -> Row:
    return (
        version.version,
        version.stage,
        " ".join(version.aliases),
        value,
        version.user_id,
        version.run_id,
        version.created_at,
        version.description,
    )


def _values(trend: Trend | None) -> dict[int, float | None]:
    return {} if trend is None else dict(zip(trend.versions, trend.values, strict=True))


def _actor(visit: Visit) -> Actor:
    return visit.actor(visit.parameter("team"))


def _expected_version(visit: Visit) -> dict[str, int | None]:
    expected = visit.field("expected")
    if expected == "none":
        return {"expected_version": None}
    return {"expected_version": int(expected)} if expected.isdecimal() else {}


def _back(visit: Visit) -> Redirect:
    """To the page that the change was made on."""
    home = path_to("models", visit.parameter("team"), visit.parameter("name"))
    version = visit.field("back_to")
    return Redirect(f"{home}/{version}" if version.isdecimal() else home)


ENDPOINTS = (
    Endpoint("GET", _ONE, show),
    Endpoint("GET", f"{_ONE}/more", more),
    Endpoint("POST", f"{_ONE}/description", describe),
    Endpoint("POST", f"{_ONE}/tags", set_tag),
    Endpoint("POST", f"{_ONE}/tags/delete", delete_tag),
    Endpoint("POST", f"{_ONE}/aliases", set_alias),
    Endpoint("POST", f"{_ONE}/aliases/delete", delete_alias),
    Endpoint("POST", f"{_ONE}/{{version}}/stage", set_stage),
)
