"""Lightning with its W&B and its MLflow logger at once: checkpoints, gradients, a run continued, a run offline."""

import os
import subprocess
import sys
from pathlib import Path

import lightning
import mlflow
import torch
import wandb
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import MLFlowLogger, WandbLogger
from net import EPOCHS, QUIET, Net, batches, same_weights

PROJECT = "lightning"


def main() -> None:
    if sys.argv[1:] == ["offline"]:
        train_offline()
        return
    torch.manual_seed(0)
    checkpoints, mlflow_run = train()
    check_wandb(checkpoints)
    check_mlflow(checkpoints, mlflow_run)
    check_continuing()
    check_offline()


def train() -> tuple[ModelCheckpoint, str]:
    """What kept the checkpoints, and the id of MLflow's run."""
    net = Net()
    ours = WandbLogger(project=PROJECT, id="both", log_model="all")
    ours.watch(net, log="all", log_freq=4)
    theirs = MLFlowLogger(PROJECT + "-mlflow", tracking_uri=os.environ["MLFLOW_TRACKING_URI"], log_model=True)
    kept = ModelCheckpoint(dirpath="checkpoints", monitor="val_loss", save_top_k=2, save_last=True)
    lightning.Trainer(logger=[ours, theirs], callbacks=[kept], **QUIET).fit(net, batches(), batches())
    wandb.finish()
    return kept, theirs.run_id


def check_wandb(checkpoints: ModelCheckpoint) -> None:
    """Config, history, gradients, and every checkpoint by its alias."""
    run = wandb.Api().run(f"{PROJECT}/both")
    assert (run.state, run.config) == ("finished", {"lr": 0.1, "width": 8})
    losses = [row["val_loss"] for row in run.scan_history(keys=["val_loss"])]
    assert len(losses) == EPOCHS
    assert min(losses) == checkpoints.best_model_score.item()
    gradients = [row["gradients/net.0.weight"] for row in run.scan_history(keys=["gradients/net.0.weight"])]
    assert gradients
    assert all(one["_type"] == "histogram" and sum(one["values"]) == 32 for one in gradients)
    models = [artifact for artifact in run.logged_artifacts() if artifact.type == "model"]
    assert len(models) > EPOCHS
    best = wandb.Api().artifact(f"{PROJECT}/model-both:best", type="model")
    assert best.metadata["score"] == checkpoints.best_model_score.item()
    downloaded = Path(best.download("best")) / "model.ckpt"
    assert downloaded.read_bytes() == Path(checkpoints.best_model_path).read_bytes()
    latest = Path(wandb.Api().artifact(f"{PROJECT}/model-both:latest").download("latest")) / "model.ckpt"
    assert weights(latest).keys() == Net().state_dict().keys()


def check_mlflow(checkpoints: ModelCheckpoint, run_id: str) -> None:
    """Params, metrics, and the best checkpoint among the run's artifacts; W&B's client sees the run."""
    run = mlflow.MlflowClient().get_run(run_id)
    assert (run.info.status, run.data.params) == ("FINISHED", {"lr": "0.1", "width": "8"})
    assert len(mlflow.MlflowClient().get_metric_history(run_id, "val_loss")) == EPOCHS
    best = Path(checkpoints.best_model_path)
    folder = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{best.stem}")
    assert (Path(folder) / best.name).read_bytes() == best.read_bytes()
    seen = wandb.Api().run(f"{PROJECT}-mlflow/{run_id}")
    assert seen.summary["val_loss"] == run.data.metrics["val_loss"]


def check_continuing() -> None:
    """A run goes on from a checkpoint that another one logged, and lineage says so."""
    with wandb.init(project=PROJECT, id="more") as run:
        logger = WandbLogger(experiment=run)
        folder = logger.download_artifact(f"default/{PROJECT}/model-both:best", artifact_type="model", save_dir="from")
        trainer = lightning.Trainer(logger=logger, **QUIET | {"max_epochs": EPOCHS + 2})
        net = Net()
        trainer.fit(net, batches(), batches(), ckpt_path=f"{folder}/model.ckpt", weights_only=False)
        trainer.save_checkpoint("more.ckpt")
        artifact = wandb.Artifact("model-more", type="model")
        artifact.add_file("more.ckpt")
        run.link_artifact(run.log_artifact(artifact), "wandb-registry-model/Adder", aliases=["champion"])
    assert [used.name for used in wandb.Api().run(f"{PROJECT}/more").used_artifacts()] == ["model-both:v4"]
    registered = Path(mlflow.artifacts.download_artifacts("models:/Adder@champion")) / "more.ckpt"
    assert same_weights(weights(registered), net.state_dict())


def check_offline() -> None:
    """A run that was logged without a server is there after `wandb sync`."""
    subprocess.run([sys.executable, __file__, "offline"], check=True, env=os.environ | {"WANDB_MODE": "offline"})  # noqa: S603
    (folder,) = Path().glob("wandb/offline-run-*-offline")
    subprocess.run([Path(sys.executable).with_name("wandb"), "sync", folder], check=True)  # noqa: S603
    run = wandb.Api().run(f"{PROJECT}/offline")
    assert (run.state, run.config) == ("finished", {"lr": 0.01, "width": 8})
    assert len(list(run.scan_history(keys=["val_loss"]))) == EPOCHS
    assert wandb.Api().artifact(f"{PROJECT}/model-offline:best").logged_by().id == "offline"


def train_offline() -> None:
    logger = WandbLogger(project=PROJECT, id="offline", log_model=True)
    lightning.Trainer(logger=logger, **QUIET).fit(Net(lr=0.01), batches(), batches())
    wandb.finish()


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return torch.load(checkpoint, weights_only=False)["state_dict"]


if __name__ == "__main__":
    main()
