"""What artifacts list that lies elsewhere, and lists that are made here."""

import asyncio

import pytest

from podium.domain.access import Actor
from podium.errors import InvalidArgument
from podium.services import Services
from support.files import context_of
from support.versioned import Logger, digest_of, listing

ANN = Actor("ann")


class World:
    def __init__(self, store, folder) -> None:
        self.context, _ = context_of(store, folder)
        self.services = Services(self.context)
        self.logger = Logger(self.services, ANN)


@pytest.fixture
def world(store, tmp_path):
    made = World(store, tmp_path)
    yield made
    made.context.blobs.close()


@pytest.mark.parametrize("path", ["../../x", "/etc/x", "a\0b", "x" * 256, "/".join(["x" * 250] * 17)])
def test_what_is_elsewhere_has_a_path_within_the_artifact(world, path):
    async def story():
        with pytest.raises(InvalidArgument, match="Invalid path"):
            await world.logger.log("data", {}, references={path: "s3://bucket/x"})
        await world.logger.log("data", {}, references={"there/x": "s3://bucket/x"})

    asyncio.run(story())


def test_no_size_is_negative(world):
    async def story():
        text = listing({}, {"x": "s3://bucket/x"}).replace(b'"size": 3', b'"size": -3')
        version = await world.logger.begin("data", digest_of(text))
        await world.logger.fill(version, {}, text)
        with pytest.raises(InvalidArgument, match="size of 'x' is -3"):
            await world.services.artifact_commits.commit(ANN, version.id)

    asyncio.run(story())
