"""A pattern finds what Python's own finds, in both databases, and nothing that is no pattern is more than refused."""

import asyncio
import contextlib
import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from podium.domain.matching import Matcher, matcher
from podium.domain.patterns import parse_pattern
from podium.errors import InvalidArgument
from podium.store.engine import Store
from podium.store.patterns import matches, number_of, pattern_value

ATOMS = (
    *"aAb_- é",
    ".",
    r"\d",
    r"\W",
    r"\S",
    r"\.",
    r"\-",
    "[ab]",
    "[^a-c]",
    r"[\d_]",
    "[]]",
    "[a-]",
    r"[^\W]",
    "^",
    "$",
    r"\b",
    r"\B",
)
REPEATS = ("", "", "", "*", "+", "?", "*?", "{2}", "{0,1}", "{1,}", "{,2}")
TEXT = st.text(st.sampled_from("aAbB_-.1 é\n]^"), max_size=8)


def written_patterns():
    repeated = st.tuples(st.sampled_from(ATOMS), st.sampled_from(REPEATS)).map(_repeated)
    inner = st.lists(repeated, max_size=4).map("".join)
    group = st.tuples(st.sampled_from(("(", "(?:")), inner, st.sampled_from(("*", "+", "?", ""))).map(
        lambda parts: f"{parts[0]}{parts[1]}){parts[2]}"
    )
    sequences = st.lists(repeated | group, max_size=4).map("".join)
    choices = st.lists(sequences, min_size=1, max_size=3).map("|".join)
    return st.tuples(st.sampled_from(("", "", "(?i)")), choices).map("".join)


def _repeated(parts: tuple[str, str]) -> str:
    atom, repeat = parts
    return atom if atom in ("^", "$", r"\b", r"\B") else atom + repeat


def pythons(pattern: str) -> re.Pattern[str]:
    """The same pattern as Python reads it: `$` means the very end, and classes are ASCII's."""
    pattern = re.sub(r"(?<!\\)\{,2\}", r"\\{,2\\}", pattern)
    return re.compile(re.sub(r"(?<![\\\[])\$", r"\\Z", pattern), re.ASCII)


@settings(max_examples=500)
@given(written_patterns(), TEXT)
def test_a_pattern_finds_what_pythons_finds(pattern: str, text: str):
    assume(text or r"\B" not in pattern)  # which Python's never finds in nothing
    wanted = pythons(pattern).search(text) is not None
    assert Matcher(parse_pattern(pattern)).found_in(text) is wanted


@given(st.text(st.sampled_from("ab(){}[]|*+?\\^$.,-1i:P<"), max_size=12))
def test_any_text_is_a_pattern_or_refused(text: str):
    with contextlib.suppress(InvalidArgument):
        Matcher(parse_pattern(text)).found_in("aab1(,")


def test_both_databases_find_the_same(store: Store):
    def work(tx):
        @settings(max_examples=100)
        @given(written_patterns(), TEXT)
        def check(pattern: str, text: str):
            test = matches("CAST(:text AS TEXT)", "pattern", tx.dialect)
            found = tx.value(f"SELECT {test}", text=text, pattern=pattern_value(pattern, tx.dialect))
            # Letters beyond ASCII are parts of words for PostgreSQL.
            if not (("\\b" in pattern or "\\B" in pattern) and "é" in text):
                assert bool(found) is matcher(pattern).found_in(text)

        check()

    asyncio.run(store.read(work))


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("-1.5e3", -1500), (".5", 0.5), ("7.", 7), ("", None), ("1x", None), ("nan", None), ("1e999", None)],
)
def test_both_databases_read_the_same_numbers(store: Store, text: str, number: float | None):
    statement = "SELECT {}".format
    found = asyncio.run(
        store.read(lambda tx: tx.value(statement(number_of("CAST(:text AS TEXT)", tx.dialect)), text=text))
    )
    assert found == number


@pytest.mark.parametrize("pattern", ["(a*)*$", "(a|a)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)b", "a{0,200}a{200}"])
def test_no_pattern_takes_for_ever(pattern: str):
    """These take Python's own module years."""
    began = time.monotonic()
    Matcher(parse_pattern(pattern)).found_in("a" * 5000 + "c")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a(b", "'(' is not closed (character 2)"),
        ("a)", "')' closes no group"),
        ("[a", "'[' is not closed"),
        ("*a", "'*' repeats nothing"),
        ("a**", "repetition of a repetition"),
        (r"(a)\1", r"'\1' is not supported"),
        ("(?=a)", "there is only '(?:'"),
        ("a{300}", "0 to 255 times"),
        ("(a{200}){200}", "too large"),
        ("[b-a]", "from a lower to a higher"),
    ],
)
def test_a_refusal_says_where_and_why(pattern: str, reason: str):
    with pytest.raises(InvalidArgument) as refused:
        parse_pattern(pattern)
    assert reason in refused.value.message
