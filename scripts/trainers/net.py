"""A tiny Lightning module and its data."""

import lightning
import torch
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 4
QUIET = {
    "accelerator": "cpu",
    "enable_model_summary": False,
    "enable_progress_bar": False,
    "log_every_n_steps": 2,
    "max_epochs": EPOCHS,
}


class Net(lightning.LightningModule):
    """Two layers that learn to add up four numbers."""

    def __init__(self, lr: float = 0.1, width: int = 8) -> None:  # noqa: ARG002  kept as `hparams`
        super().__init__()
        self.save_hyperparameters()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.ReLU(), torch.nn.Linear(width, 1))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.net(batch)

    def training_step(self, batch: list[torch.Tensor], _index: int) -> torch.Tensor:
        return self._loss(batch, "train_loss")

    def validation_step(self, batch: list[torch.Tensor], _index: int) -> torch.Tensor:
        return self._loss(batch, "val_loss")

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

    def _loss(self, batch: list[torch.Tensor], name: str) -> torch.Tensor:
        loss = torch.nn.functional.mse_loss(self(batch[0]), batch[1])
        self.log(name, loss, on_epoch=True)
        return loss


def batches() -> DataLoader:
    numbers = torch.randn(128, 4)
    return DataLoader(TensorDataset(numbers, numbers.sum(1, keepdim=True)), batch_size=16)


def same_weights(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
