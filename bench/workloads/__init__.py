"""The workloads, one module a topic. Each is done once a round on each server."""

from bench.workloads import files, history, registry, runs, tracking, wandb_protocol

# In this order: what is registered first is searched later.
WORKLOADS = (
    *tracking.WORKLOADS,
    *runs.WORKLOADS,
    *history.WORKLOADS,
    *registry.WORKLOADS,
    *files.WORKLOADS,
)

# A race of their own: it takes the client's time, and the peers have no part in it.
OF_WANDB = wandb_protocol.WORKLOADS
