"""Rows of traces, their tags, metadata and links."""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import structs

from podium.domain.filters import Node
from podium.domain.traces import Assessment, Correlation, Trace
from podium.store.assessments import load_assessments
from podium.store.dialect import for_update, is_in, list_value
from podium.store.filters import Parameters, SideTable, Source, where
from podium.store.paging import Page, PageQuery, search_page
from podium.store.registries import outside
from podium.store.transaction import Row, Tx

COLUMNS = (
    "traces.id, traces.trace_id, traces.project_id, traces.request_time, traces.duration_ms, traces.state,"
    " traces.client_request_id, traces.request_preview, traces.response_preview, traces.is_final"
)
_SET = "project_id, request_time, duration_ms, state, client_request_id, request_preview, response_preview, is_final"


def _related(table: str, *columns: str) -> Source:
    return Source(table, f"{table}.trace_id", {name: f"{table}.{name}" for name in columns}, owner=f"{table}.trace_id")


SOURCE = Source(
    rows="traces",
    key="traces.id",
    attributes={
        **{
            name: f"traces.{name}"
            for name in ("trace_id", "project_id", "request_time", "duration_ms", "state", "client_request_id")
        },
        "ended_at": "(traces.request_time + COALESCE(traces.duration_ms, 0))",
    },
    nullable=frozenset({"duration_ms", "client_request_id"}),
    tags=SideTable("trace_tags", "trace_id"),
    params=SideTable("trace_metadata", "trace_id"),
    related={
        "span": _related("spans", "name", "type", "status", "content"),
        "link": _related("trace_links", "kind", "target"),
        "assessment": _related("assessments", "kind", "name", "valid", "value_text", "value_number"),
    },
)

_OUTSIDE = outside("traces.project_id")
Facts = Literal["trace_tags", "trace_metadata"]


def insert_trace(tx: Tx, team_id: int, trace: Trace) -> int | None:
    """The key of the new trace, or None when the team has one with this id."""
    names = _SET.split(", ")
    key: int | None = tx.value(
        f"INSERT INTO traces (team_id, trace_id, {_SET}) VALUES (:team, :trace_id, {', '.join(':' + n for n in names)})"
        " ON CONFLICT (team_id, trace_id) DO NOTHING RETURNING id",
        team=team_id,
        trace_id=trace.trace_id,
        **_values(trace),
    )
    return key


def update_trace(tx: Tx, key: int, trace: Trace) -> None:
    """Write everything of a trace but its id, tags and metadata."""
    changes = ", ".join(f"{name} = :{name}" for name in _SET.split(", "))
    tx.run(f"UPDATE traces SET {changes} WHERE id = :key", key=key, **_values(trace))


def upsert_facts(tx: Tx, table: Facts, key: int, facts: Mapping[str, str]) -> None:
    """Set tags or metadata of a trace."""
    tx.many(
        f"INSERT INTO {table} (trace_id, key, value) VALUES (:id, :key, :value)"
        " ON CONFLICT (trace_id, key) DO UPDATE SET value = excluded.value",
        [{"id": key, "key": name, "value": value} for name, value in sorted(facts.items())],
    )


def delete_tag(tx: Tx, key: int, name: str) -> bool:
    """Whether the trace had such a tag to delete."""
    return tx.count("DELETE FROM trace_tags WHERE trace_id = :id AND key = :key", id=key, key=name) > 0


def insert_links(tx: Tx, keys: Iterable[int], kind: Literal["run", "prompt"], targets: Iterable[str]) -> None:
    """Link each of the traces to each of the targets."""
    wanted = list(targets)
    tx.many(
        "INSERT INTO trace_links (trace_id, kind, target) VALUES (:id, :kind, :target) ON CONFLICT DO NOTHING",
        [{"id": key, "kind": kind, "target": target} for key in keys for target in wanted],
    )


def lock_trace(tx: Tx, team_id: int, trace_id: str) -> Trace | None:
    """The team's trace with this id, without tags and metadata, for a change in this transaction."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM traces WHERE team_id = :team AND trace_id = :id AND {_OUTSIDE}{for_update(tx.dialect)}",
        team=team_id,
        id=trace_id,
    )
    return None if row is None else _trace(row)


def find_keys(tx: Tx, team_id: int, trace_ids: list[str]) -> dict[str, int]:
    """The keys of those of the traces that the team has."""
    rows = tx.all(
        f"SELECT trace_id, id FROM traces WHERE team_id = :team AND {is_in('trace_id', 'ids', tx.dialect)}"
        f" AND {_OUTSIDE}",
        team=team_id,
        ids=list_value(trace_ids, tx.dialect),
    )
    return {row[0]: row[1] for row in rows}


def search_traces(
    tx: Tx,
    team_id: int,
    *,
    project_ids: list[int],
    query: PageQuery,
) -> Page:
    """The keys of a page of the traces of these projects, as far as they are the team's."""
    return search_page(
        tx,
        SOURCE,
        scope=_scope(project_ids),
        scope_parameters={"team": team_id},
        query=query,
    )


def count_correlation(
    tx: Tx, team_id: int, *, project_ids: list[int], base: Node, first: Node, second: Node
) -> Correlation:
    """How many of the traces for which `base` holds meet the one condition, the other, and both."""
    parameters = Parameters(tx.dialect, {"team": team_id})
    one, other = where(first, SOURCE, parameters), where(second, SOURCE, parameters)
    flags = f"CASE WHEN {one} THEN 1 ELSE 0 END AS a, CASE WHEN {other} THEN 1 ELSE 0 END AS b"
    rows = f"SELECT {flags} FROM traces WHERE {_scope(project_ids)} AND ({where(base, SOURCE, parameters)})"
    counted = tx.one(
        f"SELECT COUNT(*), COALESCE(SUM(a), 0), COALESCE(SUM(b), 0), COALESCE(SUM(a * b), 0) FROM ({rows}) AS counted",
        **parameters.values,
    )
    assert counted is not None, "an aggregate has one row"
    return Correlation(*(int(number) for number in counted))


def delete_traces(
    tx: Tx, team_id: int, project_id: int, *, before: int | None, trace_ids: list[str], most: int | None
) -> int:
    """Delete the oldest traces up to a time, or those named, and return how many."""
    conditions = ["team_id = :team", "project_id = :project"]
    parameters: dict[str, object] = {"team": team_id, "project": project_id}
    if before is not None:
        conditions.append("request_time <= :before")
        parameters["before"] = before
    if trace_ids:
        conditions.append(is_in("trace_id", "ids", tx.dialect))
        parameters["ids"] = list_value(trace_ids, tx.dialect)
    limit = "" if most is None else f" ORDER BY request_time, trace_id LIMIT {most}"
    chosen = f"SELECT id FROM traces WHERE {' AND '.join(conditions)}{limit}"
    return tx.count(f"DELETE FROM traces WHERE id IN ({chosen})", **parameters)


def load_traces(tx: Tx, keys: list[int]) -> list[Trace]:
    """The traces with these keys, in this order, with all but their spans, in four statements."""
    if not keys:
        return []
    inlined = ", ".join(str(key) for key in keys)
    traces = {row[0]: _trace(row) for row in tx.all(f"SELECT {COLUMNS} FROM traces WHERE id IN ({inlined})")}
    tags = _facts(tx, "trace_tags", inlined)
    metadata = _facts(tx, "trace_metadata", inlined)
    assessments = load_assessments(tx, {key: trace.trace_id for key, trace in traces.items()})
    return [_whole(traces[key], tags.get(key, {}), metadata.get(key, {}), assessments.get(key, [])) for key in keys]


def _whole(trace: Trace, tags: dict[str, str], metadata: dict[str, str], assessments: list[Assessment]) -> Trace:
    return structs.replace(trace, tags=tags, metadata=metadata, assessments=tuple(assessments))


def _facts(tx: Tx, table: Facts, inlined: str) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = tx.all(f"SELECT trace_id, key, value FROM {table} WHERE trace_id IN ({inlined}) ORDER BY key")
    for key, name, value in rows:
        found.setdefault(key, {})[name] = value
    return found


def _scope(project_ids: list[int]) -> str:
    wanted = ", ".join(str(key) for key in project_ids) or "NULL"
    return f"traces.team_id = :team AND traces.project_id IN ({wanted}) AND {_OUTSIDE}"


def _trace(row: Row) -> Trace:
    return Trace(*(*row[:-1], bool(row[-1])))


def _values(trace: Trace) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(trace, name) for name in _SET.split(", ")}
    return {**values, "is_final": int(trace.is_final)}
