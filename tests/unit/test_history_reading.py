"""Lines of histories: chosen by step, sampled, made of points; and lines of consoles."""

import math

import pytest

from podium.domain.console import ConsoleLine, parse_console
from podium.domain.history_reading import (
    MAX_SAMPLES,
    SampleSpec,
    StepPoint,
    evenly,
    history_keys,
    lines_of_points,
    lines_within,
    samples_of,
    step_of,
    steps_around,
    strict,
)

LINES = ['{"_step":0,"a":1,"n":{"x":2}}', '{"_step":1,"a":NaN}', '{"_step":2.0,"a":3,"n":{"x":4}}', '{"b":1}']


def test_a_step_is_read_beside_what_strict_json_does_not_know():
    assert [step_of(line) for line in LINES] == [0, 1, 2, -1]
    assert lines_within(LINES, 1, 3) == LINES[1:3]


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [(10, 4, [0, 3, 6, 9]), (3, 5, [0, 1, 2]), (5, 1, [4]), (5, 0, []), (3, None, [0, 1, 2]), (0, 4, [])],
)
def test_a_sample_is_spread_evenly_from_first_to_last(count, most, chosen):
    assert list(evenly(range(count), most)) == chosen


def sample(lines: list[str], spec: SampleSpec) -> list[dict[str, object]]:
    return samples_of(lines, [spec])[0]


def test_a_sample_has_the_lines_with_all_of_its_keys():
    assert sample(LINES, SampleSpec(["_step", "n.x"])) == [{"_step": 0, "n.x": 2}, {"_step": 2.0, "n.x": 4}]
    assert sample(LINES, SampleSpec(["_step", "a"])) == [
        {"_step": 0, "a": 1},
        {"_step": 1, "a": "NaN"},
        {"_step": 2.0, "a": 3},
    ]
    assert sample(LINES, SampleSpec(["a", "a"], samples=1)) == [{"a": 3}]


def test_a_sample_of_all_steps_has_every_line_of_them():
    spec = SampleSpec(["_step"], samples=2, min_step=0, max_step=1)
    assert (spec.steps, spec.most) == ((0, 2), None)
    assert SampleSpec(["_step"], samples=2, min_step=5).most == 2
    assert SampleSpec(["_step"]).steps is None


def test_samples_of_several_keys_and_steps_come_of_the_same_lines():
    specs = [SampleSpec(["b"]), SampleSpec(["a"], min_step=1), SampleSpec(["a"], samples=1), SampleSpec(["none"])]
    assert samples_of(LINES, specs) == [[{"b": 1}], [{"a": "NaN"}, {"a": 3}], [{"a": 3}], []]
    assert steps_around(specs) is None
    assert steps_around([SampleSpec(["a"], min_step=2, max_step=3), SampleSpec(["a"], max_step=1)]) == (0, 4)


def test_nobody_gets_more_samples_than_there_may_be():
    assert SampleSpec(["a"], samples=10**9).most == MAX_SAMPLES
    assert SampleSpec(["a"], samples=10**9, max_step=10**6).most == MAX_SAMPLES


def test_points_make_lines_of_the_same_step():
    points = [StepPoint(2, 3000, "a", math.nan), StepPoint(1, 1500, "a", 1.0), StepPoint(1, 2000, "b", math.inf)]
    assert lines_of_points(points, 1000) == [
        '{"_step":1,"_timestamp":2.0,"_runtime":1.0,"a":1.0,"b":Infinity}',
        '{"_step":2,"_timestamp":3.0,"_runtime":2.0,"a":NaN}',
    ]


def test_the_keys_of_a_history_tell_their_types():
    values = {"_step": 3, "s": "text", "i": {"_type": "image-file"}, "l": [1], "b": True, "_wandb.runtime": 1}
    keys = history_keys(values, 4, 3)
    assert keys is not None
    assert keys["lastStep"] == 3
    assert {key: found["typeCounts"][0]["type"] for key, found in keys["keys"].items()} == {
        "_step": "number",
        "s": "string",
        "i": "image-file",
        "l": "list",
        "b": "bool",
    }
    assert keys["keys"]["s"]["previousValue"] == "text"
    assert history_keys({}, 0, -1) is None


def test_what_no_strict_json_holds_becomes_a_text():
    assert strict({"a": [math.nan, -math.inf], "b": {"c": math.inf}, "d": 1.5}) == {
        "a": ["NaN", "-Infinity"],
        "b": {"c": "Infinity"},
        "d": 1.5,
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"level":"error","ts":"2030-01-01T00:00:00","content":"oh"}', ("oh", "2030-01-01T00:00:00", "error", None)),
        ('{"content":"x","label":"w1"}', ("x", None, None, "w1")),
        ("2030-01-01T00:00:00.0 hello you", ("hello you", "2030-01-01T00:00:00.0", None, None)),
        ("ERROR 2030-01-01T00:00:00.0 no", ("no", "2030-01-01T00:00:00.0", "error", None)),
        ("{broken", ("{broken", None, None, None)),
        ("plain text", ("plain text", None, None, None)),
        ("", ("", None, None, None)),
    ],
)
def test_a_line_of_a_console_is_read_in_each_of_its_forms(text, line):
    assert parse_console(5, text) == ConsoleLine(5, *line)
