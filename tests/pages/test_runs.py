"""Projects and runs: found, filtered, sorted, grouped, looked at, changed; and kept fresh while they log."""

import csv
import io
import json
import re

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from support.pages_story import T0, Story

expect.set_options(timeout=20_000)  # machines that run tests are busy

HOSTILE = "<script>window.hit='it ran'</script><img src=x onerror=alert(1)>"


def log_curve(story: Story, run: str, key: str, values: list[float], first: int = 0) -> None:
    """Points of a metric, a step and a second apart; NaN is told as MLflow's client does."""
    points = [
        {"key": key, "value": value if value == value else "NaN", "timestamp": T0 + 1000 * step, "step": step}  # noqa: PLR0124
        for step, value in enumerate(values, first)
    ]
    for start in range(0, len(points), 1000):
        story.post("runs/log-batch", run_id=run, metrics=points[start : start + 1000])


@pytest.fixture(scope="module")
def vision(story: Story) -> dict[str, str]:
    """A project with three runs, one of them with a long curve that has a spike, and files."""
    project = story.project("vision")
    runs = {
        name: story.run(project, name, {"loss": loss}, {"depth": depth, "lr": "0.1"})
        for name, loss, depth in (("one", 0.5, "2"), ("two", 0.25, "2"), ("three", 0.125, "3"))
    }
    values = [1 / (1 + step) for step in range(5_000)]
    values[3_210] = 7.5
    log_curve(story, runs["one"], "train/loss", values)
    story.file(project, runs["one"], "notes/read me.txt", b"hello")
    story.file(project, runs["one"], "page.html", f"<p>{HOSTILE}</p>".encode())
    return runs


def drawn(page: Page) -> None:
    expect(page.locator("[data-curves][data-drawn]").first).to_be_visible()


@pytest.mark.usefixtures("vision")
def test_a_project_is_found_and_its_runs_filtered_with_the_problem_told_under_the_box(page: Page, picture):
    page.goto("/projects")
    page.get_by_role("searchbox", name="Find a project").fill("visi")
    expect(page.locator("tbody tr")).to_have_count(1)
    picture(page, "projects")
    page.get_by_role("link", name="vision").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    box = page.get_by_role("searchbox", name="Filter the runs")
    box.fill("metrics.loss < 0.3 AND params.depth = '2'")
    expect(page.locator("tbody .row-title")).to_have_text(["two"])
    assert "metrics.loss" in page.url
    box.fill("metrics.loss <")
    expect(page.locator("#filter-problem")).to_contain_text("Invalid")
    box.fill("thre")
    expect(page.locator("tbody .row-title")).to_have_text(["three"])
    picture(page, "runs")


@pytest.mark.usefixtures("vision")
def test_runs_are_sorted_and_shown_with_chosen_columns_all_in_the_address(page: Page):
    page.goto("/default/vision")
    page.get_by_role("link", name="loss", exact=True).click()
    expect(page.locator("tbody .row-title")).to_have_text(["one", "two", "three"])
    page.get_by_role("link", name="loss").first.click()
    expect(page.locator("tbody .row-title")).to_have_text(["three", "two", "one"])
    page.get_by_text("Columns").click()
    for label in ("loss", "lr"):
        page.get_by_role("checkbox", name=label, exact=True).uncheck()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("thead")).not_to_contain_text("lr")
    assert "col=param" in page.url
    assert "order=metric" in page.url
    page.goto(page.url)  # as somebody who was sent the address
    expect(page.locator("tbody .row-title")).to_have_text(["three", "two", "one"])


@pytest.mark.usefixtures("vision")
def test_runs_are_grouped_and_a_group_leads_to_its_runs(page: Page):
    page.goto("/default/vision?group=param:depth&col=metric:loss&order=name&dir=asc")
    expect(page.locator("tbody tr").first).to_contain_text("0.375")
    page.get_by_role("link", name="2", exact=True).click()
    expect(page.locator("tbody .row-title")).to_have_text(["one", "two"])


def test_two_chosen_runs_lead_to_their_comparison(page: Page, vision):
    page.goto("/default/vision")
    compare = page.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()
    for name in ("one", "three"):
        page.get_by_role("checkbox", name=f"Select {name}").check()
    expect(page.get_by_text("2 selected")).to_be_visible()
    with page.expect_request(re.compile("/compare\\?")) as asked:
        compare.click()
    assert set(re.findall(r"run=(\w+)", asked.value.url)) == {vision["one"], vision["three"]}


def test_a_table_comes_as_csv_with_formulas_made_harmless(site: str, story: Story, vision):
    story.post("runs/set-tag", run_id=vision["two"], key="note", value="=1+1")
    text = httpx.get(f"{site}/default/vision/runs.csv?q=params.depth='2'&order=name&dir=asc&col=tag:note").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["name"], row["tag:note"]) for row in rows] == [("one", ""), ("two", "'=1+1")]
    assert "vision" in httpx.get(f"{site}/projects.csv").text
    one = httpx.get(f"{site}/runs/{vision['one']}", follow_redirects=True).url
    params = httpx.get(one, params={"format": "csv", "table": "params"}).text.splitlines()
    assert params[0] == "parameter,value"
    assert "depth,2" in params


def test_new_runs_and_new_states_appear_by_themselves(page: Page, story: Story):
    project = story.project("growing")
    run = story.post("runs/create", experiment_id=project, run_name="first", start_time=T0)["run"]["info"]["run_id"]
    page.goto("/default/growing")
    expect(page.locator("tbody .state")).to_have_text(["Running"])
    story.post("runs/update", run_id=run, status="FINISHED", end_time=T0 + 5)
    expect(page.locator("tbody .state")).to_have_text(["Finished"])
    story.run(project, "second", {"loss": 1.0})
    expect(page.locator("tbody .row-title")).to_have_count(2)


def test_a_long_curve_shows_its_spike_and_zooms_into_full_detail(page: Page, vision, picture):
    page.goto(f"/runs/{vision['one']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("one")
    drawn(page)
    chart = page.get_by_role("group", name="Curve of train/loss")
    assert int(chart.get_attribute("data-drawn")) <= 2_000
    picture(page, "run")
    box = chart.locator(".u-over").bounding_box()
    with page.expect_response(re.compile("/curves.*from=")) as part:
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=4)
        page.mouse.up()
    (curve,) = part.value.json()["curves"]
    assert curve["whole"]
    assert 7.5 in curve["y"]
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    assert "from=" in page.url
    chart.press("Escape")
    expect(page.get_by_role("button", name="Show all")).to_be_hidden()


def test_an_address_shows_the_part_that_somebody_saw(page: Page, vision):
    with page.expect_response(re.compile("/curves.*from=")) as part:
        page.goto(f"/default/vision/runs/{vision['one']}?part=curves&x=relative&from=10000&to=12000")
    (curve,) = part.value.json()["curves"]
    assert curve["x"] == [T0 + 10_000, T0 + 11_000, T0 + 12_000]
    expect(page.locator("[data-drawn='3']")).to_be_visible()


def test_a_curve_grows_while_its_run_logs(page: Page, story: Story):
    project = story.project("alive")
    run = story.post("runs/create", experiment_id=project, run_name="live", start_time=T0)["run"]["info"]["run_id"]
    log_curve(story, run, "loss", [1.0, float("nan"), 0.5])
    page.goto(f"/default/alive/runs/{run}?part=curves&x=relative&smooth=0.5")
    expect(page.locator("[data-drawn='3']")).to_be_visible()
    log_curve(story, run, "loss", [0.25], first=3)
    expect(page.locator("[data-drawn='4']")).to_be_visible()


def test_a_run_is_renamed_annotated_tagged_deleted_and_restored(page: Page, story: Story):
    run = story.run(story.project("edited"), "before", {"loss": 1.0})
    page.goto(f"/runs/{run}")
    page.get_by_text("Edit", exact=True).click()
    page.get_by_label("Name").fill("after")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("after")
    page.get_by_text("Write notes").click()
    page.get_by_label("Notes, in Markdown").fill("It is **good**.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".markdown strong")).to_have_text("good")
    page.get_by_label("Tag", exact=True).fill("kind")
    page.get_by_label("Value").fill("final")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.locator(".tag")).to_contain_text("final")
    page.get_by_role("button", name="Take off the tag kind").click()
    expect(page.locator(".tag")).to_have_count(0)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_text("Edit", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Deleted", exact=True)).to_be_visible()
    page.get_by_text("Edit", exact=True).click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Deleted", exact=True)).to_have_count(0)


def test_files_are_listed_and_nothing_of_them_runs_here(page: Page, vision):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(f"/default/vision/runs/{vision['one']}?part=files")
    page.get_by_role("link", name="notes").click()
    expect(page.get_by_role("link", name="read me.txt", exact=True)).to_be_visible()
    answer = page.request.get(f"/default/vision/runs/{vision['one']}/files/page.html?show=1")
    assert "sandbox" in answer.headers["content-security-policy"]
    saved = page.request.get(f"/default/vision/runs/{vision['one']}/files/notes/read%20me.txt")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.text() == "hello"


def test_names_of_clients_are_shown_and_do_not_run(page: Page, story: Story):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    run = story.run(story.project(HOSTILE), HOSTILE, {"loss": 1.0}, {"p": HOSTILE})
    log_curve(story, run, "loss", [1.0, 2.0])
    story.post("runs/set-tag", run_id=run, key="mlflow.note.content", value=HOSTILE)
    page.goto("/projects")
    page.get_by_role("link", name="<script>").first.click()
    expect(page.locator("tbody")).to_contain_text("<script>")
    page.locator("tbody .row-title").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    drawn(page)
    assert page.evaluate("window.hit") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_a_telephone_is_wide_enough(new_page, vision, theme: str):
    page: Page = new_page(color_scheme=theme, viewport={"width": 360, "height": 740})
    run = f"/default/vision/runs/{vision['one']}"
    parts = ("curves", "console", "media", "system", "files")
    addresses = ["/projects", "/default/vision", "/default/vision?group=param:depth", "/default/vision?q=a%3D", run]
    found = {}
    for address in (*addresses, *(f"{run}?part={part}" for part in parts)):
        page.goto(address)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
        result = Axe().run(page)
        if result.violations_count:
            found[address] = [
                (violation["id"], [node["html"][:160] for node in violation["nodes"]][:3])
                for violation in result.response["violations"]
            ]
    assert not found, json.dumps(found, indent=1)
