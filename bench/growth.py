"""What questions take at two sizes of the database, side by side: nothing is to get slower by more than twice.

`python -m bench.growth` fills databases of 2,000 and 100,000 runs and versions in a temporary folder and asks each
question of both in turn. `--folder` keeps them, and takes those that are there. The services are called in process:
the cost of HTTP is the same at every size.
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench import growth_data as data
from bench.postgres import SCHEME, Cluster, running_cluster
from podium.blobs.local import LocalBlobs
from podium.domain.access import Actor
from podium.domain.filters import And
from podium.domain.registry import NewVersion
from podium.domain.runs import Run
from podium.protocols.mlflow.grammar import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Entity,
    parse_filter,
    parse_order,
)
from podium.services import Services
from podium.services.context import Context
from podium.services.searching import Found, Search
from podium.store.engine import open_store

SIZES = (2_000, 100_000)
DATABASES = ("sqlite", "postgresql")
ROUNDS = 30
ACTOR = Actor("bench")
PROJECT = str(data.BIG)
Ask = Callable[[int], Awaitable[Any]]


class Line(NamedTuple):
    """What one question takes on one database of one size."""

    database: str
    question: str
    size: int
    least_ms: float
    median_ms: float
    p95_ms: float


def _search(entity: Entity, text: str = "", order: tuple[str, ...] = (), limit: int = 100) -> Search:
    condition = parse_filter(text, entity) if text else And()
    return Search(condition, parse_order(order, entity), limit)


class Questions:
    """The questions; each takes the number of its round, so that no two rounds ask for the same."""

    def __init__(self, services: Services, size: int) -> None:
        self._services = services
        self._size = size
        self._tokens: dict[Any, list[str | None]] = {}

    def all(self) -> dict[str, Ask]:
        """Every question by its name."""
        return {**self._runs(), **self._registry(), **self._others()}

    async def _runs_found(self, text: str = "", *order: str, limit: int = 100) -> Found[Run]:
        return await self._services.run_search.search(ACTOR, [PROJECT], _search(RUNS, text, order, limit), "active")

    def _runs(self) -> dict[str, Ask]:
        find, own = self._runs_found, range(self._size)
        common = "metrics.m0 > 0.5 AND params.lr = '0.2' AND tags.kind = 'b'"
        return {
            "runs: metric, param, rare tag, by metric": lambda n: find(
                f"metrics.m0 > 0.5 AND params.lr = '0.1' AND tags.sweep = 's{n}'", "metrics.m0 DESC"
            ),
            "runs: metric, param, common tag, by metric": lambda n: find(common, "metrics.m0 DESC", limit=20),
            "runs: metric, param, common tag": lambda n: find(common, limit=20),
            "runs: metric, param, tag, never together": lambda n: find(
                "metrics.m0 > 0.5 AND params.lr = '0.1' AND tags.kind = 'a'", "metrics.m0 DESC"
            ),
            "runs: a param that one run has": lambda n: find(f"params.seed = '{own[-n - 1]}'"),
            "runs: rare high metric, by metric": lambda n: find(
                f"metrics.m1 > {1 - 20 / self._size}", "metrics.m1 ASC"
            ),
            "runs: all, by metric": lambda n: find("", "metrics.m2 DESC"),
            "runs: all, by metric ascending": lambda n: find("", "metrics.m2 ASC"),
            "runs: start_time, status": lambda n: find(
                f"attributes.start_time > {data.START + (self._size - 400) * 1000} AND attributes.status = 'FAILED'"
            ),
            "runs: status FAILED": lambda n: find("attributes.status = 'FAILED'", limit=20),
            "runs: name = one": lambda n: find(f"attributes.run_name = 'run-{(n + 1) % 89:02}-{n + 1}'"),
            "runs: name LIKE start%": lambda n: find(f"attributes.run_name LIKE 'run-{own[-n] % 89:02}-{own[-n]}%'"),
            "runs: name LIKE %common%": lambda n: find("attributes.run_name LIKE '%-1%'"),
            "runs: name LIKE %rare%": lambda n: find(f"attributes.run_name LIKE '%9-{self._size - n % 10}%'"),
            "runs: first 100": lambda n: find(),
            "runs: first 1,000": lambda n: find(limit=1000),
            **{f"runs: page {page} of 2": self._page(page, limit=2) for page in (1, 10, 100, 900)},
            **{
                f"runs: filtered page {page} of 1": self._page(page, "params.lr = '0.1'", limit=1)
                for page in (1, 100, 300)
            },
            "runs: last page of 100": self._page(self._size * 9 // 1000, limit=100),
            "runs: by metric, page 300 of 2": self._page(300, "", "metrics.m2 DESC", limit=2),
            "runs: of a tag, two projects": lambda n: self._services.run_search.search(
                ACTOR, ["1", "2"], _search(RUNS, f"tags.sweep = 's{n}'"), "active"
            ),
            "runs: first 100 of two projects": lambda n: self._services.run_search.search(
                ACTOR, ["1", "2"], _search(RUNS), "active"
            ),
        }

    def _page(self, page: int, text: str = "", *order: str, limit: int) -> Ask:
        """A question for one page; its token is found out once, before the clock starts."""

        async def ask(_: int) -> Found[Run]:
            key = (page, text, order)
            search = _search(RUNS, text, order, limit)
            if key not in self._tokens:
                self._tokens[key] = [await self._token(search, page)]
            whole = Search(search.condition, search.order, limit, self._tokens[key][0])
            return await self._services.run_search.search(ACTOR, [PROJECT], whole, "active")

        return ask

    async def _token(self, search: Search, page: int) -> str | None:
        """The token of a page: as pages of the same query, whatever their length, have tokens of one kind."""
        if page == 1:
            return None
        before = Search(search.condition, search.order, search.limit * (page - 1))
        return (await self._services.run_search.search(ACTOR, [PROJECT], before, "active")).next_page_token

    def _registry(self) -> dict[str, Ask]:
        services, size = self._services, self._size
        many = data.model_name(data.MANY)

        async def versions(text: str, *order: str, limit: int = 100) -> Any:
            return await services.versions.search(ACTOR, _search(MODEL_VERSIONS, text, order, limit))

        async def models(text: str = "", *order: str, limit: int = 100) -> Any:
            return await services.registry.search(ACTOR, _search(REGISTERED_MODELS, text, order, limit))

        def one(n: int) -> str:
            return data.model_name(2 + n)

        return {
            "models: first 100": lambda n: models(),
            "models: last updated 100": lambda n: models("", "last_updated_timestamp DESC"),
            "models: name LIKE start%": lambda n: models(f"name LIKE 'model-{n:02}-1%'", limit=2),
            "models: name ILIKE %common%": lambda n: models("name ILIKE '%DEL-%'"),
            "models: by tag": lambda n: models(f"tags.area = 'a{n % 9}'"),
            "versions: first 100": lambda n: versions(""),
            "versions: by name": lambda n: versions(f"name = '{one(n)}'"),
            "versions: by name, of very many": lambda n: versions(f"name = '{many}'"),
            "versions: by name, of very many, by number": lambda n: versions(f"name = '{many}'", "version_number ASC"),
            "versions: by run_id": lambda n: versions(f"run_id = '{data.run_id(n + 1)}'"),
            "versions: one rare tag": lambda n: versions(f"tags.dataset = 'd{n}'"),
            "versions: one common tag": lambda n: versions("tags.env = 'prod'"),
            "versions: three tags, one rare": lambda n: versions(
                f"tags.env = 'prod' AND tags.framework = 'torch' AND tags.dataset = 'd{n}'"
            ),
            "versions: three common tags": lambda n: versions(
                f"tags.env = 'prod' AND tags.framework = 'torch' AND tags.owner = 'team{n % 5 * 2}'", limit=20
            ),
            "versions: three tags, never together": lambda n: versions(
                "tags.framework = 'torch' AND tags.owner = 'team1' AND tags.env = 'prod'"
            ),
            "versions: tag in one model of many": lambda n: versions(
                f"name = '{many}' AND tags.commit = '{data.run_id(-(n * 10 + 1))}'"
            ),
            "versions: by source_path": lambda n: versions(
                f"source_path = 'mlflow-artifacts:/{data.BIG}/{data.run_id(n + 1)}/artifacts/model'"
            ),
            "versions: all, by name": lambda n: versions("", "name ASC"),
            "versions: all, by creation": lambda n: versions("", "creation_timestamp DESC"),
            "versions: all, by number": lambda n: versions("", "version_number DESC"),
            "versions: prompts": lambda n: services.versions.search(ACTOR, _search(MODEL_VERSIONS), prompts=True),
            "alias": lambda n: services.promotion.get_by_alias(ACTOR, one(n), "champion"),
            "alias in a model of many": lambda n: services.promotion.get_by_alias(ACTOR, many, "champion"),
            "latest versions": lambda n: services.registry.latest_versions(ACTOR, one(n), []),
            "latest versions of many": lambda n: services.registry.latest_versions(ACTOR, many, []),
            "version": lambda n: services.versions.get(ACTOR, many, 1 + n),
            "new version in a model of many": lambda n: services.versions.create(
                ACTOR, NewVersion(many, f"s3://bucket/{n}", tags={"env": "prod"})
            ),
            "stage long ago, of many": lambda n: services.registry_history.version_at(
                ACTOR, many, data.START + size * 500 + n, stage="Production"
            ),
            "stage now, of many": lambda n: services.registry_history.version_at(
                ACTOR, many, data.START * 2, stage="Production"
            ),
        }

    def _others(self) -> dict[str, Ask]:
        services = self._services
        long, short = (data.run_id(number) for number in (data.LONG_HISTORIES, self._size // 2))

        async def logged(text: str = "", *order: str) -> Any:
            return await services.logged_models.search(ACTOR, [PROJECT], _search(LOGGED_MODELS, text, order))

        return {
            "projects: first 100": lambda n: services.projects.search(ACTOR, _search(EXPERIMENTS), "active"),
            "projects: by update": lambda n: services.projects.search(
                ACTOR, _search(EXPERIMENTS, "", ("last_update_time DESC",)), "active"
            ),
            "projects: name = one": lambda n: services.projects.search(
                ACTOR, _search(EXPERIMENTS, f"name = 'project-{n + 1}'"), "active"
            ),
            "projects: by tag": lambda n: services.projects.search(
                ACTOR, _search(EXPERIMENTS, f"tags.area = 'a{n % 9}'"), "active"
            ),
            "logged models: first 100": lambda n: logged(),
            "logged models: by tag": lambda n: logged(f"tags.batch = 'b{n}'"),
            "logged models: of a run": lambda n: logged(f"source_run_id = '{data.run_id(n + 1)}'"),
            "logged models: rare high metric": lambda n: logged(f"metrics.m0 > {1 - 20 / self._size}"),
            "logged models: common param": lambda n: logged("params.depth = '1'"),
            "metric history, page": lambda n: services.metrics.history(ACTOR, long, "m0", limit=1000, page_token=None),
            "metric history, short": lambda n: services.metrics.history(
                ACTOR, short, "m1", limit=1000, page_token=None
            ),
            "run": lambda n: services.runs.get(ACTOR, data.run_id(n + 1)),
            "files of a run": lambda n: services.artifacts.list_folder(
                ACTOR, f"{PROJECT}/{data.run_id(n + 1)}/artifacts"
            ),
            "events: newest 100": lambda n: services.audit.list_events(ACTOR),
            "events: of an entity": lambda n: services.audit.list_events(
                ACTOR, entity="model_version", entity_id=f"{data.MANY}/{n + 1}"
            ),
            "events: of a kind": lambda n: services.audit.list_events(ACTOR, entity="registered_model"),
            "events: of a name": lambda n: services.audit.list_events(ACTOR, entity_name=data.model_name(2 + n)),
            "events: of an actor": lambda n: services.audit.list_events(ACTOR, by=f"{data.ACTOR}{n % 10}"),
            "events: of an action": lambda n: services.audit.list_events(ACTOR, action="create", limit=20),
            "events: within a time": lambda n: services.audit.list_events(
                ACTOR, since=data.START + 10_000, until=data.START + 500_000
            ),
        }


async def _measure(sides: dict[int, Questions], database: str, rounds: int, only: str) -> list[Line]:
    """Round after round, each question at every size in turn: what disturbs the machine hits all alike."""
    lines: list[Line] = []
    asked = {size: questions.all() for size, questions in sides.items()}
    for name in next(iter(asked.values())):
        if only not in name:
            continue
        times: dict[int, list[float]] = {size: [] for size in asked}
        for n in range(-3, rounds):  # the first ones warm up
            for size, taken in times.items():
                started = time.perf_counter()
                await asked[size][name](n % rounds)
                if n >= 0:
                    taken.append((time.perf_counter() - started) * 1000)
        for size, taken in times.items():
            lines.append(
                Line(database, name, size, min(taken), statistics.median(taken), sorted(taken)[int(len(taken) * 0.95)])
            )
    return lines


def measure(
    folder: Path,
    *,
    databases: tuple[str, ...] = DATABASES,
    sizes: tuple[int, ...] = SIZES,
    rounds: int = ROUNDS,
    only: str = "",
) -> list[Line]:
    """The table as data; what is missing in `folder` is filled first."""
    lines = []
    folder.mkdir(parents=True, exist_ok=True)
    for database in databases:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(running_cluster(folder)) if database == "postgresql" else None
            sides = {size: stack.enter_context(_side(folder / f"{database}-{size}", server, size)) for size in sizes}
            lines += asyncio.run(_measure(sides, database, rounds, only))
    return lines


@contextlib.contextmanager
def _side(folder: Path, server: Cluster | None, size: int) -> Iterator[Questions]:
    url = SCHEME + server.new_database(f"growth_{size}") if server else None
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "filled"
    if url or not done.exists():  # a cluster is new each time
        started = time.perf_counter()
        data.fill(url, folder, size)
        done.touch()
        print(f"{folder.name}: filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    store = open_store(url, folder)
    try:
        yield Questions(Services(Context(store=store, blobs=LocalBlobs(folder / "blobs"))), size)
    finally:
        store.close()


def table(lines: list[Line]) -> str:
    """The lines as a table in Markdown, the sizes side by side, with the ratio of the least times.

    Whatever else the machine does, the least time is not more than the work takes.
    """
    sizes = sorted({line.size for line in lines})
    found = {(line.database, line.question, line.size): line for line in lines}
    heads = [f"{size:,}: least ms | median | p95" for size in sizes]
    rows = [f"| database | question | {' | '.join(heads)} | ratio |", "|" + "---|" * (3 + 3 * len(sizes))]
    for database, question in dict.fromkeys((line.database, line.question) for line in lines):
        taken = [found[database, question, size] for size in sizes]
        figures = " | ".join(f"{line.least_ms:.2f} | {line.median_ms:.2f} | {line.p95_ms:.2f}" for line in taken)
        rows.append(f"| {database} | {question} | {figures} | {taken[-1].least_ms / taken[0].least_ms:.1f} |")
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the databases are kept; a temporary one else")
    parser.add_argument("--databases", default=",".join(DATABASES))
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="a part of the questions' names")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="growth-") as temporary:
        lines = measure(
            given.folder or Path(temporary),
            databases=tuple(given.databases.split(",")),
            sizes=tuple(map(int, given.sizes.split(","))),
            rounds=given.rounds,
            only=given.only,
        )
        print(table(lines))


if __name__ == "__main__":
    main()
