"""Events in words, and whom a text calls."""

import pytest

from podium.domain.events import Change, Event, chain
from podium.domain.mentions import mentioned
from podium.domain.palette import version_in
from podium.domain.stories import Difference, differences_of, words_of


def event(entity: str, action: str, before: dict | None = None, after: dict | None = None) -> Event:
    change = Change(entity, "1", "thing", action, before, after)
    return chain(change, seq=1, at=0, actor="ann", team_id=1, previous_hash="")


@pytest.mark.parametrize(
    ("entity", "action", "after", "words"),
    [
        ("model_version", "set_alias", {"alias": "champion", "version": 3}, ("put the alias @champion on", "")),
        ("model_version", "transition_stage", {"stage": "Staging"}, ("moved", "to Staging")),
        ("model_version", "transition_stage", {"stage": "None"}, ("took", "out of its stage")),
        ("team_member", "set", {"role": "viewer"}, ("made", "a viewer of the team")),
        ("webhook", "create", {"name": "{x}"}, ("created the webhook", "")),
        ("evaluation_dataset", "set_tag", {"a": "b"}, ("set a tag of the evaluation dataset", "")),
        ("something", "explode", None, ("exploded the something", "")),
        ("registered_model", "set_tag", {"key": "{alias}…", "value": "v"}, ("set the tag {alias}… of the model", "")),
    ],
)
def test_what_was_done_in_words(entity: str, action: str, after: dict | None, words: tuple[str, str]):
    assert words_of(event(entity, action, None, after)) == words


def test_what_changed_is_told_field_by_field_and_nothing_else():
    moved = event(
        "model_version",
        "set_alias",
        {"name": "M", "alias": "a", "version": 1},
        {"name": "M", "alias": "a", "version": 2},
    )
    assert differences_of(moved) == [Difference("version", "1", "2")]
    made = event("registered_model", "create", None, {"name": "M", "tags": {}, "description": "", "owner": "x"})
    assert differences_of(made) == [Difference("owner", None, "x")]
    renamed = event("registered_model", "rename", {"name": "A"}, {"name": "B"})
    assert differences_of(renamed) == [Difference("name", "A", "B")]
    [long] = differences_of(event("project", "update", {"note": "x" * 1000}, {"note": [1, 2]}))
    assert (len(long.before or ""), long.after) == (301, "[1,2]")


def test_a_row_that_somebody_edited_is_shown_as_it_is():
    made = event("project", "create", None, {"x": "1"})
    broken = Event(**{name: getattr(made, name) for name in made.__struct_fields__} | {"after": "not {json"})
    assert differences_of(broken) == [Difference("not JSON", None, "not {json")]


def test_whom_a_text_calls():
    assert mentioned("@ann, ask @bob.smith. Not a@b.c, /@x or @@y; (@vera)") == {"ann", "bob.smith", "vera"}
    assert mentioned("@ @. @-") == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("churn/3", ("churn", 3)),
        ("churn v12", ("churn", 12)),
        ("my model 2", ("my model", 2)),
        ("churn3", None),
        ("churn", None),
        ("/3", None),
    ],
)
def test_a_version_in_what_was_typed(text: str, found: tuple[str, int] | None):
    assert version_in(text) == found
