"""Whatever the installed client can ask is in the schema, but for products that this server does not offer."""

from collections.abc import Iterable

import pytest
from graphql import GraphQLError, parse, validate
from tests.support.wandb_documents import core_documents, name_of, python_documents

from podium.asgi.graphql.limits import check_size
from podium.protocols.wandb.graph.execute import LIMITS, schema
from podium.protocols.wandb.graph.products import with_product

# Documents that are refused, by the product they are for. Launch: queues of jobs, and agents that run them.
LAUNCH = {
    "CreateDefaultResourceConfig",
    "CreateRunQueue",
    "DeleteFromRunQueue",
    "DeleteRunQueue",
    "GetDefaultResourceConfig",
    "GetRunQueueItem",
    "GetRunQueueItems",
    "GetRunQueueMetadata",
    "LaunchAgent",
    "ProjectRunQueues",
    "UpsertRunQueue",
    "ackRunQueueItem",
    "createLaunchAgent",
    "failRunQueueItem",
    "fetchRunQueuesFromProject",
    "popFromRunQueue",
    "pushToRunQueue",
    "pushToRunQueueByName",
    "updateLaunchAgent",
    "updateRunQueueItemWarning",
}
# Searches for parameters, whose server chooses the next ones.
SWEEPS = {
    "CreateAgent",
    "EnqueueSweepRun",
    "GetAgentRuns",
    "GetSweep",
    "GetSweepAgent",
    "GetSweepAgents",
    "GetSweepLegacy",
    "GetSweepState",
    "GetSweeps",
    "Heartbeat",
    "SweepConfig",
    "SweepRunsWithHistory",
    "SweepWatchedRuns",
    "SweepWithRuns",
    "UpsertSweep",
    "UpsertSweepState",
}
# Pages that people write about runs.
REPORTS = {"ProjectViews"}
OUT_OF_SCOPE = LAUNCH | SWEEPS | REPORTS


def _problem(document: str) -> str | None:
    parsed = parse(document)
    try:
        check_size(parsed, LIMITS)
    except GraphQLError as error:
        return error.message
    return next((error.message for error in validate(schema(), parsed)), None)


def _problems(documents: Iterable[str]) -> list[tuple[str, str | None]]:
    return [(name_of(document), _problem(document)) for document in documents]


@pytest.mark.parametrize(("documents", "least"), [(python_documents, 120), (core_documents, 40)])
def test_every_document_of_the_client_fits_the_schema(documents, least):
    answers = _problems(documents())
    assert len(answers) >= least
    assert [(name, problem) for name, problem in answers if problem and name not in OUT_OF_SCOPE] == []


def test_documents_for_products_that_are_not_offered_are_refused_by_the_name_of_the_product():
    problems = {name: problem for name, problem in _problems([*python_documents(), *core_documents()]) if problem}
    assert problems.keys() == OUT_OF_SCOPE
    told = {"launch and its queues": LAUNCH, "sweeps": SWEEPS, "reports": REPORTS}
    for product, names in told.items():
        for name in names:
            assert with_product(problems[name]).endswith(f". This server does not offer {product}."), name
