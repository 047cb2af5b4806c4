"""Runs and versions side by side: is the candidate better, and what does it change for those who call it?"""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from support.pages_story import T0, Story


@pytest.fixture(scope="module")
def runs(story: Story) -> list[str]:
    """Two runs with curves."""
    project = story.project("comparing")
    found = []
    for number, rate in enumerate(("0.1", "0.01")):
        run = story.run(project, f"rate {rate}", {"accuracy": 0.9 + number / 100}, {"rate": rate, "seed": "7"})
        points = [{"key": "loss", "value": 1 / (step + 1 + number), "timestamp": T0, "step": step} for step in range(9)]
        story.post("runs/log-batch", run_id=run, metrics=points)
        found.append(run)
    return found


@pytest.fixture(scope="module")
def versions(story: Story) -> None:
    """Two versions, the second of which takes one more input."""
    project = story.project("pricing-training")
    story.model("pricing")
    columns = [{"name": "age", "type": "long"}]
    for number in (1, 2):
        run = story.run(project, f"price {number}", {"rmse": 3.0 - number}, {"depth": str(number)})
        inputs = json.dumps(columns[:number] + [{"name": "income", "type": "double"}][: number - 1])
        story.file(project, run, "model/MLmodel", f"signature:\n  inputs: '{inputs}'\n".encode())
        story.file(project, run, "model/requirements.txt", f"numpy==2.{number}\n".encode())
        story.version("pricing", project, run)


@pytest.mark.usefixtures("runs")
def test_runs_are_chosen_and_seen_side_by_side(page: Page, picture):
    page.goto("/compare")
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    page.get_by_role("searchbox", name="Find runs").fill("rate 0.1")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("checkbox", name="rate 0.1").check()
    page.get_by_role("searchbox", name="Find runs").fill("rate 0.01")
    page.get_by_role("group", name="Begun last").get_by_role("checkbox", name="rate 0.01").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 runs")
    expect(page.get_by_role("row", name=re.compile("^accuracy"))).to_contain_text(
        re.compile("0.9.*0.91.*best", re.DOTALL)
    )
    expect(page.get_by_role("row", name=re.compile("^loss"))).to_contain_text("best")
    page.get_by_role("heading", name="Curves").scroll_into_view_if_needed()
    expect(page.locator('[data-curves][data-label="loss"]')).to_have_attribute("data-drawn", re.compile(r"\d+"))
    expect(page.get_by_role("img", name=re.compile("^Parameters and metrics that differ"))).to_be_visible()
    picture(page, "compare-runs")


def test_only_differences_are_shown_and_the_address_can_be_shared(page: Page, runs):
    page.goto(f"/compare?run={runs[0]}&run={runs[1]}")
    expect(page.get_by_role("row", name=re.compile("^seed"))).to_be_visible()
    page.get_by_role("link", name="Only differences").click()
    expect(page.get_by_role("row", name=re.compile("^rate"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^seed"))).to_have_count(0)
    expect(page).to_have_url(re.compile("only=differences"))
    page.get_by_role("link", name="Tell differences from rate 0.01").click()
    expect(page.get_by_text("told from the first one, rate 0.01")).to_be_visible()
    expect(page).to_have_url(re.compile("only=differences"))


def test_a_table_is_one_click_from_csv(page: Page, runs):
    answer = page.request.get(f"/compare?run={runs[0]}&run={runs[1]}&format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text().splitlines()
    assert lines[0] == "part,name,rate 0.1,rate 0.01"
    assert "Parameters,rate,0.1,0.01" in lines


@pytest.mark.usefixtures("versions")
def test_versions_tell_what_breaks_and_what_changed(page: Page, picture):
    page.goto("/compare?version=default/pricing/1&version=default/pricing/2")
    breaking = page.get_by_role("region", name="Breaking changes of the signature")
    expect(breaking).to_contain_text(re.compile("breaks Input income added"))
    files = page.get_by_role("region", name="Files")
    expect(files.get_by_role("row", name=re.compile("^requirements.txt"))).to_contain_text("changed")
    environment = page.get_by_role("region", name="Environment")
    expect(environment.get_by_role("row", name=re.compile("^numpy"))).to_contain_text(
        re.compile("==2.1.*==2.2", re.DOTALL)
    )
    # Less is better for an error.
    expect(page.get_by_role("row", name=re.compile("^rmse"))).to_contain_text(re.compile("2.*1best", re.DOTALL))
    picture(page, "compare-versions")


def test_what_cannot_be_compared_is_said(page: Page, runs):
    page.goto(f"/compare?run={runs[0]}&run=gone")
    expect(page.get_by_text("There is no run 'gone'.")).to_be_visible()
    page.goto(f"/compare?run={runs[0]}&version=default/pricing/1")
    expect(page.get_by_text("Either runs are compared or versions")).to_be_visible()
