"""Servers in turn, round after round, so that a drift of the machine hits all of them."""

import http.client
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec

from bench.client import WrongAnswer
from bench.limits import Limit
from bench.machine import settle
from bench.peers import Peer
from bench.servers import NotStarted, Server, running
from bench.workloads.base import Setup, Workload

# One server's failure is a result of the race, not the end of it. A KeyError is an answer without the field asked for.
FAILURES = (WrongAnswer, NotStarted, OSError, http.client.HTTPException, KeyError, IndexError, ValueError)

_LIMIT = "limit"


class Result(msgspec.Struct):
    """The figures of every round by server, and why a server has none."""

    name: str
    unit: str
    figures: dict[str, list[float]] = {}
    failed: dict[str, str] = {}

    def median(self, server: str) -> float | None:
        """The figure of a server; None when a round failed."""
        figures = self.figures.get(server)
        return None if server in self.failed or not figures else statistics.median(figures)

    def ratio(self, ours: str, theirs: str) -> float | None:
        """How many times better `ours` is: more of a rate, less of a time or of memory."""
        better, worse = self.median(ours), self.median(theirs)
        if not better or not worse:
            return None
        return worse / better if self.unit in {"ms", "s", "MiB"} else better / worse


# Gives the address of an empty database for a server of that name; None where servers bring their own (SQLite).
NewAddress = Callable[[str], str]


class Race:
    """Peers over one kind of database, in a folder on the disk that is measured."""

    def __init__(
        self, peers: Iterable[Peer], place: Path, setup: Setup, rounds: int, new_address: NewAddress | None = None
    ) -> None:
        self._peers = list(peers)
        self._place = place
        self._setup = setup
        self._rounds = rounds
        self._new_address = new_address
        self._beside: dict[str, tuple[Result, Limit]] = {}  # by the workload

    def starts(self) -> list[Result]:
        """Seconds from the command to the first answer on an empty folder, and MiB of memory after it."""
        start, idle = Result("start", "s"), Result("idle", "MiB")

        def once(peer: Peer) -> float:
            with running(*self._command(peer)) as server:
                memory = server.resident_mib()
                if memory is not None:
                    idle.figures.setdefault(peer.name, []).append(memory)
                return server.start_s

        self._in_turn(start, {peer.name: partial(once, peer) for peer in self._peers})
        return [start, idle]

    def run(self, workloads: Iterable[Workload]) -> list[Result]:
        """The results of the workloads, and the memory of the servers after them."""
        with ExitStack() as stack:
            servers = [stack.enter_context(running(*self._command(peer))) for peer in self._peers]
            settle()
            results = [self._compare(workload, servers) for workload in workloads]
            return [*results, _loaded(servers)]

    def limits(self, measured: dict[str, Limit]) -> dict[str, Result]:
        """What the machine can do, as often as there are rounds.

        What belongs beside a workload is measured with that, and has its figures then.
        """
        results = {}
        for name, limit in measured.items():
            results[name] = Result(name, limit.unit)
            if limit.beside:
                self._beside[limit.beside] = results[name], limit
            else:
                self._in_turn(results[name], {_LIMIT: limit.measure})
        return results

    def _command(self, peer: Peer) -> tuple[str, str, Path, str]:
        if self._new_address is None:
            return peer.name, peer.commands["sqlite"], self._place, ""
        return peer.name, peer.commands["postgres"], self._place, self._new_address(peer.name)

    def _compare(self, workload: Workload, servers: list[Server]) -> Result:
        result = Result(workload.name, workload.unit)
        tries: dict[str, Callable[[], float]] = {
            server.name: partial(workload.run, server, self._setup) for server in servers
        }
        beside = self._beside.get(workload.name)
        if beside is None:
            self._in_turn(result, tries)
            return result
        limited, limit = beside
        self._in_turn(result, {**tries, _LIMIT: limit.measure})
        limited.figures[_LIMIT] = result.figures.pop(_LIMIT, [])
        if _LIMIT in result.failed:
            limited.failed[_LIMIT] = result.failed.pop(_LIMIT)
        return result

    def _in_turn(self, result: Result, tries: Mapping[str, Callable[[], float]]) -> None:
        for _ in range(self._rounds):
            for name, attempt in tries.items():
                if name in result.failed:
                    continue
                try:
                    result.figures.setdefault(name, []).append(attempt())
                except FAILURES as error:
                    result.failed[name] = f"{type(error).__name__}: {error}"[:300]
        medians = ", ".join(f"{name} {result.median(name) or float('nan'):,.1f}" for name in tries)
        print(f"{result.name} [{result.unit}]: {medians}", *result.failed.values(), file=sys.stderr, flush=True)


def _loaded(servers: list[Server]) -> Result:
    measured = {server.name: server.resident_mib() for server in servers}
    return Result("loaded", "MiB", {name: [mib] for name, mib in measured.items() if mib is not None})
