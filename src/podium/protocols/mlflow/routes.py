"""Every endpoint of MLflow's protocol: each topic's module lists its own, and here they become one mount."""

from podium.asgi.router import Mount, Route
from podium.protocols.mlflow import errors, experiments, model_versions, registered_models, webhooks
from podium.protocols.mlflow.endpoint import Call, Stream, call_routes, stream_routes
from podium.services import Services

ENDPOINTS: tuple[Call | Stream, ...] = (
    *experiments.ENDPOINTS,
    *registered_models.ENDPOINTS,
    *model_versions.ENDPOINTS,
    *webhooks.ENDPOINTS,
)


def mlflow_mount(services: Services) -> Mount:
    """MLflow's protocol over `services`; what it lacks is answered with ENDPOINT_NOT_FOUND."""
    routes: list[Route] = []
    for endpoint in ENDPOINTS:
        routes += call_routes(endpoint, services) if isinstance(endpoint, Call) else stream_routes(endpoint, services)
    return Mount(("/",), tuple(routes), errors.endpoint_not_found, errors.shape_error)
