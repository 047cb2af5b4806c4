"""Every page looked at by axe-core, in both themes, on a telephone and on the largest screens: nothing leaves them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from support.pages_story import Story

PAGES = (
    "/",
    "/?view=board",
    "/?q=nothing-like-it",
    "/models/default/iris",
    "/models/default/iris/2",
    "/models/default/iris/2?tab=files&path=MLmodel",
    "/models/default/none",
    "/models/default/iris/2?tab=lineage",
    "/artifacts",
    "/logged-models",
    "/datasets",
    "/activity",
    "/people",
    "/compare",
    "/compare?kind=version&pick=1",
    "/compare?version=default/iris/1&version=default/iris/2",
    "/_design",
)


@pytest.fixture(scope="module", autouse=True)
def models(story: Story):
    story.model_with_versions("iris", [0.81, 0.86])
    story.stage("iris", 2, "Production")
    story.alias("iris", "champion", 2)


# The parts that come by themselves once a page is shown are there.
WHOLE = """() => document.readyState === "complete"
  && [...document.querySelectorAll("main [hx-trigger=load]")].every((part) => part.childElementCount)"""


@pytest.mark.parametrize(("width", "theme"), [(1360, "light"), (360, "dark"), (2560, "light")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(new_page, width: int, theme: str):
    page: Page = new_page(color_scheme=theme, viewport={"width": width, "height": 900})
    found = {}
    for address in PAGES:
        page.goto(address)
        page.wait_for_function(WHOLE)
        shown = page.evaluate("document.documentElement.scrollWidth")
        assert shown <= width, f"{address} is {shown} pixels wide"
        result = Axe().run(page)
        if result.violations_count:
            found[address] = [
                (violation["id"], [node["html"][:120] for node in violation["nodes"]][:4])
                for violation in result.response["violations"]
            ]
    assert found == {}
