"""Who is signed in, and what this server can do."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.domain.access import DEFAULT_TEAM
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id

FEATURES: tuple[str, ...] = (
    "STRUCTURED_CONSOLE_LOGS",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "ARTIFACT_TAGS",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "CLIENT_IDS",
    "LARGE_FILENAMES",
    "MARK_RUN_FILES_UPLOADED",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
)


def _viewer(_: Any, info: GraphQLResolveInfo) -> dict[str, Any]:
    caller: Caller = info.context
    return {
        "id": global_id("User", 1),
        "name": caller.user,
        "username": caller.user,
        "email": "",
        "admin": True,
        "entity": DEFAULT_TEAM,
        "flags": "{}",
        "teams": {"edges": [{"node": {"name": DEFAULT_TEAM}}]},
    }


def _server_info(_: Any, __: GraphQLResolveInfo) -> dict[str, Any]:
    return {"features": [{"name": name, "is_enabled": True} for name in FEATURES], "cli_version_info": {}}


RESOLVERS = {("Query", "viewer"): _viewer, ("Query", "serverInfo"): _server_info}
