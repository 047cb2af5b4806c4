"""Files of runs: where to put them, which there are, and where they are read."""

import base64
import binascii
from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.downloads import content_type
from podium.asgi.graphql.engine import Resolvers
from podium.domain.run_files import RunFile
from podium.errors import InvalidArgument
from podium.protocols.wandb.files import read_url, upload_url
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.file_shapes import shape_file
from podium.protocols.wandb.graph.ids import global_id, key_of
from podium.services.run_files import FilePage

_PAGE = 50


async def _create_run_files(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    actor = caller.actor(input["entity_name"])
    run_files = caller.services.run_files
    uploads = await run_files.create_uploads(actor, input["project_name"], input["run_name"], input["files"])
    return {
        "run_id": global_id("Run", uploads.run),
        "upload_headers": [],
        "files": [
            {**shape_file(_file_id(uploads.run, name), name), "upload_url": upload_url(caller, token, name)}
            for name, token in uploads.tokens
        ],
    }


async def _mark_uploaded(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    """A file is there once its upload was answered, so there is nothing to note."""
    caller: Caller = info.context
    actor = caller.actor(input["entity_name"])
    run = await caller.services.tracked_runs.find(actor, input["project_name"], input["run_name"])
    return {"success": run is not None}


async def _delete_files(_: Any, info: GraphQLResolveInfo, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    caller: Caller = info.context
    await caller.services.run_files.delete(caller.actor(), [_read_id(given) for given in input["files"]])
    return {"success": True}


async def _file_count(run: dict[str, Any], info: GraphQLResolveInfo) -> int:
    return (await _page(run, info, limit=1)).count


async def _files(
    run: dict[str, Any],
    info: GraphQLResolveInfo,
    names: list[str | None] | None = None,
    pattern: str | None = None,
    first: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    wanted = [name.removeprefix("./") for name in names or () if name]  # saved as `./a`, it is asked for so
    page = await _page(run, info, names=wanted, pattern=pattern, limit=first or _PAGE, after=after or "")
    edges = [
        {"node": await _shape(info.context, run["tracked"].run.info.id, row), "cursor": row.file.path}
        for row in page.files
    ]
    end = edges[-1]["cursor"] if edges else None
    return {
        "edges": edges,
        "page_info": {"end_cursor": end, "has_next_page": page.more},
        "total_count": page.count,
    }


async def _page(run: dict[str, Any], info: GraphQLResolveInfo, **asked: Any) -> FilePage:
    caller: Caller = info.context
    actor = caller.actor(run["project"]["entity_name"])
    return await caller.services.run_files.list_files(actor, run["project"]["name"], run["name"], **asked)


async def _shape(caller: Caller, run: int, row: RunFile) -> dict[str, Any]:
    file = row.file
    url = await read_url(caller, file)
    return {
        **shape_file(_file_id(run, file.path), file.path, file.size_bytes, url),
        "mimetype": content_type(file.path),
        "updated_at": row.updated_at,
    }


def _file_id(run: int, path: str) -> str:
    return base64.b64encode(f"{global_id('Run', run)}/{path}".encode()).decode()


def _read_id(given: str) -> tuple[int, str]:
    """The run's key and the file's path."""
    try:
        run, _, path = base64.b64decode(given, validate=True).decode().partition("/")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidArgument(f"'{given[:100]}' is no id of a run's file.") from None
    return key_of("Run", run), path


RESOLVERS: Resolvers = {
    ("Mutation", "createRunFiles"): _create_run_files,
    ("Mutation", "markRunFilesUploaded"): _mark_uploaded,
    ("Mutation", "deleteFiles"): _delete_files,
    ("Run", "fileCount"): _file_count,
    ("Run", "files"): _files,
}
