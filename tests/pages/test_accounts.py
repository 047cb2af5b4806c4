"""Signing in and out with a browser, keys, roles, teams: on a server where people have accounts."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from support.server import running_server

ADMIN_KEY = "podium-" + "a" * 40
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a team `blue` of `acme`: ann manages it, bob is a member, vera a viewer; otto is elsewhere."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PODIUM_ADMIN_API_KEY", ADMIN_KEY)
        with running_server(tmp_path_factory.mktemp("accounts") / "podium") as url:
            fill(url)
            yield url


def fill(url: str) -> None:
    with httpx.Client(base_url=f"{url}/api/v1", auth=("api", ADMIN_KEY), timeout=30) as http:
        for name in ("ann", "bob", "vera", "otto"):
            given = {"password": PASSWORD} if name == "ann" else {"api_key": f"key-of-{name}"}
            http.post("/users", json={"name": name, **given}).raise_for_status()
        http.post("/organizations", json={"name": "acme", "owner": "ann"}).raise_for_status()
        http.post("/organizations/acme/teams", json={"name": "blue", "owner": "ann"}).raise_for_status()
        for name, role in (("bob", "member"), ("vera", "viewer")):
            http.put(f"/teams/blue/members/{name}", json={"role": role}).raise_for_status()
        http.post("/models", json={"name": "churn"}, headers={"x-podium-team": "blue"}).raise_for_status()


def sign_in(page: Page, user: str, secret: str, address: str = "/") -> None:
    page.goto(address)
    page.get_by_label("User").fill(user)
    page.get_by_label("Password or API key").fill(secret)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def as_user(new_page: Callable[..., Page]) -> Callable[[str], Page]:
    """A browser of one of the people, signed in."""

    def make(name: str) -> Page:
        page = new_page(viewport={"width": 1360, "height": 900})
        sign_in(page, name, PASSWORD if name == "ann" else f"key-of-{name}")
        expect(page.get_by_role("link", name=name)).to_be_visible()
        return page

    return make


def test_signing_in_leads_back_to_the_page_that_was_asked_for(page: Page):
    sign_in(page, "ann", "wrong", "/models/blue/churn")
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    assert page.get_by_label("User").input_value() == "ann"
    sign_in_again = page.get_by_label("Password or API key")
    sign_in_again.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="churn")).to_be_visible()


def test_a_key_signs_in_and_signing_out_revokes_what_the_browser_had(page: Page, site: str):
    sign_in(page, "", "key-of-bob", "/settings")
    expect(page.get_by_text("You are signed in as bob.")).to_be_visible()
    expect(page.get_by_text("Signed in with a browser")).to_be_visible()
    [session] = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "podium_session"]
    assert session != "key-of-bob"
    assert httpx.get(f"{site}/api/v1/me", auth=("api", session)).status_code == 200
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Podium")).to_be_visible()
    assert httpx.get(f"{site}/api/v1/me", auth=("api", session)).status_code == 401
    assert httpx.get(f"{site}/api/v1/me", auth=("api", "key-of-bob")).status_code == 200


def test_no_page_leads_to_another_server_after_signing_in(page: Page, site: str):
    page.goto("/sign-in?next=//elsewhere.example/x")
    page.get_by_label("Password or API key").fill("key-of-bob")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/")


def test_the_cookie_is_no_scripts_and_no_other_sites(page: Page):
    sign_in(page, "bob", "key-of-bob")
    expect(page.get_by_role("link", name="bob")).to_be_visible()
    [cookie] = [cookie for cookie in page.context.cookies() if cookie["name"] == "podium_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")


def test_a_change_without_the_pages_token_is_refused(page: Page, site: str):
    sign_in(page, "bob", "key-of-bob")
    expect(page.get_by_role("link", name="bob")).to_be_visible()
    forms = {
        "/settings/keys": {"description": "x"},
        "/comments/new": {"kind": "model", "subject": "churn", "text": "x"},
    }
    for address, form in {**forms, "/people/teams": {"name": "pink"}, "/watch": {"kind": "model"}}.items():
        for token in ({}, {"csrf": "made.up"}):
            assert page.request.post(site + address, form={**form, **token}).status == 403, address


def test_a_key_is_shown_once_and_ends_when_it_is_revoked(as_user, site: str):
    page = as_user("bob")
    page.goto("/settings")
    page.get_by_label("What the new key is for").fill("training on the cluster")
    page.get_by_role("button", name="New key").click()
    key = page.locator(".told code").inner_text()
    assert httpx.get(f"{site}/api/v1/me", auth=("api", key)).json()["name"] == "bob"
    page.reload()
    line = page.get_by_role("listitem").filter(has_text="training on the cluster")
    expect(line).to_be_visible()
    assert key not in page.content()
    page.on("dialog", lambda dialog: dialog.accept())
    line.get_by_role("button", name="Revoke").click()
    expect(line).to_have_count(0)
    assert httpx.get(f"{site}/api/v1/me", auth=("api", key)).status_code == 401


def test_the_password_is_changed_by_who_knows_it(as_user, site: str):
    page = as_user("ann")
    page.goto("/settings")
    page.get_by_label("The present one").fill("wrong")
    page.get_by_label("The new one").fill("another")
    page.get_by_role("button", name="Change it").click()
    expect(page.locator("#notices")).to_contain_text("'current_password'")
    assert httpx.get(f"{site}/api/v1/me", auth=("ann", PASSWORD)).status_code == 200
    page.get_by_label("The present one").fill(PASSWORD)
    page.get_by_label("The new one").fill(PASSWORD)
    page.get_by_role("button", name="Change it").click()
    expect(page.locator("#notices")).to_contain_text("The password is changed")


def test_people_are_offered_while_an_at_is_written_and_hear_of_it(as_user):
    page = as_user("bob")
    page.goto("/comments?kind=model&id=churn&team=blue")
    text = page.get_by_label("Say something")
    text.press_sequentially("Is it good, @")
    expect(page.get_by_role("option", name="ann")).to_be_visible()
    text.press_sequentially("ve")
    expect(page.get_by_role("option")).to_have_count(1)
    text.press("Enter")
    text.press_sequentially("?")
    assert text.input_value() == "Is it good, @vera ?"
    text.press("Control+Enter")
    expect(page.locator(".thread .mention")).to_have_text("@vera")
    called = as_user("vera")
    expect(called.locator(".count-new")).to_have_text("1 new")


def test_a_viewer_sees_nothing_that_changes_anything(as_user):
    page = as_user("vera")
    page.goto("/models/blue/churn")
    expect(page.get_by_role("heading", name="Comments")).to_be_visible()
    expect(page.get_by_role("button", name="Watch")).to_be_visible()
    assert page.locator("textarea").count() == 0
    page.goto("/teams/blue")
    expect(page.get_by_role("cell", name="vera")).to_be_visible()
    assert page.locator("main form").count() == 0
    page.goto("/activity")
    expect(page.get_by_text("events in the chain")).to_be_visible()
    assert page.get_by_role("button", name="Verify").count() == 0


def test_what_others_have_is_not_there_for_who_does_not_belong_to_it(as_user):
    page = as_user("otto")
    for address in ("/models/blue/churn", "/comments?kind=model&id=churn&team=blue", "/teams/blue"):
        assert page.goto(address).status == 404, address
    page.goto("/people")
    expect(page.get_by_role("cell", name="otto").first).to_be_visible()
    assert page.get_by_role("cell", name="vera").count() == 0
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Models, versions").fill("churn")
    expect(page.get_by_text("Nothing is called like")).to_be_visible()
    page.goto("/activity?name=churn")
    expect(page.get_by_text("No event fits")).to_be_visible()


def test_a_manager_gives_roles_and_keys_to_programs(as_user, site: str):
    page = as_user("ann")
    page.goto("/people")
    page.get_by_role("link", name="blue").first.click()
    page.get_by_label("Name of a user").fill("otto")
    page.get_by_role("button", name="Add a member").click()
    role = page.get_by_label("Role of otto")
    expect(role).to_have_value("member")
    role.select_option("viewer")
    # The list is made anew: a click on what is about to go would be lost.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    expect(page.get_by_label("Role of otto")).to_have_value("viewer")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Take otto out").click()
    expect(page.get_by_role("cell", name="otto")).to_have_count(0)
    page.get_by_label("Name of the service account").fill("ci-training")
    page.get_by_role("button", name="New", exact=True).click()
    key = page.locator(".told code").inner_text()
    assert httpx.get(f"{site}/api/v1/me", auth=("api", key)).json()["home_team"] == "blue"
    expect(page.get_by_role("heading", name="ci-training")).to_be_visible()
    page.get_by_label("Name of a user").fill("nobody-of-that-name")
    page.get_by_role("button", name="Add a member").click()
    expect(page.locator("#notices")).to_contain_text("There is no user 'nobody-of-that-name'")


def test_the_administrator_makes_users(page: Page, site: str):
    sign_in(page, "", ADMIN_KEY, "/people")
    page.get_by_text("New user").click()
    form = page.locator("form[hx-post='/people/users']")
    form.get_by_label("Name").fill("dora")
    form.get_by_role("button", name="Create the user").click()
    key = page.locator(".told code").inner_text()
    assert httpx.get(f"{site}/api/v1/me", auth=("api", key)).json()["name"] == "dora"
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/people?q=dora")
    page.get_by_role("button", name="Make an administrator of dora").click()
    expect(page.get_by_role("row", name="dora")).to_contain_text("administrator")
    assert httpx.get(f"{site}/api/v1/me", auth=("api", key)).json()["admin"] is True
    page.get_by_role("button", name="Delete dora").click()
    expect(page.get_by_role("row", name="ann")).to_be_visible()
    expect(page.get_by_role("row", name="dora")).to_have_count(0)
    assert httpx.get(f"{site}/api/v1/me", auth=("api", key)).status_code == 401


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_for_who_is_signed_in(new_page, theme: str, picture):
    page: Page = new_page(color_scheme=theme, viewport={"width": 1360, "height": 900})
    page.goto("/sign-in")
    found = {"/sign-in": Axe().run(page).response["violations"]}
    sign_in(page, "ann", PASSWORD)
    for address in ("/settings", "/people", "/teams/blue", "/organizations/acme", "/feed", "/activity"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        found[address] = [
            (each["id"], [node["html"][:150] for node in each["nodes"]][:3])
            for each in Axe().run(page).response["violations"]
        ]
        picture(page, f"{address}-{theme}")
    assert {address: violations for address, violations in found.items() if violations} == {}
