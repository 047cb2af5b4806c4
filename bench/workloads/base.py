"""What a workload is, and what it is given."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from bench.client import Connection, WrongAnswer
from bench.load import Load, Rate, Traffic
from bench.servers import Server
from bench.sizes import Sizes


class Setup(msgspec.Struct, frozen=True):
    """What is the same for every server."""

    sizes: Sizes
    load: Load


class Bound(msgspec.Struct, frozen=True):
    """A raw limit of the machine that no server can pass: `times` it, in the unit of the workload."""

    limit: str
    times: float = 1


class Workload(msgspec.Struct, frozen=True):
    """A piece of work. `run` does it once on a server and returns its figure, or raises when an answer is wrong."""

    run: Callable[[Server, Setup], float]
    unit: str
    bounds: tuple[Bound, ...] = ()
    origin: Literal["race", "own", "wandb"] = "race"

    @property
    def name(self) -> str:
        """What ONLY= calls it."""
        return self.run.__name__

    @property
    def meaning(self) -> str:
        """One line for the report."""
        return " ".join((self.run.__doc__ or "").split())


def drive(server: Server, setup: Setup, traffic: Traffic) -> Rate:
    """The rate of this traffic. Each request was sent once before, which shows a refusal in full."""
    with server.connect() as connection:
        for ask in traffic.asks:
            connection.send_raw(ask.method, *ask.numbered(1 if traffic.cycle else 0))
    return setup.load.drive(server, traffic, setup.sizes.seconds)


def median_ms(repeats: int, ask: Callable[[], Any]) -> tuple[float, Any]:
    """The median latency of `ask`, and its last answer."""
    took, answer = [], None
    for _ in range(repeats):
        started = time.perf_counter()
        answer = ask()
        took.append(time.perf_counter() - started)
    return statistics.median(took) * 1000, answer


def new_experiment(server: Server) -> str:
    """The id of an experiment with a name of its own."""
    created = server.call("POST", "/experiments/create", {"name": unique("experiment")})
    return str(created["experiment_id"])


def new_run(source: Server | Connection, experiment: str) -> str:
    """The id of a new run."""
    body = {"experiment_id": experiment, "start_time": now_ms()}
    return str(source.call("POST", "/runs/create", body)["run"]["info"]["run_id"])


def artifact_uri(server: Server, run: str) -> str:
    """Where the files of a run go."""
    return str(server.call("GET", f"/runs/get?run_id={run}")["run"]["info"]["artifact_uri"])


def proxied_files(server: Server, run: str) -> str:
    """The path below which the server takes the files of a run. Raises WrongAnswer when clients have to do it."""
    scheme, _, path = artifact_uri(server, run).partition(":")
    if scheme != "mlflow-artifacts":
        raise WrongAnswer("it takes no files: clients write them to a store of their own")
    return path.lstrip("/")


def unique(prefix: str) -> str:
    """A name that nothing on any server has yet."""
    return f"{prefix}-{random.getrandbits(60):015x}"


def now_ms() -> int:
    """The time as clients send it."""
    return int(time.time() * 1000)
