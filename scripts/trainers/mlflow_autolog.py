"""Lightning under `mlflow.pytorch.autolog`: metrics, checkpoints, and the model registered."""

import lightning
import mlflow
import torch
import wandb
from net import QUIET, Net, batches, same_weights


def main() -> None:
    torch.manual_seed(0)
    mlflow.set_experiment("autolog")
    mlflow.pytorch.autolog(registered_model_name="AutoNet", checkpoint_monitor="val_loss")
    with mlflow.start_run() as run:
        net = Net()
        lightning.Trainer(logger=False, **QUIET).fit(net, batches(), batches())

    seen = mlflow.MlflowClient().get_run(run.info.run_id)
    assert (seen.data.params["optimizer_name"], seen.data.params["lr"]) == ("SGD", "0.1")
    assert seen.data.metrics["val_loss"] < 1
    loaded = mlflow.pytorch.load_model("models:/AutoNet/1")
    assert same_weights(loaded.state_dict(), net.state_dict())
    assert isinstance(mlflow.pytorch.load_checkpoint(Net, run.info.run_id), Net)
    folder = wandb.Api().artifact("wandb-registry-model/AutoNet:v0").download("registered")
    assert same_weights(mlflow.pytorch.load_model(folder).state_dict(), net.state_dict())


if __name__ == "__main__":
    main()
