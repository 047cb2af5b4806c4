"""The lineage graph: drawn, folded, steered by keys, and told as a list."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.pages_story import T0, Story

CHAINS = 166  # with the dataset they share, 499 things


@pytest.fixture(scope="module")
def few(story: Story) -> None:
    """data -> run -> logged model -> version."""
    _chains(story, "few", 1)


def _chains(story: Story, name: str, count: int) -> None:
    project = story.project(name)
    story.model(name)
    data = {"dataset": {"name": f"{name}-data", "digest": "d1", "source_type": "x", "source": "y"}, "tags": []}
    for number in range(count):
        run = story.post("runs/create", experiment_id=project, run_name=f"{name} run {number}", start_time=T0)
        run_id = run["run"]["info"]["run_id"]
        story.post("runs/log-inputs", run_id=run_id, datasets=[data])
        made = story.post("logged-models", experiment_id=project, name=f"{name}-model", source_run_id=run_id)
        model_id = made["model"]["info"]["model_id"]
        story.post("model-versions/create", name=name, source=f"models:/{model_id}", model_id=model_id)


def nodes(page: Page):
    return page.locator(".lineage-node")


@pytest.mark.usefixtures("few")
def test_a_version_shows_where_it_came_from_and_each_thing_leads_to_its_page(page: Page, picture):
    page.goto("/models/default/few/1?tab=lineage")
    expect(nodes(page)).to_have_count(4)
    expect(nodes(page).filter(has_text="few v1")).to_have_class(re.compile("is-start"))
    picture(page, "lineage")
    nodes(page).filter(has_text="few-data").click()
    expect(page).to_have_url(re.compile("/datasets/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("few-data")


@pytest.mark.usefixtures("few")
def test_keys_go_along_the_lineage_and_fold_it(page: Page):
    page.goto("/lineage/model_version/few%2F1")
    expect(nodes(page)).to_have_count(4)
    page.get_by_role("group", name="Lineage of few v1").focus()
    page.keyboard.press("Enter")
    expect(nodes(page).filter(has_text="few v1")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(nodes(page).filter(has_text="few-model")).to_be_focused()
    page.keyboard.press("Space")
    expect(nodes(page)).to_have_count(2)
    expect(nodes(page).filter(has_text="few-model")).to_be_focused()
    page.keyboard.press("Space")
    expect(nodes(page)).to_have_count(4)
    before = page.locator(".lineage-view svg > g").get_attribute("transform")
    page.keyboard.press("+")
    assert page.locator(".lineage-view svg > g").get_attribute("transform") != before


@pytest.mark.usefixtures("few")
def test_it_can_be_read_as_a_list(page: Page):
    page.goto("/lineage/dataset/1?depth=2")
    page.get_by_text("As a list").click()
    made = page.get_by_role("region", name="Made of it").get_by_role("list").first
    expect(made).to_contain_text(re.compile("few run 0.*Run.*few-model.*Logged model", re.DOTALL))
    expect(made.get_by_role("link", name="few v1")).to_have_count(0)  # three steps away
    page.get_by_role("link", name="All", exact=True).click()
    page.get_by_text("As a list").click()
    expect(page.get_by_role("link", name="few v1", exact=True)).to_have_attribute("href", "/models/default/few/1")


def test_five_hundred_things_are_drawn(page: Page, story: Story):
    _chains(story, "many", CHAINS)
    page.goto("/models/default/many/1?tab=lineage")
    nodes(page).filter(has_text="many-data").click()
    expect(nodes(page)).to_have_count(3 * CHAINS + 1)
