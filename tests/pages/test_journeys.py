"""What people come for, from the first page on by clicks and keys alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.pages_story import T0, Story

Picture = Callable[[Page, str], None]


@pytest.fixture(scope="module", autouse=True)
def week(story: Story) -> None:
    """A model with one version in production and a better one that waits; and a run whose loss jumped."""
    story.model_with_versions("churn", [0.81, 0.86, 0.93])
    story.stage("churn", 2, "Production")
    story.alias("churn", "champion", 1)
    story.alias("churn", "champion", 2)
    run = story.run(story.project("vision"), "golden-finch", {"lr": 0.1})
    losses = [1 / (1 + step) + (5.0 if 60 <= step < 64 else 0.0) for step in range(100)]
    points = [
        {"key": "loss", "value": loss, "timestamp": T0 + step * 1000, "step": step} for step, loss in enumerate(losses)
    ]
    story.post("runs/log-batch", run_id=run, metrics=points)


def drawn(page: Page, metric: str) -> None:
    expect(page.get_by_role("group", name=f"Curve of {metric}").and_(page.locator("[data-drawn]"))).to_be_visible()


def test_what_is_in_production_and_where_it_came_from(page: Page, picture: Picture):
    page.goto("/")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="churn", exact=True))
    row.get_by_role("link", name="v2").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("churn v2")
    came_from = page.locator("#version-facts")
    expect(came_from).to_contain_text("attempt 2")
    page.get_by_role("link", name="Lineage").click()
    graph = page.locator("[data-lineage]")
    expect(graph.get_by_role("link", name=re.compile("attempt 2")).first).to_be_visible()
    picture(page, "journey-production-lineage")
    page.get_by_role("link", name="Overview").click()
    came_from.get_by_role("link", name="attempt 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("attempt 2")
    expect(page.locator("#run-config")).to_contain_text("seed")
    expect(page.locator("#run-models").get_by_role("link", name="churn v2")).to_be_visible()


def test_the_candidate_is_compared_with_production_and_promoted(page: Page, story: Story, picture: Picture):
    page.goto("/")
    page.get_by_role("link", name="churn", exact=True).click()
    page.locator("#model-versions").get_by_role("link", name="v3").click()
    page.get_by_role("link", name="Compare with Production").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Compare")
    accuracy = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="accuracy"))
    expect(accuracy).to_contain_text("0.93")
    expect(accuracy).to_contain_text("0.86")
    picture(page, "journey-compare")
    page.get_by_role("link", name=re.compile("v3")).first.click()
    page.get_by_label(re.compile("Stage of version 3")).click()
    page.get_by_role("button", name="Move to Production").click()
    expect(page.get_by_label(re.compile("Stage of version 3: Production"))).to_be_visible()
    assert story.standing("churn") == {"None": "1", "Archived": "2", "Production": "3"}


def test_a_spike_is_commented_on_and_shown_to_who_follows_the_link(page: Page, new_page, picture: Picture):
    page.goto("/")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Models, versions").fill("golden")
    page.get_by_role("option", name=re.compile("golden-finch")).click()
    page.get_by_role("link", name=re.compile("^Curves")).click()
    drawn(page, "loss")
    chart = page.get_by_role("group", name="Curve of loss")
    plot = chart.locator(".u-over").bounding_box()
    assert plot is not None
    page.keyboard.down("Shift")
    page.mouse.move(plot["x"] + plot["width"] * 0.59, plot["y"] + 60)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.66, plot["y"] + 70, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    chart.get_by_role("button", name=re.compile("Comment on steps")).click()
    expect(page.locator("[data-anchored]")).to_contain_text("loss steps")
    page.get_by_label("Say something").fill("Who changed the data *here*?")
    page.get_by_role("button", name="Comment", exact=True).click()
    mark = chart.get_by_role("button", name=re.compile("show the comment"))
    expect(mark).to_be_visible()
    picture(page, "journey-spike")
    page.get_by_role("button", name=re.compile("^Comments")).click()
    expect(page.locator("#said")).to_be_hidden()
    mark.click()
    expect(page.locator(".comment.is-shown")).to_contain_text("Who changed the data here?")
    link = page.locator(".comment header a").first.get_attribute("href")
    other: Page = new_page(viewport={"width": 1360, "height": 900})
    with other.expect_response(re.compile("/curves.*from=")) as part:
        other.goto(link)
    (curve,) = part.value.json()["curves"]
    assert curve["key"] == "loss"
    assert max(curve["y"]) > 5
    assert curve["x"][0] > 40
    expect(other.locator(".comment.is-shown")).to_be_visible()
    expect(other.get_by_role("button", name=re.compile("show the comment"))).to_be_visible()


def test_a_range_is_commented_on_with_keys_alone(page: Page):
    page.goto("/projects")
    page.get_by_role("link", name="vision").click()
    page.get_by_role("link", name="golden-finch").click()
    drawn(page, "loss")
    expect(page.get_by_label("Say something")).to_be_visible()
    chart = page.get_by_role("group", name="Curve of loss")
    chart.focus()
    page.keyboard.press("ArrowRight")  # from the middle
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    expect(page.locator("[data-anchored]")).to_have_text("loss steps 51\u201354")
    expect(page.get_by_label("Say something")).to_be_focused()
    page.keyboard.type("From the keyboard")
    page.keyboard.press("Control+Enter")
    expect(chart.get_by_role("button", name="loss, steps 51\u201354: show the comment")).to_be_visible()
    expect(chart.locator(".curve-chosen")).to_have_count(0)
    chart.focus()
    page.keyboard.press("Space")
    expect(chart.get_by_role("button", name="Comment on step 54")).to_be_visible()
    page.keyboard.press("Escape")
    expect(chart.locator(".curve-chosen")).to_have_count(0)


def test_who_moved_the_alias(page: Page, picture: Picture):
    page.goto("/")
    page.get_by_role("link", name="churn", exact=True).click()
    event = page.locator("#happened-to li").filter(has_text="put the alias @champion on churn v2")
    expect(event).to_contain_text("anonymous")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.get_by_label("Action").fill("set_alias")
    moved = page.locator("#found li").filter(has_text="@champion on churn v2")
    expect(moved.locator(".differences")).to_contain_text("1 \u2192 2")
    picture(page, "journey-alias")


def test_a_change_is_seen_in_a_second_browser_without_a_reload(new_page):
    mine, theirs = (new_page(viewport={"width": 1360, "height": 900}) for _ in range(2))
    for page in (mine, theirs):
        page.goto("/")
        page.evaluate("window.loadedOnce = true")
    mine.get_by_role("link", name="churn", exact=True).click()
    mine.get_by_role("textbox", name="Alias").fill("shadow")
    mine.get_by_role("spinbutton", name="Version").fill("1")
    mine.get_by_role("button", name="Point").click()
    expect(theirs.get_by_text("@shadow")).to_be_visible()
    theirs.get_by_role("link", name="churn", exact=True).click()
    theirs.evaluate("window.loadedOnce = true")
    mine.get_by_label("Say something").fill("It shadows production now")
    mine.get_by_role("button", name="Comment", exact=True).click()
    expect(theirs.locator("#threads")).to_contain_text("It shadows production now")
    theirs.locator("#threads summary", has_text="Reply").click()
    theirs.get_by_label("Your reply").fill("So I see")
    theirs.get_by_role("button", name="Reply").click()
    expect(mine.locator("#threads")).to_contain_text("So I see")
    assert theirs.evaluate("window.loadedOnce")
