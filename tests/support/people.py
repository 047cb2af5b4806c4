"""People with roles in the default team, over the registry's services."""

from typing import Any

from podium.domain.access import Actor
from podium.domain.accounts import NewUser
from podium.services.sign_in import Credentials
from support.registry import ACTOR, RegistryWorld

RUN = "b" * 32


class PeopleWorld(RegistryWorld):
    """A model with a version and a run in the default team, and people with roles in it."""

    async def fill(self) -> None:
        await self.registry.create(ACTOR, "M", {})
        await self.new_version()
        await self.new_run(RUN)

    async def people(self, **roles: Any) -> dict[str, Actor]:
        """Users who belong to the default team in these roles, or to none; `root` administers the server."""
        users = self.services.users
        await users.create(ACTOR, NewUser(name="root", admin=True, api_key="key-root"))
        root = await self.actor("root")
        for name, role in roles.items():
            await users.create(root, NewUser(name=name, api_key=f"key-{name}"))
            if role is not None:
                await self.services.members.set_in_team(root, "default", name, role)
        return {name: await self.actor(name) for name in ("root", *roles)}

    async def actor(self, name: str) -> Actor:
        account = await self.services.sign_in.account(Credentials(None, f"key-{name}"))
        assert account is not None
        return Actor(name, "default", account)
