"""What a team has, in numbers."""

from podium.domain.access import Actor
from podium.services.context import Context
from podium.store.counts import count_all


class Overview:
    """What the actor may know of its team as a whole."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def count(self, actor: Actor) -> dict[str, int]:
        """How many models, versions, projects, runs, artifacts and events there are."""
        return await self._context.store.read(lambda tx: count_all(tx, self._context.team_id(tx, actor)))
