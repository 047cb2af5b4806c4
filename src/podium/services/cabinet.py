"""The cabinet: every registered model of the viewer's teams, with what stands where, and how it came along."""

from collections.abc import Sequence

import msgspec

from podium.domain.access import Actor
from podium.domain.cabinet import Wanted
from podium.domain.filters import decode_cursor, encode_cursor
from podium.domain.key_metric import KEY_METRIC_TAG, key_metric
from podium.domain.registry import RegisteredModel
from podium.domain.stages import parse_stage
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.services.registry_changes import model_not_found
from podium.store import cabinet as rows
from podium.store import registry, registry_search
from podium.store.cabinet import Listed, Place
from podium.store.transaction import Tx

MAX_PAGE = 500
MAX_TREND = 500  # versions
_SCOPE = "cabinet"


class Trend(msgspec.Struct, frozen=True):
    """A metric over a model's newest versions, oldest first; None where a version has no value."""

    metric: str
    versions: list[int]
    values: list[float | None]

    @property
    def last(self) -> float | None:
        return self.values[-1] if self.values else None


class Exhibit(msgspec.Struct, frozen=True):
    """A model as the cabinet shows it."""

    team: str
    model: RegisteredModel
    version_count: int
    trend: Trend | None


class Shelf(msgspec.Struct, frozen=True):
    """A page of models, how many there are on all pages, and the token of the next one."""

    exhibits: list[Exhibit]
    count: int
    next_page_token: str | None


class Cabinet:
    """Looks over all teams that the actor belongs to."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def shelf(
        self, actor: Actor, wanted: Wanted, *, team: str = "", limit: int = 60, page_token: str = ""
    ) -> Shelf:
        """A page of models; of one team alone if it is named. Raises NotFound for a team that is not the actor's."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")
        if wanted.stage:
            wanted = msgspec.structs.replace(wanted, stage=parse_stage(wanted.stage))
        scope = f"{_SCOPE}/{team}/{msgspec.json.encode(wanted).decode()}"
        after = Place(*decode_cursor(page_token, scope)) if page_token else None  # type: ignore[arg-type]

        def work(tx: Tx) -> Shelf:
            keys = [one.id for one in self._context.readable_teams(tx, actor, team)]
            found = rows.list_models(tx, keys, wanted, after, limit + 1)
            shown = found[:limit]
            last = shown[-1] if len(found) > limit else None
            token = None if last is None else encode_cursor((last.id, last.name, last.updated_at), scope)
            return Shelf(_exhibits(tx, shown), rows.count_models(tx, keys, wanted), token)

        return await self._context.store.read(work)

    async def teams_with(self, actor: Actor, name: str) -> list[str]:
        """Those of the actor's teams that have a model of this name."""

        def work(tx: Tx) -> list[str]:
            keys = [one.id for one in self._context.readable_teams(tx, actor)]
            return rows.teams_with_model(tx, keys, name)

        return await self._context.store.read(work)

    async def exhibit(self, actor: Actor, name: str, metric: str = "") -> tuple[Exhibit, list[str]]:
        """One model of the actor's team, its trend over up to `MAX_TREND` versions, and what was measured.

        Without a `metric` the trend is that of the key metric. Raises NotFound.
        """

        def work(tx: Tx) -> tuple[Exhibit, list[str]]:
            team = self._context.team_id(tx, actor)
            key = registry.find_key(tx, team, name)
            if key is None:
                raise model_not_found(name)
            model = registry_search.select_models(tx, [key])[0]
            names = [point.key for point in rows.measured_newest(tx, [key])]
            chosen = key_metric(names, metric or model.tags.get(KEY_METRIC_TAG))
            trends = {} if chosen is None else _drawn(tx, {key: chosen}, MAX_TREND)
            count = rows.count_versions(tx, [key]).get(key, 0)
            return Exhibit(actor.team, model, count, trends.get(key)), names

        return await self._context.store.read(work)


def _exhibits(tx: Tx, listed: Sequence[Listed]) -> list[Exhibit]:
    keys = [item.id for item in listed]
    models = registry_search.select_models(tx, keys)
    counts = rows.count_versions(tx, keys)
    trends = _trends(tx, models)
    return [
        Exhibit(item.team, model, counts.get(item.id, 0), trends.get(item.id))
        for item, model in zip(listed, models, strict=True)
    ]


def _trends(tx: Tx, models: Sequence[RegisteredModel]) -> dict[int, Trend]:
    names: dict[int, list[str]] = {}
    for point in rows.measured_newest(tx, [model.id for model in models]):
        names.setdefault(point.model_id, []).append(point.key)
    chosen = {
        model.id: key
        for model in models
        if (key := key_metric(names.get(model.id, ()), model.tags.get(KEY_METRIC_TAG))) is not None
    }
    return _drawn(tx, chosen, rows.NEWEST)


def _drawn(tx: Tx, chosen: dict[int, str], newest: int) -> dict[int, Trend]:
    trends = {model: Trend(key, [], []) for model, key in chosen.items()}
    for point in rows.measured(tx, chosen, newest):
        trends[point.model_id].versions.append(point.version)
        trends[point.model_id].values.append(point.value)
    return trends
