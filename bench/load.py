"""Many requests over several connections, counted: with `wrk` when it is installed, else from Python."""

import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from typing import Any, Protocol

import msgspec

from bench.client import WrongAnswer, full, in_parallel
from bench.servers import Server

NUMBER = "{n}"
BARE_NUMBER = "{bare n}"
WITHOUT_WRK = (
    "wrk is not installed (`apt-get install wrk`): requests are sent by threads of Python, which are slower than a fast"
    " server and share the machine with it. Compare such figures with no others."
)


class Ask(msgspec.Struct, frozen=True):
    """A request to repeat. `{n}` in the path and the body stands for its number."""

    method: str
    path: str
    body: str | None = None

    def numbered(self, number: int) -> tuple[str, bytes | None]:
        """Path and body of the request of this number."""
        body = None if self.body is None else self.body.replace(NUMBER, str(number)).encode()
        return full(self.path).replace(NUMBER, str(number)), body


class Traffic(msgspec.Struct, frozen=True):
    """Requests in turn, over so many connections. Numbers count up from 1, or go round from 1 to `cycle`."""

    asks: tuple[Ask, ...]
    connections: int = 8
    cycle: int = 0

    def number(self, count: int) -> int:
        """The number of the request that is the `count`-th."""
        return count % self.cycle + 1 if self.cycle else count


class Rate(msgspec.Struct, frozen=True):
    """How many requests were answered, and how many a second."""

    requests: int
    per_second: float


class Load(Protocol):
    """Sends traffic to a server for some seconds. Raises WrongAnswer when one answer is not 2xx."""

    name: str

    def drive(self, server: Server, traffic: Traffic, seconds: float) -> Rate:
        """The rate that the server kept up."""


class Wrk:
    """`wrk` with one thread: what is left of two cores is the server's."""

    name = "wrk"

    def drive(self, server: Server, traffic: Traffic, seconds: float) -> Rate:
        with tempfile.NamedTemporaryFile("w", suffix=".lua", dir=server.folder) as script:
            script.write(lua(traffic))
            script.flush()
            options = ["-t1", f"-c{traffic.connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
            command = ["wrk", *options, "-s", script.name, f"http://127.0.0.1:{server.port}"]
            return rate(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


class Threads:
    """A thread a connection, where there is no wrk."""

    name = "threads of Python"

    def drive(self, server: Server, traffic: Traffic, seconds: float) -> Rate:
        numbers, done = itertools.count(1), itertools.count()
        started = time.perf_counter()

        def work(_: int) -> None:
            with server.connect() as connection:
                while time.perf_counter() - started < seconds:
                    count = next(numbers)
                    ask = traffic.asks[count % len(traffic.asks)]
                    connection.send_raw(ask.method, *ask.numbered(traffic.number(count)))
                    next(done)

        in_parallel(work, range(traffic.connections), traffic.connections)
        requests = next(done)
        return Rate(requests, requests / (time.perf_counter() - started))


def client() -> Load:
    """wrk, if it is installed."""
    return Wrk() if shutil.which("wrk") else Threads()


def lua(traffic: Traffic) -> str:
    """The script that makes wrk send this traffic."""
    asks = ",\n".join(f"  function(n) return wrk.format({_arguments(ask)}) end" for ask in traffic.asks)
    number = f"count % {traffic.cycle} + 1" if traffic.cycle else "count"
    return (
        f'wrk.headers["Content-Type"] = "application/json"\nlocal count = 0\nlocal asks = {{\n{asks}\n}}\n'
        f"function request()\n  count = count + 1\n  return asks[count % {len(traffic.asks)} + 1]({number})\nend\n"
    )


def _arguments(ask: Ask) -> str:
    return f"{_text(ask.method)}, {_text(full(ask.path))}, nil, {_text(ask.body)}"


def _text(template: str | None) -> str:
    if template is None:
        return "nil"
    return "..n..".join(f"[==[{part}]==]" for part in template.split(NUMBER))


def rate(printed: str) -> Rate:
    """What wrk printed. Raises WrongAnswer when an answer failed."""
    if "Non-2xx" in printed or "Socket errors" in printed:
        raise WrongAnswer("; ".join(re.findall(r"(?:Non-2xx|Socket errors).*", printed)))
    requests = re.search(r"(\d+) requests in", printed)
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    if requests is None or per_second is None:
        raise WrongAnswer(f"wrk printed no rate: {printed[:200]}")
    return Rate(int(requests[1]), float(per_second[1]))


def compact(body: dict[str, Any]) -> str:
    """JSON for the body of an Ask. A value BARE_NUMBER becomes the number without quotes."""
    return json.dumps(body, separators=(",", ":")).replace(f'"{BARE_NUMBER}"', NUMBER)
