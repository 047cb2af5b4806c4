"""The depth of JSON is counted without reading it."""

import time

import pytest

from podium.domain.nesting import MAX_JSON_DEPTH, check_nesting
from podium.errors import InvalidArgument


def nested(depth: int, inner: str = "") -> str:
    return "[" * depth + inner + "]" * depth


@pytest.mark.parametrize(
    "text",
    [
        nested(MAX_JSON_DEPTH),
        "[" + "{}," * 1000 + "{}]",
        '{"a": "' + "[" * 1000 + '"}',
        '{"a": "\\"' + "[" * 1000 + '\\\\"}',
        "]" * 1000 + "[" * 1000,
        "",
    ],
)
def test_what_is_shallow_or_in_quotes_passes(text: str):
    check_nesting(text)
    check_nesting(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        nested(MAX_JSON_DEPTH + 1),
        '{"a":' * 101 + "1" + "}" * 101,
        nested(90, '"]]]]", ' + nested(11)),
        '["a\\\\",' * 101,
        "[" * 1_000_000,
    ],
)
def test_what_is_deep_is_refused_with_the_limit(text: str):
    with pytest.raises(InvalidArgument, match="nested too deeply; at most 100 levels"):
        check_nesting(text)


@pytest.mark.parametrize("text", ['"\\"' * 500_000, '"' + '\\"' * 500_000, '"' + "\\" * 1_000_001])
def test_strings_without_an_end_take_no_longer(text: str):
    started = time.monotonic()
    check_nesting("[]" * 101 + text)
    assert time.monotonic() - started < 1
