"""Files of runs as listings show them."""

import msgspec

from podium.domain.manifests import ManifestEntry


class RunFile(msgspec.Struct, frozen=True):
    """A file by its path below the run's folder, and when it was last put there."""

    file: ManifestEntry
    updated_at: int
