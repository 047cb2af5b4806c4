"""What this server can do."""

from typing import Any

from graphql import GraphQLResolveInfo

FEATURES: tuple[str, ...] = (
    "STRUCTURED_CONSOLE_LOGS",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "ARTIFACT_TAGS",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "ARTIFACT_REGISTRY_SEARCH",
    "CLIENT_IDS",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "LARGE_FILENAMES",
    "MARK_RUN_FILES_UPLOADED",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
)

# By the newest version that a server knows, the client tells what that server understands, as files of media within
# artifacts. A newer client than this one is spoken to as well.
CLIENT_VERSIONS = {"min_cli_version": "0.13.0", "max_cli_version": "0.31.0"}


def _server_info(_: Any, __: GraphQLResolveInfo) -> dict[str, Any]:
    return {"features": [{"name": name, "is_enabled": True} for name in FEATURES], "cli_version_info": CLIENT_VERSIONS}


RESOLVERS = {("Query", "serverInfo"): _server_info}
