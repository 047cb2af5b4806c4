"""Curves that are thinned: no spike is lost, the ends and the order stay."""

from hypothesis import given
from hypothesis import strategies as st

from podium.domain.curves import LEAST_POINTS, Line, ordered, thinned

VALUES = st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=400)
MOST = st.integers(LEAST_POINTS, 60)


def line_of(values: list[float | None]) -> Line:
    return Line([3 * place for place in range(len(values))], values)


@given(VALUES, MOST)
def test_what_is_kept_are_points_in_their_order_with_both_ends(values, most):
    kept = thinned(line_of(values), most)
    assert len(kept.x) == len(kept.y) <= most
    assert kept.x == sorted(set(kept.x))
    assert all(values[x // 3] == y for x, y in zip(kept.x, kept.y, strict=True))
    assert (kept.x[0], kept.x[-1]) == (0, 3 * (len(values) - 1))


@given(VALUES, MOST)
def test_a_curve_of_few_points_stays_whole(values, most):
    line = line_of(values[:most])
    assert thinned(line, most) == line


@given(VALUES, MOST, st.data())
def test_no_spike_is_lost_wherever_it_is(values, most, data):
    place = data.draw(st.integers(0, len(values) - 1))
    for spike in (1.7e308, -1.7e308):
        spiked = [*values[:place], spike, *values[place + 1 :]]
        kept = thinned(line_of(spiked), most)
        # Another as high beside it may stand for it: what is drawn then reaches as far.
        near = [y for x, y in zip(kept.x, kept.y, strict=True) if abs(x // 3 - place) <= -(-len(values) // 3)]
        assert spike in near


@given(VALUES, MOST)
def test_the_whole_curve_reaches_as_low_and_as_high(values, most):
    kept = thinned(line_of(values), most)
    known = [value for value in values if value is not None]
    left = [value for value in kept.y if value is not None]
    assert (min(known, default=None), max(known, default=None)) == (min(left, default=None), max(left, default=None))


@given(VALUES.filter(lambda values: None in values), MOST)
def test_a_gap_stays_a_gap(values, most):
    assert None in thinned(line_of(values), most).y


@given(st.lists(st.tuples(st.integers(-5, 5), st.none() | st.floats(allow_nan=False)), max_size=50))
def test_points_that_came_out_of_order_are_ordered_and_stay_together(points):
    line = ordered(Line([x for x, _ in points], [y for _, y in points]))
    assert list(zip(line.x, line.y, strict=True)) == sorted(points, key=lambda point: point[0])
