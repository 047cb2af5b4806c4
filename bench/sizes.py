"""How much work a race is."""

import msgspec


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults are what docs/performance.md is measured with."""

    runs: int = 2000  # searched and listed
    versions: int = 1000  # registered, over MODELS models
    blob_mib: int = 256
    seconds: float = 4  # of requests, where a workload counts requests a second
    batch_calls: int = 10  # of 1,000 metrics, on each of 8 runs
    lifecycles: int = 25  # on each of 4 connections
    history_calls: int = 100  # of 1,000 points
    small_files: int = 500
    repeats: int = 7  # of a search, for its median
    models: int = 20
    steps: int = 20_000  # that W&B's client logs, of 10 metrics
    artifact_files: int = 2000  # of 10 KiB
    artifact_mib: int = 2048  # of a single file
    listed_runs: int = 10_000
    nodes: int = 10_000  # of a lineage

    @property
    def versions_of_a_model(self) -> int:
        """How many versions each model has."""
        return self.versions // self.models


FULL = Sizes()
SMOKE = Sizes(
    runs=40,
    versions=40,
    blob_mib=1,
    seconds=0.1,
    batch_calls=1,
    lifecycles=1,
    history_calls=2,
    small_files=8,
    repeats=2,
    steps=20,
    artifact_files=5,
    artifact_mib=1,
    listed_runs=60,
    nodes=20,
)
