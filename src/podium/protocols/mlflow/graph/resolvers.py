"""What each field of the schema gives. A root field is answered by the handler of the REST endpoint of its name;
fields within read what that returned. The two parts that a run does not carry, its experiment and its model versions,
are read once for all runs of an answer.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import msgspec
from graphql import GraphQLResolveInfo

from podium.domain.access import Actor
from podium.domain.filters import And, Comparison, Field, FieldKind, Operator
from podium.errors import NotFound
from podium.protocols.mlflow import artifacts, datasets, experiments, metrics, model_versions, run_search, runs, wire
from podium.protocols.mlflow.experiments import Experiment, experiment_of
from podium.protocols.mlflow.registry_shapes import Version, version_of
from podium.protocols.mlflow.run_shapes import RunMessage
from podium.services import Services
from podium.services.searching import Search

_MAX_VERSIONS = 10_000
# What pages get for a field that is not set; null for all other types.
_UNSET: dict[str, str | int | bool] = {"String": "", "LongString": 0, "Boolean": False}
_RUN_ID = Field(FieldKind.ATTRIBUTE, "run_id")

Handler = Callable[[Services, Actor, Any], Awaitable[Any]]


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the context of a query."""

    services: Services
    actor: Actor


class RunAmong:
    """A run of an answer, and with it the others, so that what all of them lack is read in one go."""

    def __init__(self, message: RunMessage, parts: "_Parts") -> None:
        self.info, self.data = message.info, message.data
        self.inputs, self.outputs = message.inputs, message.outputs
        self.parts = parts


class _Parts:
    def __init__(self, caller: Caller, messages: list[RunMessage]) -> None:
        self._caller = caller
        self._messages = messages
        self._versions: asyncio.Task[dict[str, list[Version]]] | None = None
        self._experiments: dict[str, asyncio.Task[Experiment | None]] = {}

    async def versions(self, run_id: str) -> list[Version]:
        if self._versions is None:
            self._versions = asyncio.create_task(self._load_versions())
        return (await self._versions).get(run_id, [])

    async def experiment(self, experiment_id: str) -> Experiment | None:
        if experiment_id not in self._experiments:
            self._experiments[experiment_id] = asyncio.create_task(self._load_experiment(experiment_id))
        return await self._experiments[experiment_id]

    async def _load_versions(self) -> dict[str, list[Version]]:
        run_ids = tuple(message.info.run_id for message in self._messages)
        wanted = Search(And((Comparison(_RUN_ID, Operator.IN, run_ids),)), limit=_MAX_VERSIONS)
        found = await self._caller.services.versions.search(self._caller.actor, wanted, prompts=False)
        by_run: dict[str, list[Version]] = {}
        for version in found.items:
            by_run.setdefault(version.run_id or "", []).append(version_of(version))
        return by_run

    async def _load_experiment(self, experiment_id: str) -> Experiment | None:
        try:
            project = await self._caller.services.projects.get(self._caller.actor, experiment_id)
            return experiment_of(project, self._caller.actor.team)
        except NotFound:  # deleted for good since the run was read
            return None


def _root(kind: type[msgspec.Struct], handler: Handler) -> Callable[..., Awaitable[Any]]:
    async def resolve(_: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        caller: Caller = info.context
        return await handler(caller.services, caller.actor, wire.decode_fields(arguments.get("input") or {}, kind))

    return resolve


async def _get_run(services: Services, actor: Actor, request: runs.OfRun) -> dict[str, RunAmong]:
    message = (await runs.get(services, actor, request)).run
    return {"run": RunAmong(message, _Parts(Caller(services, actor), [message]))}


async def _search_runs(services: Services, actor: Actor, request: run_search.SearchRuns) -> dict[str, Any]:
    found = await run_search.search(services, actor, request)
    parts = _Parts(Caller(services, actor), found.runs)
    return {"runs": [RunAmong(message, parts) for message in found.runs], "next_page_token": found.next_page_token}


def _test(_: Any, __: GraphQLResolveInfo, input_string: str | None = None) -> dict[str, str | None]:
    return {"output": input_string}


async def _run_experiment(run: RunAmong, _: GraphQLResolveInfo) -> Experiment | None:
    return await run.parts.experiment(run.info.experiment_id)


async def _run_versions(run: RunAmong, _: GraphQLResolveInfo) -> list[Version]:
    return await run.parts.versions(run.info.run_id)


def _finite(source: Any, _: GraphQLResolveInfo) -> float | None:
    """A metric's value; MLflow's JSON has NaN and the infinities as text."""
    value = source.value
    return None if isinstance(value, str) else value


_SEARCH_RUNS = _root(run_search.SearchRuns, _search_runs)

RESOLVERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("Query", "mlflowGetExperiment"): _root(experiments.ExperimentId, experiments.get),
    ("Query", "mlflowGetMetricHistoryBulkInterval"): _root(metrics.GetHistoryInterval, metrics.get_history_interval),
    ("Query", "mlflowGetRun"): _root(runs.OfRun, _get_run),
    ("Query", "mlflowListArtifacts"): _root(artifacts.ListArtifacts, artifacts.list_artifacts),
    ("Query", "mlflowSearchModelVersions"): _root(model_versions.SearchVersions, model_versions.search),
    ("Query", "mlflowSearchRuns"): _SEARCH_RUNS,
    ("Query", "test"): _test,
    ("Mutation", "mlflowSearchDatasets"): _root(datasets.SearchDatasets, datasets.search),
    ("Mutation", "mlflowSearchRuns"): _SEARCH_RUNS,
    ("Mutation", "testMutation"): _test,
    ("MlflowRunExtension", "experiment"): _run_experiment,
    ("MlflowRunExtension", "modelVersions"): _run_versions,
    ("MlflowMetricExtension", "value"): _finite,
    ("MlflowMetricWithRunId", "value"): _finite,
    ("MlflowModelMetric", "value"): _finite,
}


def read_field(source: Any, info: GraphQLResolveInfo) -> Any:
    """The part of a message that a field names; what the message does not have is as protobuf has it then."""
    name = snake_case(info.field_name)
    value = source.get(name) if isinstance(source, dict) else getattr(source, name, None)
    return _UNSET.get(str(info.return_type)) if value is None else value


@lru_cache(maxsize=1024)
def snake_case(name: str) -> str:
    """Protobuf's name of a field."""
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
