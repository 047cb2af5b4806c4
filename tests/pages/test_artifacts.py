"""Artifacts and datasets: found, looked into, compared with what was before, and changed in place."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from podium.app import Podium
from podium.domain.access import Actor
from podium.domain.runs import Dataset, DatasetInput
from podium.services import Services
from podium.settings import Settings
from support.server import running_server
from support.versioned import Logger

ADA = Actor("ada")
STORED_SCRIPT = "<img src=x onerror=\"document.title='run'\">"
FLOWERS = "/default/garden/artifacts/dataset/flowers"


async def tell(services: Services) -> None:
    project = await services.projects.create(ADA, "garden", None, {})
    run = await services.runs.create(ADA, str(project), name="picking", user_id="ada", start_time=1, tags={})
    reader = await services.runs.create(ADA, str(project), name="training", user_id="ada", start_time=2, tags={})
    log = Logger(services, ADA)
    common = {"project": "garden", "run": run.info.run_id, "metadata": '{"classes": 5}'}
    files = {"labels.csv": b"name,count\nrose,3\n", "images/1.txt": b"a", "images/2.txt": b"b"}
    await log.log("flowers", files, references={"far.tar": "https://example.org/far.tar"}, **common)
    files = {"labels.csv": b"name,count\nrose,4\n", "images/1.txt": b"a", "images/3.txt": b"c"}
    second = await log.log("flowers", files, **common | {"aliases": ["latest", "clean"]})
    await services.artifact_lineage.use(ADA, second.id, "garden", reader.info.run_id)
    await log.log("net", {"w": b"1"}, project="garden", type="model", description=STORED_SCRIPT)
    schema = '{"mlflow_colspec": [{"name": "petal", "type": "double"}]}'
    data = Dataset("petals", "d1", "local", '{"uri": "petals.csv"}', schema, '{"num_rows": 150}')
    await services.datasets.log_inputs(
        ADA, run.info.run_id, [DatasetInput(data, {"mlflow.data.context": "training"})], []
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on data that was written by way of the services."""
    folder: Path = tmp_path_factory.mktemp("site") / "podium"
    podium = Podium(Settings(data=str(folder), log_level="warning"))
    with ThreadPoolExecutor(1) as beside_the_browser:
        beside_the_browser.submit(lambda: asyncio.run(tell(podium.services))).result()
    podium.close()
    with running_server(folder) as url:
        yield url


def test_a_collection_is_found_and_its_version_says_where_it_came_from(page: Page, picture):
    page.goto("/artifacts")
    expect(page.get_by_role("row")).to_have_count(3)
    picture(page, "artifacts")
    page.get_by_role("searchbox", name="Find an artifact").fill("flow")
    expect(page.get_by_role("link", name="net", exact=True)).to_have_count(0)
    expect(page).to_have_url(re.compile("q=flow"))
    page.get_by_role("link", name="flowers").click()
    expect(page.get_by_role("row", name=re.compile("^v1"))).to_contain_text(re.compile("@clean.*picking", re.DOTALL))
    page.get_by_role("link", name="v1", exact=True).click()
    expect(page.get_by_role("region", name="Used by")).to_contain_text("training")
    expect(page.get_by_role("row", name="classes 5")).to_be_visible()
    expect(page.get_by_text("run.use_artifact('default/garden/flowers:v1')")).to_be_visible()
    picture(page, "artifact")
    page.get_by_role("link", name="Lineage").click()
    expect(page.locator(".lineage-node")).to_have_count(4)  # it, its run, what that read, and its reader


def test_files_are_looked_at_and_compared_with_those_before(page: Page):
    page.goto(f"{FLOWERS}/clean")  # an alias leads to its version
    expect(page).to_have_url(re.compile("/v1$"))
    page.get_by_role("link", name="Files").click()
    page.get_by_role("link", name="labels.csv").click()
    expect(page.get_by_role("region", name="labels.csv")).to_contain_text(re.compile("rose\\s*4"))
    page.get_by_role("link", name="Changes").click()
    expect(page.get_by_role("heading", name="From v0 to v1")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^added images.3.txt"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^changed labels.csv"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^removed far.tar"))).to_be_visible()
    page.goto(f"{FLOWERS}/v0?tab=files")
    expect(page.get_by_role("row", name=re.compile("^far.tar https:..example.org"))).to_be_visible()


def test_description_alias_and_tag_are_changed_in_place(page: Page):
    page.goto(f"{FLOWERS}/v0")
    page.get_by_text("Edit").click()
    page.get_by_role("textbox", name="Description").fill("The *first* harvest")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("em")).to_have_text("first")
    page.get_by_role("textbox", name="Alias").fill("@oldest")
    page.get_by_role("button", name="Point here").click()
    expect(page.get_by_role("region", name="Aliases")).to_contain_text("@oldest")
    page.get_by_role("button", name="Take the alias oldest off").click()
    expect(page.get_by_role("region", name="Aliases")).to_contain_text("None.")
    page.get_by_role("textbox", name="Tag").fill("reviewed")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("button", name="Take the tag reviewed off")).to_be_visible()


def test_text_of_clients_stays_text(page: Page):
    page.goto("/default/garden/artifacts/model/net/v0")
    expect(page.locator(".markdown").get_by_text(STORED_SCRIPT)).to_be_visible()
    expect(page).to_have_title(re.compile("^net v0"))


def test_data_of_runs_is_listed_with_its_readers(page: Page, picture):
    page.goto("/datasets")
    page.get_by_role("link", name="petals").click()
    expect(page.get_by_role("row", name=re.compile("^picking training"))).to_be_visible()
    expect(page.get_by_role("row", name="petal double")).to_be_visible()
    expect(page.locator(".lineage-node")).to_have_count(5)
    picture(page, "dataset")


def test_addresses_that_clients_print_and_lists_as_csv(page: Page):
    page.goto("/default/registry/model?selectionPath=default%2Fgarden%2Fflowers&view=membership&version=v0")
    expect(page.get_by_role("heading", level=1)).to_have_text("flowers v0")
    page.goto("/default/garden/artifacts/of-another-type/flowers")
    expect(page).to_have_url(re.compile(f"{FLOWERS}$"))
    lines = page.request.get("/artifacts?type=dataset&format=csv").text().splitlines()
    assert lines[1].startswith("flowers,dataset,default,garden,2,v1,")
    changes = page.request.get(f"{FLOWERS}/v1?format=csv&table=changes").text().splitlines()
    assert [line.split(",")[:2] for line in changes[1:]] == [
        ["added", "images/3.txt"],
        ["changed", "labels.csv"],
        ["removed", "far.tar"],
        ["removed", "images/2.txt"],
    ]
    files = page.request.get(f"{FLOWERS}/v0?format=csv&table=files").text().splitlines()
    assert [line.split(",")[0] for line in files[1:]] == ["far.tar", "images/1.txt", "images/2.txt", "labels.csv"]
    assert page.request.get("/datasets?format=csv").text().splitlines()[1] == "petals,d1,local,default,garden,1,1"
    assert page.request.get("/artifacts/99999").status == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_leaves_a_telephone(new_page, theme: str):
    page: Page = new_page(color_scheme=theme, viewport={"width": 360, "height": 740})
    found = {}
    tabs = ("overview", "files", "changes", "lineage")
    pages = ("/artifacts", "/artifacts?q=none", FLOWERS, *(f"{FLOWERS}/v1?tab={tab}" for tab in tabs))
    for address in (*pages, "/datasets", "/datasets/1", "/lineage/dataset/1"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"{address} is {width} pixels wide"
        result = Axe().run(page)
        if result.violations_count:
            found[address] = [
                (violation["id"], [node["html"][:160] for node in violation["nodes"]][:4])
                for violation in result.response["violations"]
            ]
    assert found == {}, found
