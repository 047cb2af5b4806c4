"""The workloads, one module a topic. Each is done once a round on each server."""

from bench.workloads import files, history, registry, runs, tracking

# In this order: what is registered first is searched later.
WORKLOADS = (
    *tracking.WORKLOADS,
    *runs.WORKLOADS,
    *history.WORKLOADS,
    *registry.WORKLOADS,
    *files.WORKLOADS,
)
