"""The lines that load a model: every client gets the same version, and W&B's client what it signs in with."""

import pytest

from podium.domain.registry import ModelVersion, RegisteredModel
from podium.protocols.pages.snippets import load_snippets

URL = "http://podium:5000"


def version(number: int, stage: str = "None") -> ModelVersion:
    places = {"source": "s", "location": "s", "run_id": None, "run_link": None, "logged_model_id": None}
    states = {"status": "READY", "status_message": None, "manifest_id": None, "created_at": 0, "updated_at": 0}
    named = {"id": number, "model_id": 1, "name": "churn", "version": number, "description": None, "user_id": None}
    return ModelVersion(**named, **places, **states, stage=stage)


def model(*latest: ModelVersion, **aliases: int) -> RegisteredModel:
    return RegisteredModel(1, "churn", None, 0, 0, {}, aliases, latest)


@pytest.mark.parametrize(
    ("of", "given", "for_mlflow", "for_wandb"),
    [
        (model(version(4), champion=3), None, "churn@champion", "churn:champion"),
        (model(version(4), champion=3), version(4), "churn/4", "churn:v3"),
        (model(version(4), version(2, "Production")), None, "churn/Production", "churn:v1"),
        (model(version(4)), None, "churn/4", "churn:v3"),
    ],
)
def test_each_client_loads_the_same(of: RegisteredModel, given: ModelVersion | None, for_mlflow: str, for_wandb: str):
    told = load_snippets(URL, of, given, is_open=True)
    assert f'"models:/{for_mlflow}"' in told["mlflow"]
    assert f'"models:/{for_mlflow}"' in told["the mlflow command"]
    assert f'"wandb-registry-model/{for_wandb}"' in told["wandb"]


def test_wandb_gets_a_key_where_any_will_do_and_else_asks_for_ones_own():
    of = model(version(1))
    assert f'os.environ["WANDB_API_KEY"] = "local-{"0" * 40}"' in load_snippets(URL, of, is_open=True)["wandb"]
    told = load_snippets(URL, of, is_open=False)["wandb"]
    assert "# export WANDB_API_KEY=<your key>" in told
    assert "local-" not in told
