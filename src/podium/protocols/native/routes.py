"""Every endpoint of the native API: each resource's module lists its own, and here they become one mount."""

from podium.asgi.router import Mount
from podium.protocols.native import (
    artifacts,
    comments,
    events,
    files,
    keys,
    lineage,
    models,
    organizations,
    projects,
    promotion,
    runs,
    status,
    teams,
    users,
    versions,
    watching,
)
from podium.protocols.native.api import Api
from podium.protocols.native.docs import docs_routes
from podium.protocols.native.endpoint import PREFIX, Topic, route_of
from podium.protocols.native.errors import endpoint_not_found, shape_error

TOPICS: tuple[Topic, ...] = (
    models.TOPIC,
    versions.TOPIC,
    promotion.TOPIC,
    files.TOPIC,
    projects.TOPIC,
    artifacts.TOPIC,
    runs.TOPIC,
    lineage.TOPIC,
    comments.TOPIC,
    watching.TOPIC,
    teams.TOPIC,
    organizations.TOPIC,
    users.TOPIC,
    keys.TOPIC,
    events.TOPIC,
    status.TOPIC,
)


def native_mount(api: Api) -> Mount:
    """The native API over the services of `api`; what it lacks is answered with a problem of its own."""
    routes = [route_of(endpoint, api) for topic in TOPICS for endpoint in topic.endpoints]
    return Mount((f"{PREFIX}/",), (*docs_routes(TOPICS), *routes), endpoint_not_found, shape_error)
