"""Pages in a real browser: Debian's Chromium, which `make test` installs where it is missing."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from support.pages_story import Story
from support.server import running_server

FLAGS = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Machines that run tests are busy: what is expected may take its time.
expect.set_options(timeout=20_000)

# A picture of every page that a test has visited is kept here for people to look at.
PICTURES = Path(os.environ.get("PAGE_PICTURES", Path(__file__).parents[2] / "data" / "page-pictures"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for a file: while one is there, Playwright's event loop runs, and no test could run one of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that the tests of a file share."""
    with running_server(tmp_path_factory.mktemp("site") / "podium") as url:
        yield url


@pytest.fixture(scope="module")
def story(site: str) -> Iterator[Story]:
    """Projects, runs, models and versions, told to the server through MLflow's protocol."""
    with Story(site) as story:
        yield story


@pytest.fixture
def new_page(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens pages of the site, each as a browser of its own; what goes wrong in one fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def make(**options: object) -> Page:
        context = browser.new_context(base_url=site, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("console", lambda message: _note(problems, message.type, message.text))
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One page of the site."""
    return new_page(viewport={"width": 1360, "height": 900})


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keeps a picture of a page under a name."""

    def keep(page: Page, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower())}.png", full_page=True)

    return keep


def _note(problems: list[str], kind: str, text: str) -> None:
    # A refused request is told on the console too, by the browser and by htmx; tests look at what the page says of it.
    # So is one that was under way when the page was left.
    told = ("Failed to load resource", "Response Status Error Code", "htmx:afterRequest", "htmx:sendError")
    if kind == "error" and not any(each in text for each in told):
        problems.append(f"console: {text}")
