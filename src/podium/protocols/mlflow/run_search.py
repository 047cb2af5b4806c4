"""Searching runs."""

import msgspec

from podium.domain.access import Actor
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.grammar import RUNS, parse_filter, parse_order
from podium.protocols.mlflow.run_shapes import RunMessage, encoded_run, run_of
from podium.protocols.mlflow.views import ViewName, view_of
from podium.services import Services
from podium.services.searching import Search


class SearchRuns(msgspec.Struct):
    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: ViewName | int = "ACTIVE_ONLY"
    max_results: int = 1000
    order_by: list[str] = []
    page_token: str = ""


class FoundRuns(msgspec.Struct, omit_defaults=True):
    runs: list[RunMessage] = []
    next_page_token: str | None = None


class EncodedRuns(msgspec.Struct, omit_defaults=True):
    """`FoundRuns`, its runs in JSON already."""

    runs: list[msgspec.Raw] = []
    next_page_token: str | None = None


async def search(services: Services, actor: Actor, request: SearchRuns) -> FoundRuns:
    view = view_of(request.run_view_type)
    found = await services.run_search.search(actor, request.experiment_ids, _asked(request), view)
    return FoundRuns([run_of(run) for run in found.items], found.next_page_token)


async def search_encoded(services: Services, actor: Actor, request: SearchRuns) -> EncodedRuns:
    view = view_of(request.run_view_type)
    found = await services.run_search.search_forms(actor, request.experiment_ids, _asked(request), view, encoded_run)
    return EncodedRuns([msgspec.Raw(form) for form in found.items], found.next_page_token)


def _asked(request: SearchRuns) -> Search:
    return Search(
        condition=parse_filter(request.filter, RUNS),
        order=parse_order(request.order_by, RUNS),
        limit=request.max_results,
        page_token=request.page_token or None,
    )


ENDPOINTS = (Call("POST", "runs/search", SearchRuns, search_encoded),)
