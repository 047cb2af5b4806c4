"""Nothing that a client stored runs in a page, and nobody else's page changes anything here."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from support.pages_story import Story

HOSTILE = "<img src=x onerror=\"window.hit='it ran'\"><script>window.hit='it ran'</script>'\";alert(1)//{{7*7}}"


@pytest.fixture(scope="module", autouse=True)
def hostile(story: Story):
    name = HOSTILE.replace("/", "|").replace(":", "|")
    story.model(name, HOSTILE + "\n\n[click](javascript:window.hit='it ran') ![p](https://example.org/p.png)")
    project = story.project(HOSTILE)
    run = story.run(project, HOSTILE, {"accuracy": 0.5}, {"p": HOSTILE})
    story.file(project, run, "model/page.html", f"<script>window.hit='it ran'</script>{HOSTILE}".encode())
    story.file(project, run, "model/drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    story.version(name, project, run)
    story.post("registered-models/set-tag", name=name, key="k", value=HOSTILE)
    story.post("model-versions/set-tag", name=name, version="1", key="k", value=HOSTILE)
    story.patch("model-versions/update", name=name, version="1", description=HOSTILE)


def test_what_clients_stored_is_shown_and_does_not_run(page: Page):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto("/")
    page.get_by_role("link", name="<img").first.click()
    expect(page.locator(".markdown")).to_contain_text("<script>")
    assert page.locator(".markdown img").count() == 0
    assert page.locator(".markdown a[href^='javascript']").count() == 0
    page.get_by_role("link", name="v1").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("onerror")
    page.get_by_role("link", name="Files").click()
    for name in ("page.html", "drawing.svg"):
        page.get_by_text(name).click()
        expect(page.locator("#preview .card-head")).to_contain_text(name)
    assert page.evaluate("window.hit") is None


def test_files_of_clients_come_without_rights(page: Page):
    page.goto("/")
    page.get_by_role("link", name="<img").first.click()
    page.get_by_role("link", name="v1").first.click()
    for path, kind in (("page.html", "text/html"), ("drawing.svg", "image/svg+xml")):
        answer = page.request.get(f"{page.url}/raw?path={path}")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert kind in answer.headers["content-type"]


def test_pages_allow_only_their_own_scripts(site: str):
    policy = httpx.get(site).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c"])
def test_a_change_from_elsewhere_is_refused(site: str, story: Story, token: str | None):
    story.post("registered-models/create", name=f"safe-{token}")
    with httpx.Client(base_url=site) as http:
        http.get("/")  # has the browser's cookie, as the victim's browser would
        fields = {"description": "taken over"} | ({} if token is None else {"csrf": token})
        answer = http.post(f"/models/default/safe-{token}/description", data=fields)
    assert answer.status_code == 403
    found = story._call("GET", "registered-models/get", {"name": f"safe-{token}"})["registered_model"]
    assert "taken over" not in str(found)


def test_the_token_of_another_browser_is_refused(site: str, story: Story):
    story.post("registered-models/create", name="theirs")
    with httpx.Client(base_url=site) as mine, httpx.Client(base_url=site) as theirs:
        token = mine.get("/").text.split('"x-csrf-token": "')[1].split('"')[0]
        theirs.get("/")
        address, fields = "/models/default/theirs/description", {"description": "taken over", "csrf": token}
        assert theirs.post(address, data=fields).status_code == 403
        assert mine.post(address, data=fields).status_code == 303
