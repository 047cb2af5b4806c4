"""Every endpoint of MLflow's protocol: each topic's module lists its own, and here they become one mount."""

from podium.asgi.router import Mount, Route
from podium.protocols.mlflow import (
    artifacts,
    assessments,
    datasets,
    errors,
    evaluation_datasets,
    experiments,
    legacy_traces,
    logged_models,
    metrics,
    model_versions,
    multipart,
    otlp,
    proxied_artifacts,
    registered_models,
    run_logging,
    run_search,
    runs,
    server_info,
    trace_files,
    traces,
    users,
    webhooks,
    workspaces,
)
from podium.protocols.mlflow.endpoint import Call, Stream, call_routes, stream_routes
from podium.protocols.mlflow.graph import endpoint as graph
from podium.services import Services

ENDPOINTS: tuple[Call | Stream, ...] = (
    *experiments.ENDPOINTS,
    *runs.ENDPOINTS,
    *run_search.ENDPOINTS,
    *run_logging.ENDPOINTS,
    *metrics.ENDPOINTS,
    *datasets.ENDPOINTS,
    *logged_models.ENDPOINTS,
    *registered_models.ENDPOINTS,
    *model_versions.ENDPOINTS,
    *artifacts.ENDPOINTS,
    *proxied_artifacts.ENDPOINTS,
    *multipart.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *server_info.ENDPOINTS,
    *workspaces.ENDPOINTS,
    *users.ENDPOINTS,
    *traces.ENDPOINTS,
    *legacy_traces.ENDPOINTS,
    *trace_files.ENDPOINTS,
    *otlp.ENDPOINTS,
    *assessments.ENDPOINTS,
    *evaluation_datasets.ENDPOINTS,
    *graph.ENDPOINTS,
)


# Below these every answer is in MLflow's form; its other paths stand among those of pages.
_PREFIXES = ("/api/", "/ajax-api/", "/v1/")


def mlflow_mount(services: Services) -> Mount:
    """MLflow's protocol over `services`; what it lacks is answered with ENDPOINT_NOT_FOUND."""
    routes: list[Route] = []
    for endpoint in ENDPOINTS:
        routes += call_routes(endpoint, services) if isinstance(endpoint, Call) else stream_routes(endpoint, services)
    return Mount(_PREFIXES, tuple(routes), errors.endpoint_not_found, errors.shape_error)
