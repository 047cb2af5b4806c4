"""Reads what the files of a model say of it."""

import asyncio
from collections.abc import Iterable
from typing import Any

from podium.domain.manifests import ManifestEntry
from podium.domain.model_descriptions import DESCRIBING_FILES, MODEL_FILE, ModelDescription, describe
from podium.services.context import Context

MAX_TEXT_BYTES = 128 << 10  # of a file that is read
BRIEF_TEXT = 8 << 10  # characters of YAML


class ModelFiles:
    """For whoever was given the files: nothing is asked of the actor here."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def describe(self, files: Iterable[ManifestEntry]) -> ModelDescription:
        """The description in those of the files that lie where MLflow writes it; what cannot be read tells nothing."""
        described = {file.path: file for file in files if file.path in DESCRIBING_FILES}
        texts = {name: await self._text(described[name]) for name in DESCRIBING_FILES if name in described}
        text = texts.pop(MODEL_FILE, "")
        # A long one takes a second, in which nobody else would be answered.
        model = _yaml(text) if len(text) < BRIEF_TEXT else await asyncio.to_thread(_yaml, text)
        return describe(model, texts)

    async def _text(self, entry: ManifestEntry) -> str:
        end = min(entry.size_bytes, MAX_TEXT_BYTES)
        return b"".join([chunk async for chunk in self._context.blobs.open_range(entry.digest, 0, end)]).decode(
            "utf-8", "replace"
        )


def _yaml(text: str) -> dict[str, Any]:
    """What a YAML file holds, if it is an object; an empty one for what cannot be read."""
    import yaml  # noqa: PLC0415  only these files need it

    try:
        found = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  both are safe ones
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
