"""The Hugging Face Trainer, a tiny BERT made from its config, reporting to W&B and to MLflow."""

import os
from pathlib import Path

import mlflow
import torch
import wandb
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

EPOCHS = 2
ROWS, BATCH = 64, 16
STEPS = EPOCHS * ROWS // BATCH
CONFIG = BertConfig(
    vocab_size=50,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=16,
)
os.environ |= {
    "HF_MLFLOW_LOG_ARTIFACTS": "1",
    "MLFLOW_EXPERIMENT_NAME": "transformers",
    "WANDB_LOG_MODEL": "checkpoint",
    "WANDB_PROJECT": "transformers",
    "WANDB_WATCH": "gradients",
}


class Sentences(torch.utils.data.Dataset):
    """Made-up sentences, whose class is decided by their first word."""

    def __len__(self) -> int:
        return ROWS

    def __getitem__(self, index: int) -> dict[str, object]:
        words = torch.randint(5, CONFIG.vocab_size, (8,), generator=torch.Generator().manual_seed(index))
        return {"input_ids": words, "labels": int(words[0] > CONFIG.vocab_size // 2)}


def main() -> None:
    torch.manual_seed(0)
    check_wandb(trained("wandb"))
    check_mlflow(trained("mlflow"))


def trained(logger: str) -> Trainer:
    """A trainer that has trained and told `logger`."""
    options = TrainingArguments(
        output_dir=f"by-{logger}",
        run_name=f"bert-{logger}",
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        logging_steps=1,
        eval_strategy="epoch",
        save_strategy="epoch",
        load_best_model_at_end=True,
        report_to=[logger],
        use_cpu=True,
        disable_tqdm=True,
    )
    model = BertForSequenceClassification(CONFIG)
    trainer = Trainer(model, options, train_dataset=Sentences(), eval_dataset=Sentences())
    trainer.train()
    return trainer


def losses(trainer: Trainer) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def check_wandb(trainer: Trainer) -> None:
    """Config, losses, and the checkpoints and the final model as one artifact's versions."""
    slug = wandb.run.id
    wandb.finish()
    run = wandb.Api().run(f"transformers/{slug}")
    assert (run.name, run.state, run.config["vocab_size"]) == ("bert-wandb", "finished", CONFIG.vocab_size)
    assert run.config["model/num_parameters"] == trainer.model.num_parameters()
    assert [row["train/loss"] for row in run.scan_history(keys=["train/loss"])] == losses(trainer)
    aliases = {alias for artifact in run.logged_artifacts() for alias in artifact.aliases}
    assert {"checkpoint_global_step_4", f"checkpoint_global_step_{STEPS}", "final_model", "latest"} <= aliases
    artifact = wandb.Api().artifact(f"transformers/model-bert-wandb:checkpoint_global_step_{STEPS}")
    folder = Path(artifact.download("checkpoint"))
    kept = Path(f"by-wandb/checkpoint-{STEPS}/model.safetensors")
    assert (folder / "model.safetensors").read_bytes() == kept.read_bytes()
    assert BertForSequenceClassification.from_pretrained(folder).num_parameters() == trainer.model.num_parameters()


def check_mlflow(trainer: Trainer) -> None:
    """Params, losses, and each checkpoint as a logged model of the run."""
    run_id = mlflow.last_active_run().info.run_id
    client = mlflow.MlflowClient()
    run = client.get_run(run_id)
    assert (run.info.run_name, run.data.params["vocab_size"]) == ("bert-mlflow", str(CONFIG.vocab_size))
    points = client.get_metric_history(run_id, "loss")
    assert [point.value for point in points] == losses(trainer)
    assert [point.step for point in points] == list(range(1, STEPS + 1))
    models = client.search_logged_models([run.info.experiment_id])
    assert {model.name for model in models} == {"checkpoint-4", f"checkpoint-{STEPS}"}
    name = f"checkpoint-{STEPS}"
    folder = Path(mlflow.artifacts.download_artifacts(f"runs:/{run_id}/{name}"))
    kept = Path(f"by-mlflow/{name}/model.safetensors")
    assert (folder / "artifacts" / name / "model.safetensors").read_bytes() == kept.read_bytes()


if __name__ == "__main__":
    main()
