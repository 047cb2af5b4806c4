import base64

import msgspec
import pytest

from podium.domain.filters import (
    And,
    Comparison,
    DatasetRef,
    Field,
    FieldKind,
    Operator,
    Order,
    decode_cursor,
    encode_cursor,
    query_digest,
)
from podium.errors import InvalidArgument

LOSS = Field(FieldKind.METRIC, "loss")
LOW_LOSS = And((Comparison(LOSS, Operator.LT, 0.5),))
BY_LOSS = (Order(LOSS),)
DIGEST = query_digest("runs:1", LOW_LOSS, BY_LOSS)


def test_a_cursor_gives_back_what_it_was_made_of():
    values = (1, 1.0, -0.0, float("inf"), float("-inf"), None, "", "naïve\0text", 2**63 - 1, -(2**63))
    back = decode_cursor(encode_cursor(values, DIGEST), DIGEST)
    assert back == values
    assert [type(value) for value in back] == [type(value) for value in values]


def test_a_cursor_keeps_nan():
    (value,) = decode_cursor(encode_cursor((float("nan"),), DIGEST), DIGEST)
    assert value != value  # noqa: PLR0124 - this is what NaN is


def test_a_cursor_is_text_for_a_url():
    assert set(encode_cursor(("???>>>", 2**60), DIGEST)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@pytest.mark.parametrize(
    "other",
    [
        query_digest("runs:2", LOW_LOSS, BY_LOSS),
        query_digest("runs:1", And(), BY_LOSS),
        query_digest("runs:1", And((Comparison(LOSS, Operator.LT, 0.6),)), BY_LOSS),
        query_digest("runs:1", And((Comparison(LOSS, Operator.LE, 0.5),)), BY_LOSS),
        query_digest("runs:1", LOW_LOSS, (Order(LOSS, ascending=False),)),
        query_digest("runs:1", LOW_LOSS, (Order(Field(FieldKind.METRIC, "loss", (DatasetRef("d"),))),)),
        query_digest("runs:1", LOW_LOSS, ()),
    ],
)
def test_a_cursor_of_another_search_is_refused(other):
    token = encode_cursor((0.25, 7), DIGEST)
    with pytest.raises(InvalidArgument, match="another filter, order or scope"):
        decode_cursor(token, other)


def test_the_digest_of_equal_queries_is_equal():
    again = query_digest("runs:1", And((Comparison(Field(FieldKind.METRIC, "loss"), Operator.LT, 0.5),)), BY_LOSS)
    assert again == DIGEST


def packed(value) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(value)).decode().rstrip("=")


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("not base64!", "could not base64-decode"),
        ("é", "could not base64-decode"),
        ("A", "could not base64-decode"),
        ("", "not one that this server gave"),
        ("AAAA", "not one that this server gave"),
        (base64.b64encode(b'{"offset": 5}').decode(), "not one that this server gave"),
        (packed([1, DIGEST]), "not one that this server gave"),
        (packed([1, DIGEST, [[1]]]), "not one that this server gave"),
        (packed([1, DIGEST, [True]]), "not one that this server gave"),
        (packed([99, DIGEST, [1]]), "another release"),
    ],
)
def test_a_broken_cursor_is_refused(token, message):
    with pytest.raises(InvalidArgument, match=f"Invalid page token.*{message}"):
        decode_cursor(token, DIGEST)


def test_a_cut_or_changed_cursor_never_fails_otherwise():
    token = encode_cursor((1.5, "name", None, 12), DIGEST)
    for position in range(len(token)):
        for changed in (token[:position], token[:position] + "_" + token[position + 1 :]):
            try:
                decode_cursor(changed, DIGEST)
            except InvalidArgument as error:
                assert "Invalid page token" in error.message  # noqa: PT017 - some changes may pass
