"""Every page in both themes, looked at by axe-core; and at the width of a telephone nothing leaves the screen."""

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
    "/_design",
)


@pytest.fixture(scope="module", autouse=True)
def models(story: Story):
    story.model_with_versions("iris", [0.81, 0.86])
    story.stage("iris", 2, "Production")
    story.alias("iris", "champion", 2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(new_page, theme: str):
    page: Page = new_page(color_scheme=theme)
    found = {}
    for address in PAGES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        result = Axe().run(page)
        if result.violations_count:
            found[address] = [
                (violation["id"], [node["html"][:120] for node in violation["nodes"]][:4])
                for violation in result.response["violations"]
            ]
    assert found == {}


def test_nothing_is_wider_than_a_telephone(new_page):
    page: Page = new_page(viewport={"width": 360, "height": 740})
    for address in PAGES:
        page.goto(address)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{address} is {width} pixels wide"
