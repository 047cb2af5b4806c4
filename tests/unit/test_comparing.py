"""Things side by side: rows, the best of them, and axes to draw them along."""

import math

from podium.domain.comparing import Row, best_of, number_axis, rows_of, shares_of, text_axis


def test_every_name_has_a_row_and_differs_where_one_lacks_it():
    rows = rows_of([{"lr": "0.1", "seed": "7"}, {"seed": "7", "depth": "3"}])
    assert [(row.key, row.values, row.differs) for row in rows] == [
        ("depth", [None, "3"], True),
        ("lr", ["0.1", None], True),
        ("seed", ["7", "7"], False),
    ]


def test_not_a_number_is_like_itself_and_never_the_best():
    assert not Row("loss", [math.nan, math.nan]).differs
    assert best_of(Row("accuracy", [math.nan, 0.5, math.inf, 0.4])) == {1}


def test_less_is_better_for_losses_and_of_like_values_none_is_best():
    assert best_of(Row("val_loss", [0.3, 0.1, None, 0.1])) == {1, 3}
    assert best_of(Row("test/f1", [0.3, 0.9])) == {1}
    assert best_of(Row("test/f1", [0.9, 0.9])) == set()


def test_bars_are_as_long_as_values_are_large_whatever_their_sign():
    assert shares_of(Row("r2", [-1.0, 0.5, None, math.nan])) == [1.0, 0.5, 0.0, 0.0]
    assert shares_of(Row("r2", [0.0, 0.0])) == [0.0, 0.0]


def test_numbers_lie_on_an_axis_as_far_apart_as_they_are():
    axis = text_axis(Row("lr", ["0.1", "1e-1", "0.3", None]))
    assert axis is not None
    assert (axis.places, axis.low, axis.high) == ([0.0, 0.0, 1.0, None], "1e-1", "0.3")


def test_texts_have_a_place_each_and_one_alone_makes_no_axis():
    axis = text_axis(Row("optimizer", ["sgd", "adam", "rmsprop"]))
    assert axis is not None
    assert axis.places == [1.0, 0.0, 0.5]
    assert text_axis(Row("optimizer", ["sgd", "sgd", None])) is None
    assert text_axis(Row("lr", ["1", "1.0"])) is None


def test_what_is_not_finite_or_too_far_apart_makes_no_axis():
    assert number_axis(Row("loss", [math.inf, 1.0]), {1.0: "1"}) is None
    assert number_axis(Row("loss", [1e308, -1e308]), {1e308: "a", -1e308: "b"}) is None
