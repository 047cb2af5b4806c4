"""What this server can do, asked by the client before it uploads large files or names a workspace."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.domain.access import Actor
from podium.protocols.mlflow.endpoint import Stream
from podium.services import Services

# `store_type` is for the client's telemetry; a true `multipart_downloads_enabled` would promise presigned URLs.
_INFO = {
    "store_type": "SqlStore",
    "workspaces_enabled": True,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": True,
    "multipart_downloads_enabled": False,
    "presigned_upload_run_id_supported": False,
    "presigned_upload_model_id_supported": False,
    "features_enabled": {"gateway": False},
}
_BODY = msgspec.json.encode(_INFO)


async def server_info(_services: Services, _actor: Actor, _request: Request) -> Response:
    """The same for everyone, without a look at the database."""
    return Response(_BODY, media_type="application/json")


ENDPOINTS = (
    Stream("GET", "mlflow/server-info", server_info, version="3.0"),
    Stream("GET", "mlflow/server-features", server_info),  # its name in builds from before 3.17
)
