"""Signing in, and who one is then."""

import httpx


def test_login_takes_any_key_on_an_open_server(wandb):
    assert wandb.login(verify=True)
    assert wandb.Api().default_entity == "default"


def test_the_pages_of_mlflow_ask_the_same_path(http: httpx.Client):
    query = {"query": '{ test(inputString: "hello") { output } }'}
    assert http.post("/graphql", json=query).json() == {"data": {"test": {"output": "hello"}}, "errors": None}
    refused = http.post("/graphql", json=query, auth=("api", "local-" + "0" * 40)).json()
    assert "Cannot query field 'test'" in refused["errors"][0]["message"]


def test_the_newest_known_client_is_the_one_that_these_tests_run(wandb, http: httpx.Client):
    query = {"query": "{ serverInfo { cliVersionInfo } }"}
    answer = http.post("/graphql", json=query, auth=("api", "local-" + "0" * 40)).json()
    assert answer["data"]["serverInfo"]["cliVersionInfo"]["max_cli_version"] == wandb.__version__
