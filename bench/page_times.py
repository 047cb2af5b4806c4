"""How soon pages show what they are for, in headless Chromium: `make bench-pages` writes the table.

A page is timed from the navigation until a text or mark of it is visible, first with an empty cache, then with a warm
one; the figure is the median of five. The models page of `mlflow server` is opened in the same run.
"""

import random
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from bench import growth_data, peers
from bench.servers import Server, running

VISITS = 5
MODELS = 60
CHAINS = 166
CURVES, POINTS, BATCH = 10, 100_000, 1_000
MANY = 100_000  # runs and versions; a tenth as many models
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Shown(msgspec.Struct, frozen=True):
    """A page, and the selector of what it is opened for. `renew` makes the server forget it, before each cold visit."""

    name: str
    url: str
    mark: str
    height: int = 720  # of the window, in pixels
    renew: Callable[[], object] = lambda: None


class Line(msgspec.Struct, frozen=True):
    """What opening a page took."""

    page: str
    cache: str
    ms: float
    kib: float
    requests: float


def measure(place: Path) -> list[Line]:
    """Every page, cold and warm."""
    place.mkdir(parents=True, exist_ok=True)
    found, absent = peers.find((peers.MLFLOW,))
    for sentence in absent:
        print(sentence, file=sys.stderr)
    lines: list[Line] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        for peer in found:
            with running(peer.name, peer.commands["sqlite"], place) as server:
                for number in range(MODELS):
                    server.call("POST", "/registered-models/create", {"name": f"model-{number:03}"})
                time.sleep(20 if peer.name == peers.MLFLOW else 1)  # its other workers are still starting
                lines += _times(browser, _models_page(peer.name, server))
                if peer.name != peers.MLFLOW:
                    lines += _times(browser, _lineage_page(server))
                    lines += _times(browser, _run_page(server))
        with _filled(place) as server:
            url = f"http://127.0.0.1:{server.port}/"
            mark = "main .row-title"
            lines += _times(browser, Shown(f"Podium: cabinet, {MANY // 10:,} models, {MANY:,} versions", url, mark))
        browser.close()
    return lines


def table(lines: list[Line]) -> str:
    """The lines as Markdown."""
    rows = ["| page | cache | ms | KiB | requests |", "|---|---|---:|---:|---:|"]
    rows += [
        f"| {line.page} | {line.cache} | {line.ms:,.0f} | {line.kib:,.0f} | {line.requests:.0f} |" for line in lines
    ]
    return "\n".join(rows)


def _models_page(peer: str, server: Server) -> Shown:
    url = f"http://127.0.0.1:{server.port}/"
    if peer == peers.MLFLOW:
        return Shown(f"`mlflow server`: models, {MODELS}", f"{url}#/models", "text=model-001")
    return Shown(f"Podium: cabinet, {MODELS} models", url, "text=model-001")


def _lineage_page(server: Server) -> Shown:
    """A dataset that many runs read, each with the model that it logged, and the version that this became."""
    project = server.call("POST", "/experiments/create", {"name": "woven"})["experiment_id"]
    server.call("POST", "/registered-models/create", {"name": "woven"})
    data = {"dataset": {"name": "data", "digest": "d1", "source_type": "x", "source": "y"}, "tags": []}
    for number in range(CHAINS):
        run = server.call("POST", "/runs/create", {"experiment_id": project, "start_time": number})["run"]
        run_id = run["info"]["run_id"]
        server.call("POST", "/runs/log-inputs", {"run_id": run_id, "datasets": [data]})
        named = {"experiment_id": project, "name": f"m{number}", "source_run_id": run_id}
        model = server.call("POST", "/logged-models", named)["model"]["info"]["model_id"]
        version = {"name": "woven", "source": f"models:/{model}", "model_id": model}
        server.call("POST", "/model-versions/create", version)
    url = f"http://127.0.0.1:{server.port}/lineage/dataset/1"
    return Shown(f"Podium: lineage, {3 * CHAINS + 1} things", url, ".lineage-node")


def _run_page(server: Server) -> Shown:
    """A run with curves of many points, in a window that has room for all of them."""
    project = server.call("POST", "/experiments/create", {"name": "curved"})["experiment_id"]
    run = server.call("POST", "/runs/create", {"experiment_id": project})["run"]["info"]["run_id"]
    noise = random.Random(1)  # noqa: S311  no secrets are made of it
    with server.connect() as connection:
        for first in range(0, CURVES * POINTS, BATCH):
            key, steps = f"metric-{first // POINTS}", range(first % POINTS, first % POINTS + BATCH)
            points = [{"key": key, "value": noise.gauss(1, 0.1), "timestamp": step, "step": step} for step in steps]
            connection.call("POST", "/runs/log-batch", {"run_id": run, "metrics": points})

    def renew() -> None:
        server.call("POST", "/runs/set-tag", {"run_id": run, "key": "seen", "value": str(noise.random())})

    return Shown(
        f"Podium: run, {CURVES} curves of {POINTS:,} points",
        f"http://127.0.0.1:{server.port}/runs/{run}",
        f"[data-curves][data-drawn] >> nth={CURVES - 1}",
        height=3000,
        renew=lambda: server.call(
            "POST", "/runs/set-tag", {"run_id": run, "key": "seen", "value": str(noise.random())}
        ),
    )


@contextmanager
def _filled(place: Path) -> Iterator[Server]:
    """A Podium with as much as `make bench-growth` asks of."""
    command = peers.podium().commands["sqlite"]
    with running("filled", command, place) as empty:
        folder = empty.folder / "grown"
        folder.mkdir()
        growth_data.fill(None, folder, MANY)
        with running("large", command.replace("{folder}/data", str(folder)), place) as server:
            yield server


def _times(browser: Browser, page: Shown) -> list[Line]:
    lines = []
    for cache in ("cold", "warm"):
        size = ViewportSize(width=1280, height=page.height)
        context = browser.new_context(viewport=size)
        visits = []
        for _ in range(VISITS + 1):
            if cache == "cold":
                context.close()
                context = browser.new_context(viewport=size)
                page.renew()
            visits.append(_visit(context, page))
        context.close()
        ms, kib, requests = (statistics.median(column) for column in zip(*visits[1:], strict=True))
        lines.append(Line(page.name, cache, ms, kib, requests))
    return lines


def _visit(context: BrowserContext, shown: Shown) -> tuple[float, float, int]:
    page, loaded = context.new_page(), list[float]()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    started = time.perf_counter()
    page.goto(shown.url, wait_until="commit")
    page.locator(shown.mark).first.wait_for(timeout=60_000)
    took_s = time.perf_counter() - started
    page.wait_for_timeout(1000)  # what comes later is counted too
    page.close()
    return took_s * 1000, sum(loaded) / 1024, len(loaded)
