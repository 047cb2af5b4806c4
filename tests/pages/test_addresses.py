"""An address has all that one sees: what is folded, looked at and set; sent to somebody, it shows the same."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.pages_story import T0, Story


@pytest.fixture(scope="module", autouse=True)
def models(story: Story):
    story.model_with_versions("iris", [0.81, 0.86])


def test_the_file_that_is_looked_at_and_the_folders_that_are_open(page: Page, new_page):
    page.goto("/models/default/iris/1?tab=files")
    page.get_by_role("link", name="notes.csv").click()
    page.locator("summary", has_text="data").click()
    expect(page).to_have_url(re.compile("path=data%2Fnotes.csv&fold=data"))
    other = new_page()
    other.goto(page.url)
    expect(other.locator("#preview").get_by_role("columnheader", name="kind")).to_be_visible()
    expect(other.get_by_role("link", name="notes.csv")).to_be_hidden()
    other.locator("summary", has_text="data").click()
    expect(other).not_to_have_url(re.compile("fold="))
    expect(other.get_by_role("link", name="notes.csv")).to_have_attribute("aria-current", "true")


def test_what_is_folded_of_a_lineage(page: Page, story: Story, new_page):
    project = story.project("folded")
    run = story.run(project, "one", {"loss": 0.5})
    data = {"dataset": {"name": "folded-data", "digest": "d1", "source_type": "x", "source": "y"}, "tags": []}
    story.post("runs/log-inputs", run_id=run, datasets=[data])
    page.goto(f"/lineage/run/{run}")
    nodes = page.locator(".lineage-node")
    expect(nodes).to_have_count(2)
    nodes.filter(has_text="one").focus()
    page.keyboard.press("Space")
    expect(nodes).to_have_count(1)
    expect(page).to_have_url(re.compile("fold=up"))
    other = new_page()
    other.goto(page.url)
    expect(other.locator(".lineage-node")).to_have_count(1)


def test_how_curves_are_smoothed_in_a_comparison(page: Page, story: Story):
    project = story.project("smoothed")
    runs = [story.run(project, name, {"accuracy": 0.9}) for name in ("one", "two")]
    for run in runs:
        points = [{"key": "loss", "value": 1 / (step + 1), "timestamp": T0, "step": step} for step in range(5)]
        story.post("runs/log-batch", run_id=run, metrics=points)
    page.goto(f"/compare?run={runs[0]}&run={runs[1]}")
    page.get_by_role("slider", name="Smoothing").fill("0.5")
    expect(page).to_have_url(re.compile("smooth=0.5"))
    page.reload()
    expect(page.get_by_role("slider", name="Smoothing")).to_have_value("0.5")
    expect(page.locator("[data-curves]").first).to_have_attribute("data-smooth", "0.5")


def test_the_palette_knows_what_the_page_offers(page: Page):
    page.goto("/models/default/iris/1")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Models, versions").fill("lineage")
    here = page.get_by_role("group", name="On this page")
    expect(here.get_by_role("option")).to_have_text(["Lineage"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("tab=lineage"))
    expect(page.locator(".lineage-node").first).to_be_visible()
