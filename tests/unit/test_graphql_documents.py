"""Documents that were parsed are kept by the length of their texts."""

import pytest
from graphql import GraphQLError, parse

from podium.asgi.graphql.documents import Documents


class Parser:
    """Parses, and remembers what."""

    def __init__(self) -> None:
        self.parsed: list[str] = []

    def __call__(self, text: str):
        self.parsed.append(text)
        return parse(text)


def test_a_document_is_parsed_once():
    parser = Parser()
    documents = Documents(parser)
    assert documents.get("{a}") is documents.get("{a}")
    assert parser.parsed == ["{a}"]


def test_those_not_asked_for_the_longest_make_room():
    parser = Parser()
    documents = Documents(parser, most=9)
    for text in ("{a}", "{b}", "{c}", "{a}", "{d}"):
        documents.get(text)
    parser.parsed.clear()
    for text in ("{a}", "{c}", "{d}", "{b}"):
        documents.get(text)
    assert parser.parsed == ["{b}"]


def test_one_long_document_does_not_stay_nor_keep_others():
    parser = Parser()
    documents = Documents(parser, most=9)
    long = "{" + "a " * 10 + "}"
    for text in ("{a}", long, long, "{a}"):
        documents.get(text)
    assert parser.parsed == ["{a}", long, long, "{a}"]


def test_what_is_refused_is_not_kept():
    parser = Parser()
    documents = Documents(parser)
    for _ in range(2):
        with pytest.raises(GraphQLError):
            documents.get("{")
    assert parser.parsed == ["{", "{"]
