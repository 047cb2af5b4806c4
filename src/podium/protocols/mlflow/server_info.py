"""What this server can do, asked by the client before it uploads large files or names a workspace."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.domain.access import Actor
from podium.protocols.mlflow.endpoint import Stream
from podium.services import Services

# `store_type` is for the client's telemetry. What goes past the server in parts may come back so, too; through the
# server it would only be more requests.
_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": True,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": True,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "features_enabled": {"gateway": False},
}
_BODIES = {direct: msgspec.json.encode({**_INFO, "multipart_downloads_enabled": direct}) for direct in (False, True)}


async def server_info(services: Services, _actor: Actor, _request: Request) -> Response:
    """The same for everyone, without a look at the database."""
    return Response(_BODIES[services.artifacts.direct], media_type="application/json")


ENDPOINTS = (
    Stream("GET", "mlflow/server-info", server_info, version="3.0"),
    Stream("GET", "mlflow/server-features", server_info),  # its name in builds from before 3.17
)
