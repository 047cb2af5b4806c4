"""Databases of each earlier schema, filled as they were then, open with this program and answer through its API."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from podium.domain.events import Change, chain
from podium.domain.manifests import Manifest, ManifestEntry
from podium.store.dialect import ddl
from podium.store.migrate import migrations
from podium.store.postgres_tx import transaction as postgres_transaction
from podium.store.transaction import Tx
from support.server import running_server
from support.soundness import check_sound

BODY = b"weights"
DIGEST = sha256(BODY).hexdigest()
NUMBERS = [number for number, _, _ in migrations()]

# By schema: statements that were valid when it was the newest one.
ROWS = {
    1: """
        INSERT INTO projects (id, team_id, name, artifact_location, created_at, updated_at)
            VALUES (7, 1, 'old', 'mlflow-artifacts:/7', 5, 5);
        INSERT INTO runs (id, run_id, project_id, name, user_id, status, start_time)
            VALUES (3, 'r3', 7, 'first', 'ada', 'FINISHED', 5);
        INSERT INTO run_params (run_id, key, value) VALUES (3, 'depth', '4');
        INSERT INTO run_tags (run_id, key, value) VALUES (3, 'mlflow.runName', 'first');
        INSERT INTO metric_keys (id, key) VALUES (2, 'loss');
        INSERT INTO metrics (run_id, key_id, timestamp, step, value, is_nan) VALUES (3, 2, 6, 0, 0.5, 0);
        INSERT INTO metrics (run_id, key_id, timestamp, step, value, is_nan) VALUES (3, 2, 7, 1, 0.25, 0);
        INSERT INTO latest_metrics (run_id, key_id, timestamp, step, value, is_nan) VALUES (3, 2, 7, 1, 0.25, 0);
        INSERT INTO artifact_files (team_id, path, digest, size_bytes, updated_at)
            VALUES (1, '7/r3/artifacts/model/w', '{digest}', 7, 6);
        INSERT INTO manifests (id, digest, file_count, size_bytes, created_at) VALUES (1, '{manifest}', 1, 7, 8);
        INSERT INTO manifest_entries (manifest_id, path, digest, size_bytes) VALUES (1, 'w', '{digest}', 7);
        INSERT INTO registered_models (id, team_id, name, next_version, created_at, updated_at)
            VALUES (4, 1, 'M', 2, 8, 8);
        INSERT INTO model_versions (id, model_id, version, source, location, run_id, stage, status, manifest_id,
            created_at, updated_at) VALUES (6, 4, 1, 'mlflow-artifacts:/7/r3/artifacts/model',
            'mlflow-artifacts:/registry/6', 'r3', 'Production', 'READY', 1, 8, 8);
        INSERT INTO model_aliases (model_id, alias, version_id) VALUES (4, 'champion', 6)
    """,
    3: """
        INSERT INTO webhooks (webhook_id, team_id, name, url, events, status, after_seq, created_at, updated_at)
            VALUES ('w1', 1, 'hook', 'https://example.com', 'registered_model.created', 'ACTIVE', 9, 9, 9)
    """,
    4: """
        INSERT INTO traces (id, team_id, trace_id, project_id, request_time, duration_ms, state, is_final)
            VALUES (1, 1, 'tr-1', 7, 9, 3, 'OK', 1)
    """,
    5: """
        INSERT INTO evaluation_datasets (id, team_id, dataset_id, name, digest, record_count, created_at, updated_at)
            VALUES (1, 1, 'd-1', 'questions', 'x', 0, 9, 9)
    """,
}


@pytest.mark.parametrize("schema", NUMBERS)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_earlier_schema_is_brought_up_and_keeps_its_data(
    database: str, schema: int, tmp_path: Path, request: pytest.FixtureRequest
):
    url = request.getfixturevalue("postgres_database") if database == "postgresql" else None
    data = tmp_path / "data"
    write_blob(data)
    with transaction(data, url) as tx:
        fill(tx, schema)
    for _ in range(2):  # and is then as it is
        with running_server(data, url) as server, httpx.Client(base_url=f"{server}/api/2.0/mlflow", timeout=30) as http:
            look_at_everything(http, schema)
    with transaction(data, url) as tx:
        assert [row[0] for row in tx.all("SELECT number FROM schema_migrations ORDER BY number")] == NUMBERS
    check_sound(data, url)


def fill(tx: Tx, schema: int) -> None:
    """The database as the program of that schema left it."""
    tx.run("CREATE TABLE schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL)")
    manifest = Manifest.of([ManifestEntry("w", DIGEST, len(BODY))]).digest
    for number, name, script in migrations()[:schema]:
        for statement in ddl(script, tx.dialect):
            tx.run(statement)
        tx.run("INSERT INTO schema_migrations (number, name) VALUES (:number, :name)", number=number, name=name)
        rows = ROWS.get(number, "").replace("{digest}", DIGEST).replace("{manifest}", manifest)
        for statement in filter(str.strip, rows.split(";")):
            tx.run(statement)
        if number == 1:
            record(tx)


def record(tx: Tx) -> None:
    """The model's creation in the audit trail."""
    change = Change("registered_model", "4", "M", "create", after={"name": "M"})
    event = chain(change, seq=1, at=8, actor="ada", team_id=1, previous_hash="")
    tx.run(
        "INSERT INTO events (seq, at, actor, team_id, entity, entity_id, entity_name, action, after, previous_hash,"
        " hash) VALUES (1, 8, 'ada', 1, 'registered_model', '4', 'M', 'create', :after, '', :hash)",
        after=event.after,
        hash=event.hash,
    )
    tx.run("UPDATE event_chain SET seq = 1, hash = :hash", hash=event.hash)


def look_at_everything(http: httpx.Client, schema: int) -> None:
    def get(path: str, **question: str) -> dict:
        return http.get(path, params=question).raise_for_status().json()

    run = get("/runs/get", run_id="r3")["run"]
    assert run["data"]["params"] == [{"key": "depth", "value": "4"}]
    assert [metric["value"] for metric in run["data"]["metrics"]] == [0.25]
    history = get("/metrics/get-history", run_id="r3", metric_key="loss")["metrics"]
    assert [point["value"] for point in history] == [0.5, 0.25]
    version = get("/registered-models/alias", name="M", alias="champion")["model_version"]
    assert (version["version"], version["current_stage"], version["run_id"]) == ("1", "Production", "r3")
    for folder in ("7/r3/artifacts/model", "registry/6"):
        tree = f"{http.base_url}".removesuffix("mlflow/") + "mlflow-artifacts/artifacts"
        assert httpx.get(f"{tree}/{folder}/w").content == BODY
    if schema >= 3:
        assert [hook["name"] for hook in get("/webhooks")["webhooks"]] == ["hook"]
    made = http.post("/model-versions/create", json={"name": "M", "source": "s3://bucket/m"})
    assert int(made.raise_for_status().json()["model_version"]["version"]) >= 2


def write_blob(data: Path) -> None:
    place = data / "blobs" / "sha256" / DIGEST[:2]
    place.mkdir(parents=True)
    (place / DIGEST[2:]).write_bytes(BODY)


@contextmanager
def transaction(data: Path, url: str | None) -> Iterator[Tx]:
    """A transaction on the database, with no Podium about."""
    if url:
        with postgres_transaction(url) as tx:
            yield tx
        return
    lite = sqlite3.connect(data / "podium.db")
    with lite:
        yield Tx(lite)
    lite.close()
