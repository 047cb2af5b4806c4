"""The files of a trace, as MLflow's pages fetch them: its spans as `traces.json`, and attachments."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.downloads import download
from podium.domain.access import Actor
from podium.domain.locations import proxied_path
from podium.domain.traces import ARTIFACT_LOCATION_TAG
from podium.errors import InvalidArgument, NotFound
from podium.protocols.mlflow.endpoint import PAGES_ONLY, Stream
from podium.protocols.mlflow.paths import file_path
from podium.protocols.mlflow.span_shapes import stored_span
from podium.protocols.mlflow.traces import V3
from podium.services import Services

SPANS_FILE = "traces.json"


async def get_trace_artifact(services: Services, actor: Actor, request: Request) -> Response:
    trace_id = request.query_params.get("request_id")
    if not trace_id:
        raise InvalidArgument('Request must include the "request_id" query parameter.')
    path = request.query_params.get("path")
    found = await services.traces.get_whole(actor, trace_id, partial=True)
    if found.spans and not path:
        spans = msgspec.json.encode({"spans": [stored_span(span) for span in found.spans]})
        disposition = {"content-disposition": f"attachment; filename={SPANS_FILE}"}
        return Response(spans, media_type="application/octet-stream", headers=disposition)
    # Clients before 3.4 put the spans into a file; every client does so with attachments.
    folder = proxied_path(found.trace.tags.get(ARTIFACT_LOCATION_TAG, ""))
    if folder is None:
        raise NotFound(f"The files of trace '{trace_id}' are outside this server.")
    inner = f"attachments/{file_path(path)}" if path else SPANS_FILE
    file = await services.artifacts.get(actor, f"{folder}/{inner}")
    return await download(request, file, lambda start, end: services.artifacts.read(file, start, end))


ENDPOINTS = tuple(
    Stream("GET", "mlflow/get-trace-artifact", get_trace_artifact, version, PAGES_ONLY) for version in ("2.0", V3)
)
