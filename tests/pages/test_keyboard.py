"""Without a pointer: Tab reaches all that can be used on a page, in the page's order, and it shows where one is."""

import pytest
from playwright.sync_api import Page, expect

from support.pages_story import T0, Story

# What can be used, each marked with a number; of a group of radio buttons Tab reaches the chosen one.
MARK = """() => {
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const shown = [...document.querySelectorAll(usable)].filter((one) =>
    one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.getAttribute("tabindex") !== "-1"
    && !(one.type === "radio" && !one.checked));
  shown.forEach((one, index) => { one.dataset.reached = index; });
  return shown.map((one) => one.outerHTML.slice(0, 150));
}"""
# The number of what has the focus, and whether that can be seen: its outline, or that of what stands for it.
FOCUSED = """() => {
  const one = document.activeElement;
  const holder = one.closest("label") ?? one;
  const styles = [one, holder, one.querySelector("rect"), one.firstElementChild].filter(Boolean).map(getComputedStyle);
  const isSeen = styles.some((style) => style.outlineStyle !== "none" || parseFloat(style.strokeWidth) > 2);
  return [one.dataset.reached ?? null, isSeen];
}"""


@pytest.fixture(scope="module")
def runs(story: Story) -> list[str]:
    story.model_with_versions("iris", [0.81, 0.86])
    story.stage("iris", 2, "Production")
    story.alias("iris", "champion", 2)
    project = story.project("steered")
    losses = {"one": 0.5, "two": 0.4}
    made = [story.run(project, name, {"loss": loss}, {"rate": str(loss)}) for name, loss in losses.items()]
    for run in made:
        points = [{"key": "loss", "value": 1 / (step + 1), "timestamp": T0, "step": step} for step in range(5)]
        story.post("runs/log-batch", run_id=run, metrics=points)
    return made


@pytest.mark.parametrize(
    "address",
    ["/", "/?view=board", "/models/default/iris", "/models/default/iris/2", "/runs/{0}", "/compare?run={0}&run={1}"],
)
def test_tab_reaches_everything_and_shows_where_it_is(page: Page, runs, address: str):
    page.goto(address.format(*runs))
    page.wait_for_load_state("networkidle")
    usable = page.evaluate(MARK)
    reached, unseen = [], []
    for _ in range(len(usable) + 5):
        page.keyboard.press("Tab")
        number, is_seen = page.evaluate(FOCUSED)
        if number is None or (reached and number == reached[0]):
            break
        reached.append(number)
        if not is_seen:
            unseen.append(usable[int(number)])
    missed = [html for number, html in enumerate(usable) if str(number) not in reached]
    assert (missed, unseen) == ([], [])
    assert reached == sorted(reached, key=int)


@pytest.mark.usefixtures("runs")
def test_a_version_is_moved_and_an_alias_set_without_a_pointer(page: Page, story: Story):
    page.goto("/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find a model")).to_be_focused()
    page.keyboard.type("iris")
    expect(page).to_have_url("/?q=iris")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="iris", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("iris")
    page.keyboard.press("j")
    expect(page.get_by_role("row").get_by_role("link", name="v2", exact=True)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("iris v1")
    page.get_by_label("Stage of version 1: None").press("Enter")
    page.get_by_role("button", name="Move to Staging").press("Enter")
    expect(page.get_by_label("Stage of version 1: Staging")).to_be_visible()
    assert story.standing("iris")["Staging"] == "1"
