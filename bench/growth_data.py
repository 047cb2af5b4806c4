"""A database of a chosen size for `growth.py`, written in bulk past the services: they would take hours.

Everything follows from row numbers, so that two fillings of one size are the same database.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from podium.domain.events import Change, Event, chain
from podium.store.dialect import Dialect, ddl
from podium.store.engine import open_store
from podium.store.migrate import migrations

Row = tuple[Any, ...]

TEAM = 1
BIG = 1  # the project with nine tenths of the runs; the others are spread over four more
MANY = 1  # the model with a tenth of the versions
METRICS = 10
PARAMS = 10
START = 1_700_000_000_000
LONG_HISTORIES = 10
ACTOR = "filler"


class Target(Protocol):
    """Where rows go."""

    dialect: Dialect

    def insert(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        """Add rows; `columns` are separated by commas."""
        ...

    def execute(self, statement: str) -> None:
        """Run a statement."""
        ...


class SqliteTarget:
    """A connection that makes nothing durable before the end."""

    dialect: Dialect = "sqlite"

    def __init__(self, folder: Path) -> None:
        import sqlite3  # noqa: PLC0415  one of two drivers

        self.connection = sqlite3.connect(folder / "podium.db")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA cache_size = -500000")

    def insert(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        marks = ", ".join("?" for _ in columns.split(","))
        self.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608

    def execute(self, statement: str) -> None:
        self.connection.execute(statement)


class PostgresTarget:
    """A connection that copies."""

    dialect: Dialect = "postgresql"

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415  one of two drivers

        self.connection = psycopg.connect(url)

    def insert(self, table: str, columns: str, rows: Iterable[Row]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def execute(self, statement: str) -> None:
        self.connection.execute(statement)


def fill(url: str | None, folder: Path, size: int) -> None:
    """Bring a new database to the schema and fill it: `size` runs, `size` versions of a tenth as many models."""
    open_store(url, folder).close()
    target = PostgresTarget(url) if url else SqliteTarget(folder)
    with closing(target.connection) as connection:
        _fill_runs(target, size)
        _fill_histories(target, size)
        _fill_logged_models(target, size)
        _fill_registry(target, size)
        if isinstance(target, PostgresTarget):  # identities do not notice keys that were given
            for table in ("projects", "runs", "metric_keys", "logged_models", "registered_models", "model_versions"):
                target.connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"  # noqa: S608
                )
        connection.commit()
        if isinstance(target, PostgresTarget):
            target.connection.autocommit = True
            target.connection.execute("VACUUM ANALYZE")


def run_id(number: int) -> str:
    """The public id of a run."""
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def model_name(number: int) -> str:
    """The name of a model."""
    return f"model-{number % 97:02}-{number}"


def spread(number: int, kind: int) -> float:
    """A number from 0 to 1 that looks random."""
    return (number * 2654435761 + kind * 40503) % 1_000_003 / 1_000_003


def run_tags(number: int, size: int) -> dict[str, str]:
    """Common ones, one that 20 runs share whatever the size, and one that every run has for itself."""
    return {
        "kind": "abcd"[number % 4],
        "mlflow.user": f"user{number % 10}",
        "mlflow.source.name": "train.py",
        "sweep": f"s{number // 20}" if number % 3 else f"s{number % max(1, size // 20)}",
        "commit": run_id(-number),
    }


def run_params(number: int) -> dict[str, str]:
    """A few values each, but for the seed."""
    return {"lr": f"0.{number % 5 + 1}", "seed": str(number)} | {
        f"p{i}": f"v{number % (i + 2)}" for i in range(PARAMS - 2)
    }


def version_tags(number: int) -> dict[str, str]:
    """Three with few values, one that 20 versions share, and one that every version has for itself."""
    return {
        "env": ("prod", "test", "dev")[number % 3],
        "framework": ("torch", "sklearn", "xgboost", "keras")[number % 4],
        "owner": f"team{number % 10}",
        "dataset": f"d{number // 20}",
        "commit": run_id(-number),
    }


def _fill_runs(target: Target, size: int) -> None:
    projects = [
        (key, TEAM, f"project-{key}", f"mlflow-artifacts:/{key}", START + key, START + key)
        for key in range(1, max(6, size // 10))
    ]
    target.insert("projects", "id, team_id, name, artifact_location, created_at, updated_at", projects)
    target.insert("project_tags", "project_id, key, value", ((row[0], "area", f"a{row[0] // 20}") for row in projects))
    numbers = range(1, size + 1)
    target.insert(
        "runs", "id, run_id, slug, project_id, name, user_id, status, start_time, end_time", (_run(n) for n in numbers)
    )
    target.insert(
        "run_tags", "run_id, key, value", ((n, *tag) for n in numbers for tag in sorted(run_tags(n, size).items()))
    )
    target.insert(
        "run_params", "run_id, key, value", ((n, *param) for n in numbers for param in sorted(run_params(n).items()))
    )
    target.insert("metric_keys", "id, key", ((i + 1, f"m{i}") for i in range(METRICS)))
    columns = "run_id, key_id, timestamp, step, value, is_nan"
    for table in ("metrics", "latest_metrics"):
        target.insert(
            table, columns, ((n, i + 1, START + n, 0, spread(n, i), 0) for n in numbers for i in range(METRICS))
        )
    files = (
        f"{BIG}/{run_id(n)}/artifacts/{name}"
        for n in numbers
        for name in ("model/MLmodel", "model/model.pkl", "plot.png")
    )
    target.insert(
        "artifact_files",
        "team_id, path, digest, size_bytes, updated_at",
        ((TEAM, path, "0" * 64, 1, START) for path in files),
    )


def _run(number: int) -> Row:
    project = BIG if number % 10 else 2 + number // 10 % 4
    status = "FAILED" if number % 50 == 1 else "RUNNING" if number % 7 == 0 else "FINISHED"
    started = START + number * 1000
    return (
        number,
        run_id(number),
        run_id(number),  # its slug
        project,
        f"run-{number % 89:02}-{number}",
        f"user{number % 10}",
        status,
        started,
        started + 500,
    )


def _fill_histories(target: Target, size: int) -> None:
    """Ten long histories, a twentieth of the points each."""
    rows = ((n, 1, START * 2 + t, t, spread(t, n), 0) for n in range(1, LONG_HISTORIES + 1) for t in range(1, size + 1))
    target.insert("metrics", "run_id, key_id, timestamp, step, value, is_nan", rows)


def _fill_logged_models(target: Target, size: int) -> None:
    numbers = range(1, size + 1)
    columns = "id, model_id, project_id, name, artifact_location, source_run_id, status, created_at, updated_at"
    target.insert("logged_models", columns, (_logged_model(n) for n in numbers))
    target.insert("logged_model_tags", "logged_model_id, key, value", ((n, "batch", f"b{n // 20}") for n in numbers))
    target.insert("logged_model_params", "logged_model_id, key, value", ((n, "depth", str(n % 5)) for n in numbers))
    columns = "logged_model_id, key_id, timestamp, step, run_id, value, is_nan"
    target.insert("logged_model_metrics", columns, ((n, 1, START + n, 0, n, spread(n, 7), 0) for n in numbers))


def _logged_model(number: int) -> Row:
    at = START + number * 1000
    return (
        number,
        f"m-{run_id(number)}",
        BIG,
        f"logged-{number % 50}",
        "mlflow-artifacts:/models",
        run_id(number),
        "READY",
        at,
        at,
    )


def _fill_registry(target: Target, size: int) -> None:
    models = max(2, size // 10)
    counts = [size // 10] + [0] * (models - 1)
    owners: list[tuple[int, int]] = []  # (model, number) of each version, oldest first
    for n in range(size):
        model = 0 if n % 10 == 0 else 1 + n % (models - 1)
        counts[model] += model != 0
        owners.append((model + 1, n // 10 + 1 if model == 0 else counts[model]))
    columns = "id, team_id, name, next_version, created_at, updated_at"
    rows = ((m + 1, TEAM, model_name(m + 1), counts[m] + 1, START + m, START + m * 10) for m in range(models))
    target.insert("registered_models", columns, rows)
    target.insert(
        "registered_model_tags", "model_id, key, value", ((m + 1, "area", f"a{m // 20}") for m in range(models))
    )
    columns = "id, model_id, version, source, location, run_id, stage, status, created_at, updated_at"
    versions = (_version(n + 1, *owner, counts[owner[0] - 1]) for n, owner in enumerate(owners))
    target.insert("model_versions", columns, versions)
    tags = ((n, *tag) for n in range(1, size + 1) for tag in sorted(version_tags(n).items()))
    target.insert("model_version_tags", "version_id, key, value", tags)
    newest = {model: n + 1 for n, (model, _) in enumerate(owners)}
    target.insert(
        "model_aliases", "model_id, alias, version_id", ((model, "champion", n) for model, n in sorted(newest.items()))
    )
    _fill_events(target, owners, counts)


def _version(key: int, model: int, number: int, last: int) -> Row:
    newest = last if last % 2 else last - 1
    stage = "None" if number % 2 == 0 else "Production" if number == newest else "Archived"
    run = run_id(key)
    source = f"mlflow-artifacts:/{BIG}/{run}/artifacts/model"
    at = START + key * 1000
    return (key, model, number, source, source, run, stage, "READY", at, at)


def _fill_events(target: Target, owners: Sequence[tuple[int, int]], counts: Sequence[int]) -> None:
    last: Event | None = None
    columns = "seq, at, actor, team_id, entity, entity_id, entity_name, action, before, after, previous_hash, hash"

    def events() -> Iterator[Row]:
        nonlocal last
        for at, change in _changes(owners, counts):
            seq, hashed = (last.seq, last.hash) if last else (0, "")
            last = chain(change, seq=seq + 1, at=at, actor=f"{ACTOR}{seq % 10}", team_id=TEAM, previous_hash=hashed)
            yield tuple(getattr(last, column) for column in columns.split(", "))

    target.insert("events", columns, events())
    assert last is not None, "there are models"
    target.execute("DELETE FROM event_chain")
    target.insert("event_chain", "id, seq, hash", [(1, last.seq, last.hash)])
    for statement in _derivations(target.dialect):
        target.execute(statement)


def _derivations(dialect: Dialect) -> list[str]:
    """The statements with which migrations fill tables from the events of databases that are older."""
    statements = [statement for _, _, script in migrations() for statement in ddl(script, dialect)]
    return [statement for statement in statements if statement.startswith("INSERT INTO version_standings")]


def _changes(owners: Sequence[tuple[int, int]], counts: Sequence[int]) -> Iterator[tuple[int, Change]]:
    for m in range(len(counts)):
        name = model_name(m + 1)
        yield START + m, Change("registered_model", str(m + 1), name, "create", after={"name": name})
    for n, (model, number) in enumerate(owners):
        at, name = START + (n + 1) * 1000, model_name(model)
        state = {"name": name, "version": number, "stage": "None", "aliases": [], "tags": version_tags(n + 1)}
        yield at, Change("model_version", f"{model}/{number}", f"{name}/{number}", "create", after=state)
        for moved, before, after in _moves(number):
            change = Change(
                "model_version",
                f"{model}/{moved}",
                f"{name}/{moved}",
                "transition_stage",
                {"stage": before},
                {"stage": after},
            )
            yield at, change


def _moves(number: int) -> Iterator[tuple[int, str, str]]:
    """Every second version goes to Production as it comes and is archived by the next such one."""
    if number % 2 and number > 2:
        yield number - 2, "Production", "Archived"
    if number % 2:
        yield number, "None", "Production"
