"""Logs artifacts by way of the services, as a client does."""

import base64
import hashlib
import json

from podium.domain.access import Actor
from podium.domain.artifact_collections import Version
from podium.domain.artifact_listings import Kind
from podium.services import Services
from podium.services.artifact_versions import Draft
from support.files import body


def base64_md5(raw: bytes) -> str:
    return base64.b64encode(hashlib.md5(raw, usedforsecurity=False).digest()).decode()


def listing(files: dict[str, bytes], references: dict[str, str] | None = None) -> bytes:
    """The text of the list that a client makes of files and references."""
    contents = {path: {"digest": base64_md5(raw), "size": len(raw)} for path, raw in files.items()}
    refs = {path: {"digest": url, "size": 3, "ref": url} for path, url in (references or {}).items()}
    policy = {"storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {"storageLayout": "V2"}}
    return json.dumps({"version": 1, **policy, "contents": {**contents, **refs}}).encode()


def digest_of(text: bytes) -> str:
    contents = json.loads(text)["contents"]
    lines = "".join(f"{path}:{entry['digest']}\n" for path, entry in sorted(contents.items()))
    return hashlib.md5(f"wandb-artifact-manifest-v1\n{lines}".encode(), usedforsecurity=False).hexdigest()


class Logger:
    """What `wandb-core` does for an artifact."""

    def __init__(self, services: Services, actor: Actor) -> None:
        self.services, self.actor = services, actor

    async def log(
        self,
        name: str,
        files: dict[str, bytes],
        *,
        references: dict[str, str] | None = None,
        kind: Kind = "FULL",
        base: int | None = None,
        **draft: object,
    ) -> Version:
        """The committed version."""
        text = listing(files, references)
        version = await self.begin(name, digest_of(text), **draft)
        if version.state == "COMMITTED":
            return version
        await self.fill(version, files, text, kind, base)
        return await self.services.artifact_commits.commit(self.actor, version.id)

    async def begin(self, name: str, digest: str, **draft: object) -> Version:
        given = {
            "project": "p",
            "type": "dataset",
            "collection": name,
            "digest": digest,
            "aliases": ["latest"],
            **draft,
        }
        return (await self.services.artifact_versions.create(self.actor, Draft(**given))).version  # type: ignore[arg-type]

    async def fill(
        self, version: Version, files: dict[str, bytes], text: bytes, kind: Kind = "FULL", base: int | None = None
    ) -> None:
        """Send the files that the server lacks, and the list."""
        contents, versions = self.services.artifact_contents, self.services.artifact_versions
        md5s = [(path, hashlib.md5(raw, usedforsecurity=False).hexdigest()) for path, raw in files.items()]
        tokens = await contents.offer(self.actor, version.id, md5s)
        for token, raw in zip(tokens, files.values(), strict=True):
            if token is not None:
                await contents.put(token, body(raw), len(raw))
        md5 = hashlib.md5(text, usedforsecurity=False).hexdigest()
        team, _ = await versions.begin_listing(self.actor, version.id, kind, base, md5)
        await contents.put(contents.upload_token(team, md5, "manifest"), body(text), len(text))
