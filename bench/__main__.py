"""`make bench`: the same work on Podium and on the peers that are installed, and what the machine can do at all.

The tables are printed. A whole race also writes them to docs/performance.md, and every figure to data/bench.
"""

import argparse
import importlib
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from bench import load, machine, peers, postgres, race, report
from bench.limits import Limit, limits
from bench.sizes import FULL, Sizes
from bench.workloads import OF_WANDB, WORKLOADS
from bench.workloads.base import Setup, Workload

PAGE = machine.ROOT / "docs" / "performance.md"
BESIDE = tuple(report.MEASURED_BESIDE)


def main(words: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    options = _parser().parse_args(words)
    options.place.mkdir(parents=True, exist_ok=True)
    if options.growth:
        return _growth(options)
    if options.pages:
        return _pages(options)
    client = load.client()
    if client.name != "wrk":
        print(load.WITHOUT_WRK, file=sys.stderr)
    chosen = _chosen(options)
    found = _race(options, chosen, Setup(_sizes(options), client))
    _publish(options, found, report.markdown(found, chosen))
    return 0


def _chosen(options: argparse.Namespace) -> list[Workload]:
    if options.only:
        return [workload for workload in (*WORKLOADS, *OF_WANDB) if workload.name in options.only]
    return list(OF_WANDB if options.wandb else WORKLOADS)


def _publish(options: argparse.Namespace, found: report.Report, tables: str) -> None:
    print(tables)
    part = bool(options.only) or set(options.peers) != set(peers.NAMES[1:]) or _sizes(options) != FULL
    report.write_json(
        found, options.place / f"{options.database}{'-wandb' if options.wandb else ''}{'-part' if part else ''}.json"
    )
    if part:
        print("\nA part of the race: docs/performance.md stays as it is.", file=sys.stderr)
    else:
        _write(f"{'W&B' if options.wandb else 'race'} on {options.database}", tables)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = (*(workload.name for workload in (*WORKLOADS, *OF_WANDB)), *BESIDE)
    parser.add_argument("--only", type=_names(names), default=(), help=f"some of {', '.join(names)}")
    parser.add_argument("--peers", type=_names(peers.NAMES[1:]), default=peers.NAMES[1:], help="some of the peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=FULL.runs, help="that are searched and listed")
    parser.add_argument("--versions", type=int, default=FULL.versions, help="that are registered")
    parser.add_argument("--blob-mib", type=int, default=FULL.blob_mib, help="of the file that goes up and down")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--wandb", action="store_true", help="the workloads of W&B's client instead")
    parser.add_argument("--growth", action="store_true", help="how answers grow with the data, instead of a race")
    parser.add_argument("--pages", action="store_true", help="how soon pages are there, in a browser")
    parser.add_argument("--place", type=Path, default=machine.ROOT / "data" / "bench", help="on the disk to measure")
    return parser


def _names(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """Turns "a,b" into names, and refuses those that are not known."""

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(filter(None, text.split(",")))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(known)}")
        return names

    return parse


def _sizes(options: argparse.Namespace) -> Sizes:
    return replace(FULL, runs=options.runs, versions=options.versions, blob_mib=options.blob_mib)


def _race(options: argparse.Namespace, chosen: list[Workload], setup: Setup) -> report.Report:
    takers, absent = peers.find(options.peers)
    for sentence in absent:
        print(sentence, file=sys.stderr)
    with _database(options) as cluster, TemporaryDirectory(dir=options.place) as kept:
        facts = machine.facts(options.place) | ({"PostgreSQL": cluster.version()} if cluster else {})
        known = limits(Path(kept), setup, cluster.new_database("limits") if cluster else None)
        needed = _needed(chosen, known)
        started = race.Race(takers, options.place, setup, options.rounds, cluster.new_database if cluster else None)
        measured = started.limits(needed)
        results = started.starts() if _asked(options, "start", "idle") and not options.wandb else []
        results += started.run(chosen)
        return report.Report(
            date=time.strftime("%Y-%m-%d"),
            command=_command(options),
            rounds=options.rounds,
            sent_by=f"wrk {machine.wrk_version()}" if setup.load.name == "wrk" else setup.load.name,
            facts=facts,
            versions={peer.name: peer.version for peer in takers},
            absent=absent,
            limits=measured,
            limit_meanings={name: limit.meaning for name, limit in needed.items()},
            results=[result for result in results if _asked(options, result.name)],
        )


def _asked(options: argparse.Namespace, *names: str) -> bool:
    return not options.only or any(name in options.only for name in names)


def _needed(chosen: list[Workload], known: dict[str, Limit]) -> dict[str, Limit]:
    names = {bound.limit for workload in chosen for bound in workload.bounds}
    return {name: limit for name, limit in known.items() if name in names}


@contextmanager
def _database(options: argparse.Namespace) -> Iterator[postgres.Cluster | None]:
    if options.database == "sqlite":
        yield None
    else:
        with postgres.running_cluster(options.place) as cluster:
            yield cluster


def _command(options: argparse.Namespace) -> str:
    command = "make bench-wandb" if options.wandb else "make bench"
    words = [command, f"ROUNDS={options.rounds}"]
    words += [f"DATABASE={options.database}"] if options.database != "sqlite" else []
    words += [f"ONLY={','.join(options.only)}"] if options.only else []
    words += [f"PEERS={','.join(options.peers)}"] if set(options.peers) != set(peers.NAMES[1:]) else []
    if _sizes(options) != FULL:
        words += [f"RUNS={options.runs}", f"VERSIONS={options.versions}", f"BLOB_MIB={options.blob_mib}"]
    return " ".join(words)


def _growth(options: argparse.Namespace) -> int:
    growth = importlib.import_module("bench.growth")
    table = growth.table(growth.measure(options.place / "growth"))
    print(table)
    _write("growth", table)
    return 0


def _pages(options: argparse.Namespace) -> int:
    page_times = importlib.import_module("bench.page_times")
    table = page_times.table(page_times.measure(options.place / "pages"))
    print(table)
    _write("pages", table)
    return 0


def _write(block: str, text: str) -> None:
    PAGE.write_text(report.replace_block(PAGE.read_text(), block, text))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are ended too
    sys.exit(main())
