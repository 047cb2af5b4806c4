"""The cabinet, a model and a version: what a data scientist and a reviewer look for first."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.pages_story import Story


@pytest.fixture(scope="module", autouse=True)
def models(story: Story):
    story.model_with_versions("iris", [0.81, 0.86, 0.93])
    story.stage("iris", 2, "Production")
    story.stage("iris", 3, "Staging")
    story.alias("iris", "champion", 2)
    story.model_with_versions("wine", [0.7])
    story.post("registered-models/set-tag", name="wine", key="task", value="classification")


def test_what_is_in_production_and_where_it_came_from(page: Page, picture):
    page.goto("/")
    row = page.get_by_role("row").filter(has_text="iris")
    expect(row.get_by_role("link", name="v2")).to_be_visible()
    expect(row).to_contain_text("@champion")
    expect(row.get_by_role("img", name="accuracy over 3 versions")).to_be_visible()
    picture(page, "cabinet")
    row.get_by_role("link", name="v2").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("iris v2")
    expect(page.get_by_role("row").filter(has_text="accuracy")).to_contain_text("0.86")
    expect(page.get_by_role("link", name="attempt 2")).to_be_visible()
    picture(page, "version")


def test_models_are_found_while_one_types(page: Page):
    page.goto("/")
    page.get_by_role("searchbox", name="Find a model").type("win")
    expect(page.get_by_role("row").filter(has_text="iris")).to_have_count(0)
    expect(page.get_by_role("link", name="wine")).to_be_visible()
    expect(page).to_have_url(re.compile("q=win"))  # the address can be shared
    page.goto("/?stage=Production")
    expect(page.get_by_role("link", name="wine")).to_have_count(0)
    page.goto("/?q=nothing-like-it")
    expect(page.get_by_role("heading", name="No model fits")).to_be_visible()


def test_the_board_has_a_column_a_stage(page: Page, picture):
    page.goto("/?view=board")
    expect(page.get_by_role("region", name="Production").get_by_role("link", name="iris")).to_be_visible()
    expect(page.get_by_role("region", name="No stage").get_by_role("link", name="wine")).to_be_visible()
    picture(page, "board")


def test_a_candidate_is_promoted(page: Page, story: Story, picture):
    page.goto("/models/default/iris")
    expect(page.get_by_role("heading", name="accuracy over versions")).to_be_visible()
    picture(page, "model")
    page.get_by_role("row").filter(has_text="v3").get_by_role("link", name="v3").click()
    page.get_by_label(re.compile("Stage of version 3")).click()
    page.get_by_role("button", name="Move to Production").click()
    expect(page.get_by_label(re.compile("Stage of version 3: Production"))).to_be_visible()
    assert story.standing("iris") == {"None": "1", "Archived": "2", "Production": "3"}


def test_a_move_that_somebody_else_was_faster_with_is_refused(page: Page, story: Story):
    page.route("**/live?*", lambda route: route.abort())  # else the page would say what happened
    page.goto("/models/default/wine/1")
    story.stage("wine", 1, "Archived")
    page.get_by_label(re.compile("Stage of version 1: None")).click()
    page.get_by_role("button", name="Move to Staging").click()
    expect(page.get_by_role("heading", name="Somebody was faster")).to_be_visible()
    assert story.standing("wine") == {"Archived": "1"}


def test_description_tags_and_aliases_are_changed_in_place(page: Page, story: Story):
    page.goto("/models/default/wine")
    page.get_by_text("Edit").click()
    page.get_by_role("textbox", name="Description").fill("Three **cultivars**, see [the data](https://example.org).")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".markdown strong")).to_have_text("cultivars")
    page.get_by_role("textbox", name="Key of a tag").fill("owner")
    page.get_by_role("textbox", name="Value of the tag").fill("ada")
    page.get_by_role("button", name="Set").click()
    expect(page.get_by_role("button", name="Take the tag owner off")).to_be_visible()
    page.get_by_role("button", name="Take the tag owner off").click()
    expect(page.get_by_role("button", name="Take the tag owner off")).to_have_count(0)
    page.get_by_role("textbox", name="Alias").fill("@candidate")
    page.get_by_role("spinbutton", name="Version").fill("1")
    page.get_by_role("button", name="Point").click()
    expect(page.get_by_role("button", name="Take the alias candidate off")).to_be_visible()
    found = story._call("GET", "registered-models/alias", {"name": "wine", "alias": "candidate"})
    assert found["model_version"]["version"] == "1"


def test_files_are_looked_at(page: Page, picture):
    page.goto("/models/default/iris/1?tab=files")
    page.get_by_role("link", name="MLmodel").click()
    expect(page.locator("#preview pre")).to_contain_text("python_function")
    page.get_by_text("notes.csv").click()
    expect(page.locator("#preview").get_by_role("columnheader", name="kind")).to_be_visible()
    picture(page, "version-files")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes().startswith(b"kind,count")


def test_a_table_is_a_file_for_spreadsheets(page: Page):
    answer = page.request.get("/models/default/iris?format=csv")
    lines = answer.text().splitlines()
    assert lines[0] == "version,stage,aliases,accuracy,user,run,created_ms,description"
    assert [line.split(",")[0] for line in lines[1:]] == ["3", "2", "1"]


def test_a_page_that_is_not_there_says_so(page: Page):
    for address in ("/models/default/none", "/models/default/iris/99", "/models/default/iris/x", "/models/nobody/iris"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", name="Not here")).to_be_visible()


@pytest.mark.parametrize("width", [1024, 1280])
def test_no_column_of_the_versions_is_cut_off(new_page, story: Story, width: int):
    project = story.project(f"names-{width}")
    run = story.run(project, "long", {"val/accuracy": 0.9})
    story.model(f"digit-network-{width}")
    story.version(f"digit-network-{width}", project, run)
    story.alias(f"digit-network-{width}", "candidate", 1)
    page = new_page(viewport={"width": width, "height": 900})
    page.goto(f"/models/default/digit-network-{width}")
    expect(page.get_by_role("columnheader", name="Registered")).to_be_visible()
    assert page.locator("#model-versions .table-scroll").evaluate("it => it.scrollWidth - it.clientWidth") == 0
