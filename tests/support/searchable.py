"""Runs and versions to search, made at random but the same each time, and what a search means, in plain Python."""

import math
import re
from functools import partial
from random import Random
from typing import Any

from msgspec import Struct

from podium.domain.filters import And, Comparison, Field, FieldKind, Node, Not, Operator, Or, Order
from podium.store.transaction import Tx

LONG = "long " * 60
TEXTS = ("a", "A", "ab", "a_b", "b%", "ü", "", "0.5", "-1e1", "2 b", "7.", LONG + "1", LONG + "2")
METRICS = ("m", "n", "rare")
KEYS = ("s", "t", "rare")


class Record(Struct):
    """A row with what belongs to it; attributes that are None are NULL."""

    key: int
    attributes: dict[str, Any]
    tags: dict[str, str]
    params: dict[str, str] = {}
    metrics: dict[str, float] = {}


def fill_runs(tx: Tx, number: int, project: int = 0) -> list[Record]:
    """Runs of a project."""
    random = Random(number)
    tx.insert("INSERT INTO metric_keys (id, key) VALUES (?, ?) ON CONFLICT DO NOTHING", list(enumerate(METRICS, 1)))
    records = [_run(random, project, i) for i in range(number)]
    for record in records:
        columns = ("run_id", "name", "user_id", "status", "start_time", "end_time")
        values = ", ".join(f":{column}" for column in columns)
        record.key = tx.value(
            f"INSERT INTO runs (project_id, slug, {', '.join(columns)})"
            f" VALUES (:project, :run_id, {values}) RETURNING id",
            project=project,
            **record.attributes,
        )
    for table, kept in (("run_tags", "tags"), ("run_params", "params")):
        _insert_texts(tx, table, "run_id", records, kept)
    points = [
        (record.key, METRICS.index(name) + 1, 0, 0, 0.0 if math.isnan(value) else value, int(math.isnan(value)))
        for record in records
        for name, value in record.metrics.items()
    ]
    tx.insert("INSERT INTO latest_metrics VALUES (?, ?, ?, ?, ?, ?)", points)
    return records


def fill_versions(tx: Tx, number: int) -> list[Record]:
    """Versions of a few models of the first team."""
    random = Random(number)
    records = []
    for i in range(number):
        model, version = i % 5, i // 5 + 1
        if version == 1:
            tx.run(
                "INSERT INTO registered_models (id, team_id, name, next_version, created_at, updated_at)"
                " VALUES (:id, 1, :name, 1, 0, 0)",
                id=model + 1,
                name=f"model_{model}",
            )
        attributes = {
            "run_id": random.choice((None, "r1", "r2", f"r{i}")),
            "source": random.choice(TEXTS),
            "created_at": random.randrange(4),
            "updated_at": random.randrange(4),
        }
        key = tx.value(
            "INSERT INTO model_versions (model_id, version, run_id, source, location, stage, status, created_at,"
            " updated_at) VALUES (:model, :version, :run_id, :source, '', 'None', 'READY', :created_at, :updated_at)"
            " RETURNING id",
            model=model + 1,
            version=version,
            **attributes,
        )
        attributes |= {"name": f"model_{model}", "version": version}
        records.append(Record(key, attributes, _texts(random)))
    _insert_texts(tx, "model_version_tags", "version_id", records, "tags")
    return records


def expected(records: list[Record], condition: Node, order: tuple[Order, ...]) -> list[int]:
    """The keys of the records that a search finds, in order."""
    found = sorted((record for record in records if _holds(condition, record)), key=lambda record: record.key)
    for item in reversed(order):
        values = {record.key: _value(item.field, record) for record in found}
        missing = [record for record in found if values[record.key] is None]
        nan = [record for record in found if values[record.key] != values[record.key]]
        there = [record for record in found if record not in missing and record not in nan]
        there.sort(key=lambda record, values=values: values[record.key], reverse=not item.ascending)
        found = [*there, *nan, *missing]
    return [record.key for record in found]


def _run(random: Random, project: int, number: int) -> Record:
    attributes = {
        "run_id": f"{random.randrange(10**9):09}-{project}-{number}",
        "name": random.choice(("one", "other", f"run-{number}", "Run-1")),
        "user_id": random.choice("uvw"),
        "status": random.choice(("RUNNING", "FINISHED", "FAILED")),
        "start_time": random.choice((0, 0, random.randrange(10_000))),
        "end_time": random.choice((None, random.randrange(3))),
    }
    metrics = {"m": random.choice((0.0, 0.5, 0.5, math.nan, -1.5, math.inf, random.random()))}
    metrics |= {"n": random.random()} if random.random() < 0.5 else {}
    metrics |= {"rare": 1.0} if random.random() < 0.1 else {}
    return Record(0, attributes, _texts(random), _texts(random), metrics)


def _texts(random: Random) -> dict[str, str]:
    chances = {"s": 1.0, "t": 0.6, "rare": 0.1}
    return {key: random.choice(TEXTS) for key, chance in chances.items() if random.random() < chance}


def _insert_texts(tx: Tx, table: str, owner: str, records: list[Record], kept: str) -> None:
    rows = [(record.key, *item) for record in records for item in getattr(record, kept).items()]
    tx.insert(f"INSERT INTO {table} ({owner}, key, value) VALUES (?, ?, ?)", rows)


def _value(field: Field, record: Record) -> Any:
    kept = {FieldKind.ATTRIBUTE: "attributes", FieldKind.TAG: "tags", FieldKind.PARAM: "params"}
    return getattr(record, kept.get(field.kind, "metrics")).get(field.key)


def _holds(node: Node, record: Record) -> bool:
    if isinstance(node, And):
        return all(_holds(item, record) for item in node.items)
    if isinstance(node, Or):
        return any(_holds(item, record) for item in node.items)
    if isinstance(node, Not):
        return not _holds(node.item, record)
    assert isinstance(node, Comparison)
    value = _value(node.field, record)
    if node.field.kind is FieldKind.PARAM and isinstance(node.value, float):
        value = {"0.5": 0.5, "-1e1": -10.0, "7.": 7.0}.get(value)
    if value is None or node.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return node.operator is (Operator.IS_NULL if value is None else Operator.IS_NOT_NULL)
    if isinstance(value, float) and math.isnan(value):
        return node.operator is Operator.NE
    return _TESTS[node.operator](value, node.value)


def _like(value: str, pattern: str, flags: int = 0) -> bool:
    parts = {"%": ".*", "_": "."}
    regex = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(regex, value, re.DOTALL | flags) is not None


_TESTS = {
    Operator.EQ: lambda value, other: value == other,
    Operator.NE: lambda value, other: value != other,
    Operator.LT: lambda value, other: value < other,
    Operator.LE: lambda value, other: value <= other,
    Operator.GT: lambda value, other: value > other,
    Operator.GE: lambda value, other: value >= other,
    Operator.LIKE: _like,
    Operator.ILIKE: partial(_like, flags=re.IGNORECASE),
    Operator.IN: lambda value, other: value in other,
    Operator.NOT_IN: lambda value, other: value not in other,
    Operator.CONTAINS: lambda value, other: other in value,
    Operator.MATCHES: lambda value, other: re.search(other, value) is not None,
}
