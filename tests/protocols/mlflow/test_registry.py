"""The registry through the unmodified client, and over raw HTTP where the client would not send it."""

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*stages will be removed:FutureWarning")

SOURCE = "s3://bucket/model"


def call(http, method, path, **fields):
    given = {"params": fields} if method == "GET" else {"json": fields}
    return http.request(method, f"/api/2.0/mlflow/{path}", **given)


def test_models_versions_stages_and_aliases(client):
    client.create_registered_model("M", {"team": "risk"}, "the first")
    first = client.create_model_version("M", SOURCE, tags={"k": 1}, description="one")
    client.create_model_version("M", SOURCE)
    client.set_registered_model_alias("M", "champion", 1)
    moved = client.transition_model_version_stage("M", 1, "production", archive_existing_versions=True)
    assert (first.version, first.tags, first.description, first.status) == ("1", {"k": "1"}, "one", "READY")
    assert (moved.current_stage, moved.aliases) == ("Production", ["champion"])
    assert client.get_model_version_by_alias("M", "champion").version == "1"
    assert client.get_model_version_by_alias("M", "latest").version == "2"
    assert client.get_model_version_download_uri("M", "1") == SOURCE
    assert [v.version for v in client.get_latest_versions("M", ["Production"])] == ["1"]
    client.rename_registered_model("M", "N")
    model = client.get_registered_model("N")
    assert (model.name, model.aliases, model.tags) == ("N", {"champion": "1"}, {"team": "risk"})
    client.delete_registered_model_alias("N", "champion")
    client.delete_model_version("N", "1")
    assert [v.version for v in client.search_model_versions("name = 'N'")] == ["2"]
    client.delete_registered_model("N")
    assert client.search_registered_models() == []


def test_search_answers_carry_tags_and_aliases(client):
    """mlflow#16734: MLflow's own answers leave the aliases of versions out."""
    for name in ("a", "b"):
        client.create_registered_model(name, {"of": name})
        client.create_model_version(name, SOURCE, tags={"of": name})
        client.set_registered_model_alias(name, "best", 1)
    versions = client.search_model_versions("tags.of = 'b'")
    assert [(v.name, v.tags, v.aliases) for v in versions] == [("b", {"of": "b"}, ["best"])]
    models = client.search_registered_models("name ILIKE 'A'", order_by=["name DESC"])
    assert [(m.name, m.aliases, m.latest_versions[0].aliases) for m in models] == [("a", {"best": "1"}, ["best"])]


def test_pages_stay_right_while_models_are_made(client):
    for i in range(5):
        client.create_registered_model(f"m{i}")
    first = client.search_registered_models(max_results=2)
    client.create_registered_model("a-new-one")
    rest = client.search_registered_models(max_results=10, page_token=first.token)
    assert [m.name for m in [*first, *rest]] == ["m0", "m1", "m2", "m3", "m4"]


def test_prompts_travel_over_the_registry(client):
    prompt = client.register_prompt("greet", "Hello {{name}}", commit_message="first", tags={"lang": "en"})
    client.register_prompt("greet", "Hi {{name}}")
    client.set_prompt_alias("greet", "live", 1)
    client.create_registered_model("model")
    assert (prompt.version, client.load_prompt("prompts:/greet@live").template) == (1, "Hello {{name}}")
    assert client.load_prompt("greet").template == "Hi {{name}}"
    assert [p.name for p in client.search_prompts()] == ["greet"]
    assert [m.name for m in client.search_registered_models()] == ["model"]
    assert client.search_model_versions() == []
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match="already taken by a prompt"):
        client.create_registered_model("greet")


def test_registered_files_survive_what_happens_to_the_run(mlflow, client, tmp_path):
    file = tmp_path / "weights.txt"
    with mlflow.start_run() as run:
        file.write_text("registered")
        mlflow.log_artifact(str(file), "model")
    client.create_registered_model("M")
    version = client.create_model_version("M", f"{run.info.artifact_uri}/model", run.info.run_id)
    file.write_text("overwritten")
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_artifact(str(file), "model")
    assert version.source == f"{run.info.artifact_uri}/model"
    assert "/registry/" in client.get_model_version_download_uri("M", 1)
    copy = client.copy_model_version("models:/M/1", "Copy")
    assert copy.source == "models:/M/1"
    for name in ("M", "Copy"):
        folder = mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=str(tmp_path / name))
        assert (tmp_path / name / "weights.txt").read_text() == "registered", folder


def test_a_logged_model_is_named_by_its_version(mlflow, client):
    model = mlflow.create_external_model(name="outside")
    client.create_registered_model("M")
    client.create_model_version("M", f"models:/{model.model_id}", model_id=model.model_id)
    assert client.get_logged_model(model.model_id).tags["mlflow.modelVersions"] == '[{"name": "M", "version": 1}]'


def test_the_answers_words_and_statuses_of_refusals(http):
    missing = call(http, "GET", "registered-models/get", name="none")
    assert (missing.status_code, missing.json()) == (
        404,
        {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Registered Model with name=none not found"},
    )
    empty = call(http, "POST", "registered-models/create", name="")
    assert empty.status_code == 400
    assert "Missing value for required parameter 'name'." in empty.json()["message"]
    assert call(http, "POST", "registered-models/create", name="M").json()["registered_model"]["name"] == "M"
    twice = call(http, "POST", "registered-models/create", name="M")
    assert (twice.status_code, twice.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    made = call(http, "POST", "model-versions/create", name="M", source=SOURCE).json()["model_version"]
    assert (made["version"], made["run_id"], made["description"], made["files"]) == ("1", "", "", "external")
    local = call(http, "POST", "model-versions/create", name="M", source="/etc")
    assert (local.status_code, local.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    many = call(http, "GET", "registered-models/search", max_results=1001)
    assert many.status_code == 400
    assert "max_results" in many.json()["message"]
    nobody = call(http, "GET", "registered-models/alias", name="M", alias="nobody")
    assert (nobody.status_code, nobody.json()["message"]) == (400, "Registered model alias nobody not found.")
    latest = call(http, "GET", "registered-models/get-latest-versions", name="M", stages="None")
    assert [version["version"] for version in latest.json()["model_versions"]] == ["1"]
    posted = call(http, "POST", "registered-models/get-latest-versions", name="M", stages=["Staging"])
    assert posted.json() == {}
    untouched = call(http, "PATCH", "model-versions/update", name="M", version="1").json()["model_version"]
    assert "description" not in untouched
