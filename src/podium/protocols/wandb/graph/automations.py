"""Automations, which are not offered: there are none, and none can be made. Scripts that list them find nothing."""

from typing import Any

from graphql import GraphQLResolveInfo

from podium.asgi.graphql.engine import Resolvers
from podium.errors import NotSupported
from podium.protocols.wandb.graph.connections import whole

_CHANGES = ("createFilterTrigger", "updateFilterTrigger", "deleteTrigger", "createGenericWebhookIntegration")


def _none(_: Any, __: GraphQLResolveInfo, **___: Any) -> dict[str, Any]:
    return whole([])


def _refuse(_: Any, __: GraphQLResolveInfo, **___: Any) -> None:
    raise NotSupported("This server does not offer automations.")


RESOLVERS: Resolvers = {
    ("Entity", "triggers"): _none,
    ("Entity", "integrations"): _none,
    ("Organization", "triggers"): _none,
    **{("Mutation", name): _refuse for name in _CHANGES},
}
