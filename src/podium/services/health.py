"""Whether the parts that the server stands on answer."""

from podium.domain.access import DEFAULT_TEAM
from podium.errors import PodiumError
from podium.services.context import Context
from podium.store.teams import find_team


class Health:
    """Readiness of database and blobs."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def check(self) -> dict[str, str | None]:
        """For each part None, or what is wrong with it."""
        return {"database": await self._database(), "blobs": await self._blobs()}

    async def _database(self) -> str | None:
        try:
            await self._context.store.read(lambda tx: find_team(tx, DEFAULT_TEAM))
        except PodiumError as error:
            return error.message
        return None

    async def _blobs(self) -> str | None:
        try:
            await self._context.blobs.check()
        except PodiumError as error:
            return error.message
        return None
