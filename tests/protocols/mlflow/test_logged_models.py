import json

import pytest


def test_a_logged_model_from_creation_to_search_and_deletion(mlflow, client):
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="m", model_type="agent", params={"a": "1"}, tags={"t": "x"})
        mlflow.finalize_logged_model(model.model_id, "READY")
        mlflow.log_metric("acc", 0.5, model_id=model.model_id)
    stored = client.get_logged_model(model.model_id)
    assert (stored.name, str(stored.status), stored.model_type) == ("m", "READY", "agent")
    assert (stored.params, stored.tags["t"], stored.source_run_id) == ({"a": "1"}, "x", run.info.run_id)
    assert [(metric.key, metric.value, metric.run_id) for metric in stored.metrics] == [("acc", 0.5, run.info.run_id)]

    other = mlflow.create_external_model(name="other")
    found = client.search_logged_models(["0"], filter_string="params.a = '1' AND metrics.acc > 0.4")
    assert [m.model_id for m in found] == [model.model_id]
    by_name = client.search_logged_models(["0"], order_by=[{"field_name": "name", "ascending": False}], max_results=1)
    assert [m.model_id for m in by_name] == [other.model_id]
    assert by_name.token
    client.delete_logged_model(model.model_id)
    with pytest.raises(mlflow.MlflowException, match="not found"):
        client.get_logged_model(model.model_id)


# mlflow warns of its own type hints, and of what this model leaves out.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_a_model_that_a_run_logged_is_loaded_by_the_runs_uri(mlflow):
    class Doubler(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[int]) -> list[int]:
            return [2 * x for x in model_input]

    with mlflow.start_run() as run:
        info = mlflow.pyfunc.log_model(name="doubler", python_model=Doubler(), pip_requirements=[])
    assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/doubler").predict([2]) == [4]
    version = mlflow.register_model(info.model_uri, "doubler")
    assert version.run_id == run.info.run_id
    # The server and then the client note it: `mlflow server` ends with the same.
    noted = json.loads(mlflow.get_logged_model(info.model_id).tags["mlflow.modelVersions"])
    assert noted == [{"name": "doubler", "version": 1}, {"name": "doubler", "version": "1"}]
