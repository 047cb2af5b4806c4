"""What the files of a model say of it, as tables to take along."""

from collections.abc import Iterable

from podium.domain.manifests import ManifestEntry
from podium.domain.model_descriptions import ModelDescription
from podium.domain.signatures import PARTS
from podium.protocols.pages.csv_files import Row, Table

_NAMED = {"inputs": "input", "outputs": "output", "params": "param"}


def described_tables(description: ModelDescription) -> dict[str, Table]:
    """The signature and the environment."""
    return {
        "signature": (("part", "name", "type", "required", "default"), _fields(description)),
        "environment": (("package", "version"), sorted(description.environment.items())),
    }


def file_table(files: Iterable[ManifestEntry]) -> Table:
    """Files with their sizes and digests."""
    return ("path", "size_bytes", "sha256"), [(file.path, file.size_bytes, file.digest) for file in files]


def _fields(description: ModelDescription) -> list[Row]:
    signature = description.signature
    if signature is None:
        return []
    return [
        (_NAMED[part], field.name, field.type, "yes" if field.required else "no", field.default)
        for part in PARTS
        for field in getattr(signature, part)
    ]
