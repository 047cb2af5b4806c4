"""What TensorBoard's writer writes becomes a W&B run's history."""

from math import isclose

import torch
import wandb
from torch.utils.tensorboard import SummaryWriter

STEPS = 20


def main() -> None:
    with wandb.init(project="tensorboard", id="synced", sync_tensorboard=True), SummaryWriter("events") as writer:
        for step in range(STEPS):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_histogram("weights", torch.randn(50), step)
        writer.add_image("picture", torch.rand(3, 8, 8), STEPS)

    run = wandb.Api().run("tensorboard/synced")
    losses = [row["loss"] for row in run.scan_history(keys=["loss"])]
    assert len(losses) == STEPS
    assert all(isclose(loss, 1 / (step + 1), rel_tol=1e-6) for step, loss in enumerate(losses))
    names = [file.name for file in run.files()]
    assert any(name.startswith("media/images/") for name in names)
    assert any("tfevents" in name for name in names)


if __name__ == "__main__":
    main()
