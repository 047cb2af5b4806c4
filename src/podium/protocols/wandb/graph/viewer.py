"""Who is signed in, and what this server can do."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.domain.access import DEFAULT_TEAM
from podium.protocols.wandb.graph.caller import Caller
from podium.protocols.wandb.graph.ids import global_id

FEATURES: tuple[str, ...] = ("STRUCTURED_CONSOLE_LOGS", "MARK_RUN_FILES_UPLOADED", "TOTAL_COUNT_IN_FILE_CONNECTION")


# By the newest version that a server knows, the client tells what that server understands, as files of media within
# artifacts. A newer client than this one is spoken to as well.
CLIENT_VERSIONS = {"min_cli_version": "0.13.0", "max_cli_version": "0.31.0"}


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
    return {"features": [{"name": name, "is_enabled": True} for name in FEATURES], "cli_version_info": CLIENT_VERSIONS}


RESOLVERS = {("Query", "viewer"): _viewer, ("Query", "serverInfo"): _server_info}
