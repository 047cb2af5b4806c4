"""Logged models: found where one looks for them, with what their files say, registered or not."""

import re

import pytest
from playwright.sync_api import Page, expect

from support.pages_story import T0, Story

MLMODEL = """flavors:
  python_function:
    python_version: 3.11.7
  sklearn:
    code: null
signature:
  inputs: '[{"name": "age", "type": "long"}]'
  outputs: '[{"type": "double"}]'
"""


@pytest.fixture(scope="module", autouse=True)
def logged(story: Story) -> str:
    """The id of one with files, made by a run, that version 1 of a model was made of."""
    project = story.project("pricing")
    run = story.run(project, "fit", {"rmse": 2.0})
    made = story.post("logged-models", experiment_id=project, name="price-net", source_run_id=run)["model"]["info"]
    model = str(made["model_id"])
    story.post("logged-models", experiment_id=project, name="other-net", source_run_id=run)
    for name, content in (("MLmodel", MLMODEL), ("requirements.txt", "numpy==2.1\n")):
        story.put(f"{project}/models/{model}/artifacts/{name}", content.encode())
    points = [{"key": "rmse", "value": 2.0, "timestamp": T0, "step": 0, "model_id": model}]
    story.post("runs/log-batch", run_id=run, metrics=points)
    story.post("runs/outputs", run_id=run, models=[{"model_id": model, "step": 0}])
    story.model("pricing")
    story.post("model-versions/create", name="pricing", source=f"models:/{model}", model_id=model, run_id=run)
    return model


def test_one_is_found_and_says_what_it_takes_and_needs(page: Page, picture, logged):
    page.goto("/artifacts")
    page.get_by_role("link", name="Logged models").click()
    expect(page.get_by_role("row")).to_have_count(3)
    picture(page, "logged-models")
    page.get_by_role("searchbox", name="Find a logged model").fill("price")
    expect(page.get_by_role("link", name="other-net")).to_have_count(0)
    expect(page).to_have_url(re.compile("q=price"))
    expect(page.get_by_role("row").filter(has_text="price-net")).to_contain_text("pricing v1")
    page.get_by_role("link", name="price-net").click()
    expect(page.get_by_role("region", name="Signature")).to_contain_text(re.compile("age\\s*long\\s*yes"))
    expect(page.get_by_role("region", name="Environment")).to_contain_text(re.compile("numpy\\s*==2.1"))
    expect(page.get_by_role("region", name="Metrics")).to_contain_text("rmse")
    expect(page.get_by_text(f'load_model("models:/{logged}")')).to_be_visible()
    picture(page, "logged-model")
    page.get_by_role("link", name="Files").click()
    expect(page.get_by_role("link", name="requirements.txt", exact=True)).to_be_visible()
    page.get_by_role("link", name="Lineage").click()
    expect(page.locator(".lineage-node").filter(has_text="price-net")).to_have_class(re.compile("is-start"))


def test_runs_and_versions_lead_to_it(page: Page, logged):
    page.goto("/models/default/pricing/1")
    expect(page.get_by_role("region", name="Signature")).to_contain_text("age")
    expect(page.get_by_role("region", name="Environment")).to_contain_text(re.compile("python\\s*3.11.7"))
    page.get_by_role("link", name=logged).click()
    page.get_by_role("link", name="fit").click()
    page.get_by_role("region", name="Models").get_by_role("link", name="price-net").click()
    expect(page).to_have_url(re.compile(f"/logged-models/{logged}$"))


def test_its_tables_and_the_list_come_as_files(page: Page, logged):
    def lines(address: str) -> list[str]:
        return page.request.get(address).text().splitlines()

    listed = lines("/logged-models?format=csv&q=price")
    assert listed[1].startswith(f"{logged},price-net,,PENDING,default,pricing,fit,pricing/1,")
    assert lines(f"/logged-models/{logged}?format=csv&table=signature")[1:] == [
        "input,age,long,yes,",
        "output,0,double,yes,",
    ]
    assert lines("/models/default/pricing/1?format=csv&table=environment")[1:] == ["numpy,'==2.1"]  # no formula
    assert lines("/models/default/pricing/1?format=csv&table=metrics")[1:] == ["rmse,2.0,0"]
    refused = page.request.get("/models/default/pricing/1?format=csv&table=none")
    assert (refused.status, "expected one of metrics, params, files" in refused.text()) == (400, True)
    assert lines("/?format=csv")[1].startswith("default,pricing,,,,rmse,2.0,1,")


def test_nothing_of_others_or_of_nobody_is_here(page: Page):
    answer = page.goto("/logged-models/m-none")
    assert answer is not None
    assert answer.status == 404
