"""Curves through pairs of readings and true values, against numpy, and which pairs make none."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.maths.curve import Line, Polynomial, Steps
from edge.maths.fit import FITS, doubt, fitted, goodness
from edge.maths.steady import rest

numbers = st.floats(-1000, 1000)
pairs = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=30, unique_by=lambda pair: round(pair[0]))


def apart(drawn):
    """Readings that differ by more than noise, as points of a calibration do."""
    raws = sorted(raw for raw, _ in drawn)
    assume(min(high - low for low, high in pairwise(raws)) > 1e-3 * (raws[-1] - raws[0]))
    return drawn


@given(pairs.map(apart), st.sampled_from([("line", 1), ("poly2", 2)]))
def test_least_squares_agree_with_numpy(pairs, kind):
    how, degree = kind
    curve = fitted(pairs, how)
    raws, trues = np.transpose(pairs)
    expected = np.polynomial.Polynomial.fit(raws, trues, degree)
    size = 1e-6 * (1 + np.abs(trues).max())
    assert [curve(raw) for raw in raws] == pytest.approx(expected(raws), abs=size)


@given(pairs)
def test_a_table_goes_through_all_its_points(pairs):
    curve = fitted(pairs, "table")
    assert [curve(raw) for raw, _ in pairs] == [true for _, true in pairs]
    assert goodness(curve, pairs).worst == 0


def test_an_offset_is_the_mean_difference():
    assert fitted([(4.1, 4.0), (7.3, 7.0)], "offset") == Line(1.0, pytest.approx(-0.2))


def test_how_well_it_goes_is_told_in_the_unit():
    well = goodness(Line(), [(1.0, 1.0), (2.0, 2.3), (3.0, 2.6)])
    assert (well.count, well.worst, well.rms) == (3, pytest.approx(0.4), pytest.approx(0.28867513))
    assert 0.8 < well.r2 < 0.9
    assert goodness(Line(), [(1.0, 1.0), (1.2, 1.0)]).r2 is None


@pytest.mark.parametrize(
    ("how", "count"), [(how, least - 1) for how, (least, _) in FITS.items()] + [("line", 0), ("poly2", 1)]
)
def test_too_few_points_make_no_curve(how, count):
    with pytest.raises(ValueError, match=f"a {how} needs"):
        fitted([(float(n), float(n)) for n in range(count)], how)


def test_the_same_reading_twice_is_one_point():
    with pytest.raises(ValueError, match="there is 1"):
        fitted([(4.1, 4.0), (4.1, 7.0)], "line")


@pytest.mark.parametrize(
    "curve",
    [Line(0.0, 7.0), Steps(((0.0, 0.0), (1.0, 2.0), (2.0, 1.0))), Polynomial((0.0, 1.0, -1.0))],
    ids=["flat", "zigzag", "vertex"],
)
def test_a_curve_that_goes_both_ways_is_refused(curve):
    with pytest.raises(ValueError, match="mixed up pair"):
        doubt(curve, [(0.0, 0.0), (2.0, 1.0)])


@pytest.mark.parametrize(
    ("curve", "odd"),
    [
        (Line(1.04, 3.0), False),
        (Line(2.1), True),
        (Line(0.4), True),
        (Line(-1.0), True),
        (Steps(((0.0, 0.0), (1.0, 1.1), (2.0, 1.9))), False),
        (Steps(((0.0, 0.0), (1.0, 3.1), (2.0, 4.0))), True),
        (Polynomial((0.3, 1.0, 0.01)), False),
        (Polynomial((0.0, 1.0, 0.5)), True),
    ],
)
def test_a_slope_far_from_one_is_doubted(curve, odd):
    assert bool(doubt(curve, [(0.0, 0.0), (2.0, 2.0)])) is odd


def test_a_line_through_a_cloud_is_doubted_and_an_offset_is_not():
    cloud = [(20.0 + n % 3 * 0.01, 21.0 + n % 2 * 0.01) for n in range(20)]
    line = fitted([*cloud, (20.5, 21.2)], "line")
    assert "hardly follow" in doubt(line, [*cloud, (20.5, 21.2), (19.9, 21.2)])
    assert doubt(fitted(cloud, "offset"), cloud) is None


@pytest.mark.parametrize(
    ("values", "steady"),
    [
        ([7.0] * 10, True),
        ([7.01, 6.99, 7.0, 7.02, 6.98, 7.0, 7.01, 6.99, 7.0, 7.0], True),
        ([6.0, 6.2, 6.4, 6.5, 6.6, 6.7, 6.75, 6.8, 6.85, 6.9], False),
        ([7.0, 7.0, 7.0], False),
    ],
    ids=["still", "noisy", "settling", "too few"],
)
def test_a_sensor_has_settled_when_only_noise_is_left(values, steady):
    assert rest(values, 0.01).steady is steady
