"""What this server can do."""

from typing import Any

from graphql import GraphQLResolveInfo

FEATURES: tuple[str, ...] = ("STRUCTURED_CONSOLE_LOGS",)


def _server_info(_: Any, __: GraphQLResolveInfo) -> dict[str, Any]:
    return {"features": [{"name": name, "is_enabled": True} for name in FEATURES], "cli_version_info": {}}


RESOLVERS = {("Query", "serverInfo"): _server_info}
