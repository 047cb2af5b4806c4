"""Who takes part: Podium, and of its peers those that are installed."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

BIN = Path(sys.executable).parent
PODIUM, MLFLOW, FASTTRACKML = "podium", "mlflow", "fasttrackml"
NAMES = (PODIUM, MLFLOW, FASTTRACKML)


class Peer(msgspec.Struct, frozen=True):
    """A server and its start commands, by database; {port}, {folder} and {address} (of the database) are filled in."""

    name: str
    version: str
    commands: dict[str, str]


class Absent(Exception):
    """A peer that is not installed, and how to get it."""


def podium() -> Peer:
    """The Podium of this working copy, as it starts by default."""
    command = f"{sys.executable} -m podium server --port {{port}} --data {{folder}}/data"
    return Peer(
        PODIUM,
        version("podium"),
        {"sqlite": command, "postgres": f"{command} --database-url 'postgresql://{{address}}'"},
    )


def mlflow() -> Peer:
    """`mlflow server` of the development environment, as it starts by default."""
    try:
        found = version("mlflow")
    except PackageNotFoundError as error:
        raise Absent("mlflow is not installed; `make .venv/.dev` does") from error
    # uvicorn ends workers that are not up within 5 s, which on a busy machine none is.
    command = (
        f"{BIN}/mlflow server --host 127.0.0.1 --port {{port}} --artifacts-destination {{folder}}/artifacts"
        " --uvicorn-opts '--timeout-worker-healthcheck 120' --backend-store-uri "
    )
    # mlflow brings no driver for PostgreSQL; Podium's serves it as well.
    stores = {"sqlite": "sqlite:///{folder}/mlflow.db", "postgres": "'postgresql+psycopg://{address}'"}
    return Peer(MLFLOW, found, {database: command + store for database, store in stores.items()})


def fasttrackml() -> Peer:
    """FastTrackML: the program that FML names, else `fml` on the PATH."""
    program = os.environ.get("FML") or shutil.which("fml")
    if not program or not shutil.which(program):
        raise Absent("FastTrackML is not installed; put its `fml` on the PATH, or name it with FML=")
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(\.\d+)+", told)
    command = f"{Path(program).resolve()} server -a 127.0.0.1:{{port}} --default-artifact-root {{folder}}/artifacts -d "
    stores = {"sqlite": "sqlite://{folder}/fml.db", "postgres": "'postgres://{address}'"}
    return Peer(
        FASTTRACKML, found[0] if found else "?", {database: command + store for database, store in stores.items()}
    )


def find(names: tuple[str, ...]) -> tuple[list[Peer], list[str]]:
    """The peers of these names that are installed, Podium first, and a sentence for each that is not."""
    there, absent = [podium()], []
    for name, look in ((MLFLOW, mlflow), (FASTTRACKML, fasttrackml)):
        if name not in names:
            continue
        try:
            there.append(look())
        except Absent as reason:
            absent.append(f"{reason}.")
    return there, absent
