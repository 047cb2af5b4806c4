"""Uploads of large files in parts, which the client offers from 2 GiB on by naming the MD5s of the parts.

Each part is PUT to a URL of its own, without credentials, and answered with an ETag; the client hands these back in the
place of MD5s (core/pkg/artifacts/saver.go).
"""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import key_of

Input = dict[str, Any]


async def part_targets(caller: Caller, token: str | None, parts: list[Input] | None) -> dict[str, Any] | None:
    """Where to put the parts of a file; None where it had better come whole, or nothing need be sent."""
    if token is None or not parts or not caller.services.artifact_parts.pays(len(parts)):
        return None
    targets = await caller.services.artifact_parts.open(token, _numbered(parts))
    urls = targets.urls or [f"{caller.base_url}/artifacts/parts/{each}" for each in targets.tokens]
    return {
        "upload_id": targets.token,
        "upload_url_parts": [{"part_number": number, "upload_url": url} for number, url in enumerate(urls, 1)],
    }


async def _complete(_: Any, info: GraphQLResolveInfo, input: Input) -> dict[str, Any]:  # noqa: A002  the schema's name
    caller: Caller = info.context
    parts = [(number, etag.strip('"')) for number, etag in _numbered(input["completed_parts"])]
    version = key_of("Artifact", input["artifact_id"])
    await caller.services.artifact_parts.complete(caller.actor(), version, input["upload_id"], parts)
    return {"digest": None}


def _numbered(parts: list[Input]) -> list[tuple[int, str]]:
    return [(part["part_number"], part["hex_md5"]) for part in parts]


RESOLVERS: Resolvers = {("Mutation", "completeMultipartUploadArtifact"): _complete}
