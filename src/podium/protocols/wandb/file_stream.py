"""`POST /files/{entity}/{project}/{run}/file_stream`: what a running process sends, in order, until it is taken."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.bodies import read_body
from podium.asgi.headers import header
from podium.domain.names import check_label
from podium.domain.run_streams import Chunk, Intake
from podium.errors import InvalidArgument
from podium.protocols.wandb.endpoint import Endpoint
from podium.protocols.wandb.graph.caller import Caller
from podium.services import Services

_CONTINUE, _STOP = b'{"stopped":false}', b'{"stopped":true}'


class _Lines(msgspec.Struct):
    content: list[str]
    offset: int = 0


class _Sent(msgspec.Struct):
    """A file's lines under its name; nothing at all is a heartbeat."""

    files: dict[str, _Lines] | None = None
    preempting: bool | None = None
    complete: bool | None = None
    exitcode: int | None = None


_WRITER = "x-wandb-async-client-id"
_MAX_WRITER = 256  # clients' own names have 32 characters
_decoder = msgspec.json.Decoder(_Sent)


async def post(services: Services, request: Request) -> Response:
    path = request.path_params
    actor = Caller.of(services, request).actor(path["entity"])
    body = await read_body(request)
    try:
        sent = _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidArgument(f"The request's body is none of a file stream: {error}") from error
    writer = header(request.scope, _WRITER.encode())
    check_label(_WRITER, writer, _MAX_WRITER)
    stop = await services.run_streams.take(actor, path["project"], path["run"], _intake(sent, writer))
    return Response(_STOP if stop else _CONTINUE, media_type="application/json")


def _intake(sent: _Sent, writer: str) -> Intake:
    files = sent.files or {}
    summary = files.get("wandb-summary.json")
    return Intake(
        history=_chunk(files.get("wandb-history.jsonl")),
        events=_chunk(files.get("wandb-events.jsonl")),
        console=_chunk(files.get("output.log")),
        summary=summary.content[-1] if summary and summary.content else None,
        preempting=bool(sent.preempting),
        complete=bool(sent.complete),
        exit_code=sent.exitcode or 0,
        writer=writer,
    )


def _chunk(lines: _Lines | None) -> Chunk | None:
    return Chunk(lines.offset, lines.content) if lines and lines.content else None


ENDPOINTS = (Endpoint("POST", "/files/{entity}/{project}/{run}/file_stream", post),)
