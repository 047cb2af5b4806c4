"""Both sides of the registry of models, and users who may see registries or not."""

from pathlib import Path
from typing import Any

import msgspec

from podium.domain.access import Actor
from podium.domain.accounts import NewUser
from podium.domain.filters import And, Field, FieldKind, Node, Order
from podium.domain.registries import MODELS
from podium.services import Services
from podium.services.searching import Search
from podium.services.sign_in import Credentials
from podium.store.engine import Store
from support.files import body, context_of
from support.registry import ACTOR, RegistryWorld
from support.versioned import Logger

RUN = "a" * 32


def sorted_by(name: str, condition: Node = And(), **page: Any) -> Search:  # noqa: B008
    """A search for all, or a page of it, sorted by an attribute."""
    return Search(condition, (Order(Field(FieldKind.ATTRIBUTE, name)),), **page)


class World(RegistryWorld):
    """Both sides of the registry of models."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store, folder)
        context, self.clock = context_of(store, folder)
        self.services = Services(context)
        self.registry, self.versions = self.services.registry, self.services.versions

    @property
    def log(self) -> Logger:
        return Logger(self.services, ACTOR)

    async def shown(self, name: str = "M:latest"):
        """The place in the registry of models that a name stands for, as somebody finds it who looks there."""
        await self.services.model_sync.refresh(ACTOR)
        project = await self.services.projects.get_by_name(ACTOR, MODELS)
        return await self.services.artifact_reading.membership(ACTOR, project.id, name)

    async def register(self, content: str = "weights"):
        await self.services.artifacts.put(ACTOR, f"0/{RUN}/artifacts/model/weights", body(content.encode()))
        return await self.new_version(source=f"runs:/{RUN}/model", run_id=RUN)

    async def user(self, name: str, maker: Actor = ACTOR) -> Actor:
        """A new user, signed in; the first one is an administrator."""
        first = await self.services.sign_in.is_open()
        await self.services.users.create(maker, NewUser(name=name, admin=first, api_key=f"key-{name}"))
        return await self.actor(name)

    async def actor(self, name: str) -> Actor:
        account = await self.services.sign_in.account(Credentials(None, f"key-{name}"))
        assert account is not None
        return Actor(name, account.home, account)


def at_team(actor: Actor, team: str) -> Actor:
    return msgspec.structs.replace(actor, team=team)
