"""What a team has, in numbers."""

from podium.domain.access import Actor
from podium.services.context import Context
from podium.services.registry_roles import hidden_registries
from podium.store.counts import count_all
from podium.store.transaction import Tx


class Overview:
    """What the actor may know of its team as a whole."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def count(self, actor: Actor) -> dict[str, int]:
        """How many models, versions, projects, runs, artifacts and events there are."""

        def work(tx: Tx) -> dict[str, int]:
            team = self._context.team_id(tx, actor)
            return count_all(tx, team, hidden_registries(tx, actor, [team]))

        return await self._context.store.read(work)
