"""Files through the server."""

import os
import time
from hashlib import sha256

from bench.client import FILES, MIB, expect, in_parallel, query
from bench.load import Ask, Traffic
from bench.servers import Server
from bench.workloads.base import Bound, Setup, Workload, drive, new_experiment, new_run, proxied_files

CONNECTIONS = 4
SMALL = 10 * 1024


def upload(server: Server, setup: Setup) -> float:
    """A file of 256 MiB of random bytes, one connection."""
    path, block = f"{_new_folder(server)}/weights.bin", os.urandom(MIB)
    with server.connect() as connection:
        started = time.perf_counter()
        connection.put_file(path, setup.sizes.blob_mib * MIB, block)
        took = time.perf_counter() - started
    server.kept["big file"] = path, block
    return setup.sizes.blob_mib / took


def download(server: Server, setup: Setup) -> float:
    """The file of 256 MiB, one connection."""
    if "big file" not in server.kept:
        upload(server, setup)
    path, block = server.kept["big file"]
    with server.connect() as connection:
        started = time.perf_counter()
        length = connection.get_file(path)
        took = time.perf_counter() - started
        expect("bytes", length, setup.sizes.blob_mib * MIB)
    _expect_file(server, path, block * setup.sizes.blob_mib)
    return setup.sizes.blob_mib / took


def small_files(server: Server, setup: Setup) -> float:
    """500 files of 10 KiB up, all the same, 4 connections."""
    return _put_all(server, [os.urandom(SMALL)] * setup.sizes.small_files)


def different_files(server: Server, setup: Setup) -> float:
    """500 files of 10 KiB up, no two the same, 4 connections."""
    return _put_all(server, [os.urandom(SMALL) for _ in range(setup.sizes.small_files)])


def _put_all(server: Server, blocks: list[bytes]) -> float:
    folder = _new_folder(server)

    def work(part: int) -> None:
        with server.connect() as connection:
            for number in range(part, len(blocks), CONNECTIONS):
                connection.put_file(f"{folder}/f{number}.bin", SMALL, blocks[number])

    started = time.perf_counter()
    in_parallel(work, range(CONNECTIONS), CONNECTIONS)
    took = time.perf_counter() - started
    _expect_file(server, f"{folder}/f{len(blocks) - 1}.bin", blocks[-1])
    return len(blocks) / took


def list_artifacts(server: Server, setup: Setup) -> float:
    """A run's folder of 20 files listed, 8 connections."""
    run = new_run(server, new_experiment(server))
    folder = f"{FILES}/{proxied_files(server, run)}/model"
    with server.connect() as connection:
        for number in range(20):
            connection.put_file(f"{folder}/f{number}.bin", 100, bytes(100))
    path = query("/artifacts/list", run_id=run, path="model")
    expect("files", len(server.call("GET", path)["files"]), 20)
    return drive(server, setup, Traffic((Ask("GET", path),))).per_second


def _new_folder(server: Server) -> str:
    return f"{FILES}/{proxied_files(server, new_run(server, new_experiment(server)))}"


def _expect_file(server: Server, path: str, content: bytes) -> None:
    got = sha256()
    with server.connect() as connection:
        connection.get_file(path, got.update)
    expect("SHA-256", got.hexdigest(), sha256(content).hexdigest())


WORKLOADS = (
    Workload(upload, "MiB/s", (Bound("plain write"), Bound("SHA-256"), Bound("loopback"))),
    Workload(download, "MiB/s", (Bound("loopback"),)),
    Workload(small_files, "files/s", (Bound("no-op POST"),)),
    Workload(different_files, "files/s", (Bound("small writes"), Bound("no-op POST")), "own"),
    Workload(list_artifacts, "requests/s", (Bound("no-op POST"),), "own"),
)
