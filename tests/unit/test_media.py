"""Media that lines of a history name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.domain.media import MAX_SHOWN, galleries, medium_of


def line(step: int, **values: object) -> str:
    return json.dumps({"_step": step, **values})


def test_media_are_gathered_by_name_and_the_newest_stay():
    picture = {"_type": "image-file", "path": "media/images/a.png", "caption": "a cat"}
    lines = [line(step, sample=picture, loss=0.5) for step in range(MAX_SHOWN + 5)]
    (gallery,) = galleries(lines)
    assert (gallery.key, gallery.kind, len(gallery.media)) == ("sample", "image", MAX_SHOWN)
    assert gallery.media[-1].step == MAX_SHOWN + 4
    assert (gallery.media[0].paths, gallery.media[0].captions) == (["media/images/a.png"], ["a cat"])


def test_a_histogram_has_its_edges_or_is_told_them_packed():
    plain = medium_of({"_type": "histogram", "values": [1, 2], "bins": [0, 1, 2]}, 0)
    packed = medium_of({"_type": "histogram", "values": [1, 2], "packedBins": {"min": 0, "size": 1, "count": 2}}, 0)
    assert plain is not None
    assert plain == packed
    assert plain.edges == [0, 1, 2]


@pytest.mark.parametrize(
    "value",
    [
        {"_type": 5},
        {"_type": "image-file"},
        {"_type": "image-file", "path": 5},
        {"_type": "histogram", "values": [1], "bins": [1]},
        {"_type": "histogram", "values": ["a"], "bins": [1, 2]},
        {"_type": "histogram", "values": [10**400], "bins": [1, 2]},
        {"_type": "histogram", "values": [1], "packedBins": {"min": 0, "size": 1, "count": 1e300}},
    ],
)
def test_what_is_no_medium_is_none(value):
    assert medium_of(value, 0) is None


def test_lines_that_are_no_json_have_no_media():
    assert galleries(['{"_type"', '["_type"]', '{"a": {"_type": "unknown", "path": "p"}}'])[0].kind == "file"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["values", "bins", "path"]), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(["histogram", "image-file", "table-file", "x"]),
    st.dictionaries(
        st.sampled_from(["values", "bins", "packedBins", "path", "filenames", "captions", "caption"]), JSON
    ),
)
def test_whatever_a_client_sent_is_read_or_passed_over(kind, value):
    medium = medium_of({**value, "_type": kind}, 0)
    assert medium is None or medium.paths or len(medium.edges) == len(medium.counts) + 1
