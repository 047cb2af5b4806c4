"""What `podium verify` and `podium audit verify` would say of a data folder."""

import asyncio
from pathlib import Path

from podium.app import Podium
from podium.settings import Settings


def check_sound(data: Path, database_url: str | None = None, artifact_store: str | None = None) -> None:
    """All bytes are there and right, manifests are whole, the chain of events is intact."""
    podium = Podium(Settings(data=str(data), database_url=database_url, artifact_store=artifact_store))
    try:
        asyncio.run(_check(podium))
    finally:
        podium.close()


async def _check(podium: Podium) -> None:
    assert [problem async for problem in podium.services.verification.problems(quick=False)] == []
    assert await podium.services.audit.verify_chain() is None
