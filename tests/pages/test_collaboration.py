"""People talk about models and curves, watch them, look at what happened, and find things by name."""

import csv
import io
import json
import time
from collections.abc import Callable

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from support.pages_story import Story

SPIKE = "loss steps 40\u201360"
COMMENTS = "/comments?kind=model&id=iris&team=default"


@pytest.fixture(scope="module", autouse=True)
def models(story: Story):
    story.model_with_versions("iris", [0.81, 0.86])
    story.stage("iris", 2, "Production")
    story.alias("iris", "champion", 1)
    story.alias("iris", "champion", 2)


@pytest.fixture
def say(site: str) -> Callable[..., int]:
    def post(text: str, kind: str = "model", name: str = "iris", **given: object) -> int:
        answer = httpx.post(f"{site}/api/v1/comments", json={"kind": kind, "id": name, "text": text, **given})
        return int(answer.raise_for_status().json()["id"])

    return post


def test_a_thread_on_the_page_of_a_model(page: Page):
    page.goto("/models/default/iris")
    comments = page.locator("[data-comments]")
    comments.get_by_label("Say something").fill("Why is it **better**? <script>alert(1)</script>")
    comments.get_by_role("button", name="Preview").click()
    expect(comments.locator(".comment-preview strong")).to_have_text("better")
    comments.get_by_role("button", name="Comment", exact=True).click()
    thread = comments.get_by_role("article")
    expect(thread.locator(".markdown").first).to_contain_text("better? <script>")
    thread.locator("summary", has_text="Reply").click()
    thread.get_by_label("Your reply").fill("More data")
    thread.get_by_role("button", name="Reply").click()
    expect(comments.locator(".replies .comment")).to_contain_text("More data")
    expect(comments.get_by_role("heading", name="Comments 2")).to_be_visible()
    comments.locator(".replies").get_by_text("Edit").click()
    comments.locator(".replies").get_by_label("The comment").fill("Deeper trees")
    comments.locator(".replies").get_by_role("button", name="Save").click()
    expect(comments.locator(".replies .comment")).to_contain_text("edited")
    page.on("dialog", lambda dialog: dialog.accept())
    comments.get_by_role("button", name="Delete this comment").first.click()
    expect(comments.get_by_text("This comment was deleted.")).to_be_visible()
    expect(comments.locator(".replies .comment")).to_contain_text("Deeper trees")


def test_a_comment_on_a_spike_says_where_on_the_curve_it_is(page: Page, story: Story):
    run = story.run(story.project("spiky"), "spiky run", {"loss": 0.5})
    page.goto(f"/comments?kind=run&id={run}&team=default")
    said = "document.dispatchEvent(new CustomEvent('podium:comment-on', {detail: {metric: 'loss', from: 40, to: 60}}))"
    page.evaluate(said)
    expect(page.locator("[data-anchored]")).to_have_text(SPIKE)
    page.get_by_label("Say something").fill("What is this spike?")
    page.get_by_role("button", name="Comment", exact=True).click()
    place = page.get_by_role("button", name=SPIKE)
    expect(place).to_be_visible()
    page.evaluate("document.addEventListener('podium:show-range', (event) => { window.shown = event.detail; })")
    place.click()
    assert page.evaluate("window.shown") == {"metric": "loss", "from": 40, "to": 60}
    anchors = json.loads(page.locator("[data-anchors]").get_attribute("data-anchors") or "")
    assert [(each["metric"], each["from_step"], each["to_step"]) for each in anchors] == [("loss", 40, 60)]


def test_what_is_watched_is_told_in_the_feed_and_counted(page: Page, story: Story, say: Callable[..., int]):
    page.goto("/models/default/iris/2")
    page.get_by_role("button", name="Watch", exact=True).click()
    expect(page.get_by_role("button", name="Watching")).to_be_visible()
    page.goto("/feed")
    expect(page.get_by_role("complementary").get_by_role("link", name="iris v2")).to_be_visible()
    page.goto("/settings")
    assert page.locator(".count-new").count() == 0
    said = say("Ready to go", kind="version", name="iris/2")
    story.stage("iris", 2, "Staging")
    page.reload()
    expect(page.locator(".count-new")).to_have_text("2 new")
    page.get_by_role("link", name="Feed").click()
    story_of_comment = page.locator("main .feed li.is-new").filter(has_text="Ready to go")
    expect(story_of_comment).to_be_visible()
    expect(page.locator("main .feed li.is-new").filter(has_text="to Staging")).to_be_visible()
    story_of_comment.get_by_role("link", name="iris v2").click()
    expect(page.locator(f"#comment-{said}")).to_be_visible()
    page.goto("/feed")
    assert page.locator("main .is-new").count() == 0


def test_the_feed_says_where_on_a_curve_a_comment_is(
    page: Page, story: Story, site: str, say: Callable[..., int], picture
):
    run = story.run(story.project("bumpy"), "bumpy run", {"loss": 0.5})
    httpx.put(f"{site}/api/v1/watches/run/{run}").raise_for_status()
    for first, last in ((143, 143), (40, 60)):
        say(f"From {first}", "run", run, anchor={"metric": "loss", "from_step": first, "to_step": last})
    page.goto("/feed")
    told = page.locator("main .feed li")
    expect(told.filter(has_text="From 143")).to_contain_text("commented on bumpy run · loss at step 143")
    expect(told.filter(has_text="From 40")).to_contain_text(SPIKE)
    picture(page, "feed-curves")


def test_runs_of_a_watched_project_are_told_in_the_feed(page: Page, story: Story, picture):
    project = story.project("watched")
    page.goto("/default/watched")
    page.get_by_role("button", name="Watch", exact=True).click()
    expect(page.get_by_role("button", name="Watching")).to_be_visible()
    for name in ("heron", "ibis"):
        now = time.time_ns() // 1_000_000 + 1
        story.post("runs/create", experiment_id=project, run_name=name, start_time=now, user_id="ann")
    page.goto("/feed")
    told = page.locator("main .feed li.is-new").filter(has_text="ann began 2 runs in watched")
    expect(told.get_by_role("link", name="heron")).to_be_visible()
    picture(page, "feed-runs")
    told.get_by_role("link", name="ibis").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ibis")


def test_who_moved_the_alias(page: Page):
    page.goto("/activity")
    page.get_by_label("Name of the thing").fill("iris/2")
    page.get_by_label("Action").fill("set_alias")
    event = page.locator("#found li").filter(has_text="put the alias @champion on iris v2")
    expect(event).to_be_visible()
    expect(event.locator(".differences")).to_contain_text("1 → 2")
    expect(page.locator("#found li")).to_have_count(1)
    assert "name=iris%2F2" in page.url
    assert "by=" not in page.url
    page.reload()
    expect(page.locator("#found li")).to_have_count(1)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verdict")).to_contain_text("as they were written")
    event.get_by_role("link", name="iris v2").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("iris v2")


def test_an_export_has_exactly_what_the_filter_leaves(site: str):
    asked = "?name=iris%2F2&entity=model_version"
    rows = list(csv.DictReader(io.StringIO(httpx.get(f"{site}/activity/export.csv{asked}").text)))
    told = httpx.get(f"{site}/activity/export.json{asked}").json()
    assert [int(row["seq"]) for row in rows] == [event["seq"] for event in told]
    assert {row["entity_name"] for row in rows} == {"iris/2"}
    moved = next(event for event in told if event["action"] == "set_alias")
    assert (moved["before"]["version"], moved["after"]["version"]) == (1, 2)
    assert httpx.get(f"{site}/activity/export.json?entity=webhook").json() == []
    refused = httpx.get(f"{site}/activity/export.csv?since=yesterday")
    assert refused.status_code == 400
    assert "&#39;since&#39; is no time" in refused.text


def test_pages_of_events_follow_each_other(page: Page, story: Story):
    story.model("busy")
    for number in range(60):
        story.post("registered-models/set-tag", name="busy", key="k", value=str(number))
    page.goto("/activity?name=busy")
    expect(page.locator("#found li[data-row]")).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#found li[data-row]")).to_have_count(61)
    expect(page.locator("#found li[data-row]").last).to_contain_text("registered the model busy")


def test_the_palette_finds_things_and_does_things(page: Page, story: Story):
    story.run(story.project("palette"), "golden-finch", {"loss": 0.5})
    page.goto("/settings")
    page.keyboard.press("Control+k")
    field = page.get_by_placeholder("Models, versions")
    found = page.get_by_role("listbox", name="Found")
    expect(found.get_by_role("group", name="Models")).to_contain_text("iris")
    field.fill("golden")
    expect(found.get_by_role("group", name="Runs")).to_contain_text("golden-finch")
    field.fill("@cham")
    expect(found.get_by_role("group", name="Versions")).to_contain_text("iris v2")
    field.fill("light or dark")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("Enter")  # before the answer is there
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.keyboard.press("Control+k")
    field.fill("iris/1")
    expect(found.get_by_role("option", name="iris v1")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/models/default/iris/1")


def test_a_question_mark_lists_the_keys(page: Page):
    page.goto("/settings")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("Search everything")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/activity")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(new_page, theme: str, say: Callable[..., int], picture):
    say("A **thread**, @ann", name="iris")
    page: Page = new_page(color_scheme=theme, viewport={"width": 1360, "height": 900})
    found = {}
    for address in (COMMENTS, "/activity?name=iris", "/feed", "/people", "/settings"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found[address] = violations(page)
        picture(page, f"{address.partition('?')[0]}-open-{theme}")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("group", name="Models")).to_be_visible()
    found["palette"] = violations(page)
    picture(page, f"palette-{theme}")
    assert {address: problems for address, problems in found.items() if problems} == {}


def test_nothing_is_wider_than_a_telephone(new_page, picture):
    page: Page = new_page(viewport={"width": 360, "height": 740})
    for address in (COMMENTS, "/activity", "/feed", "/people", "/settings", "/teams/default"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        picture(page, f"{address.partition('?')[0]}-narrow")
        assert width <= 360, f"{address} is {width} pixels wide"


def violations(page: Page) -> list[tuple[str, list[str]]]:
    return [
        (each["id"], [node["html"][:150] for node in each["nodes"]][:3])
        for each in Axe().run(page).response["violations"]
    ]
