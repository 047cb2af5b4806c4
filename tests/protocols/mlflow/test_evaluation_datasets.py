"""Evaluation datasets with the unmodified client of mlflow 3.17."""


def test_a_dataset_is_filled_and_read_back(client, http):
    experiment_id = client.create_experiment("quiz")
    made = client.create_dataset(name="quiz", experiment_id=experiment_id, tags={"team": "ml"})
    made.merge_records(
        [
            {"inputs": {"question": "one?"}, "expectations": {"answer": "1"}, "tags": {"level": "easy"}},
            {"inputs": {"question": "two?"}, "outputs": {"said": 2}},
        ]
    )
    known = client.get_dataset(made.dataset_id)
    assert [record.inputs for record in known.records] == [{"question": "one?"}, {"question": "two?"}]
    assert known.records[0].expectations == {"answer": "1"}
    assert known.records[1].outputs == {"said": 2}
    assert "num_records" in known.profile
    assert [one.name for one in client.search_datasets(filter_string="tags.team = 'ml'")] == ["quiz"]
    assert known.delete_records([known.records[0].dataset_record_id]) == 1
    client.delete_dataset(made.dataset_id)
    missing = http.get(f"/api/3.0/mlflow/datasets/{made.dataset_id}")
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    broken = http.post("/api/3.0/mlflow/datasets/create", json={"name": "n", "tags": "{"})
    assert broken.json()["error_code"] == "INVALID_PARAMETER_VALUE"
