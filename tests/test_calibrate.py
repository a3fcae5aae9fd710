"""Calibration: the same raw value and the same record give the same value, and what lies beyond is said."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import Reason
from edge.clock import Stamp
from edge.filters import Unfit
from edge.filters.calibrate import Calibrate
from edge.maths.curve import Curve, Line, Polynomial, Steps, curve
from edge.reading import GOOD, Level, Reading, Spread

numbers = st.floats(-1e6, 1e6)
lines = st.builds(lambda gain, offset: {"gain": gain, "offset": offset}, numbers, numbers)
polynomials = st.lists(numbers, min_size=1, max_size=6).map(lambda numbers: {"coefficients": numbers})
tables = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20, unique_by=lambda point: point[0]).map(
    lambda points: {"points": [list(point) for point in sorted(points)]}
)


def reading(value, **more):
    return Reading("acid", "ph", value, "pH", Stamp("boot", 0), **more)


def calibrated(value, **options):
    (out,) = Calibrate({}, **options)(reading(value))
    return out


@given(st.one_of(lines, polynomials, tables), numbers)
def test_raw_value_and_record_reproduce_the_value_exactly(record, raw):
    out = calibrated(raw, **record)
    again = curve(json.loads(json.dumps(curve(record).keys())))
    assert out.raw == raw
    assert out.value == again(raw)


@given(polynomials, numbers)
def test_a_polynomial_agrees_with_numpy(record, raw):
    expected = float(np.polynomial.polynomial.polyval(raw, record["coefficients"]))
    size = sum(abs(c) * abs(raw) ** power for power, c in enumerate(record["coefficients"]))
    assert curve(record)(raw) == pytest.approx(expected, abs=1e-12 * size)


@given(tables, numbers)
def test_a_table_agrees_with_numpy_and_goes_on_along_its_end(record, raw):
    made = curve(record)
    xs, ys = np.transpose(record["points"])
    assert [made(x) for x in xs.tolist()] == ys.tolist()
    if made.covers(raw):
        assert made(raw) == pytest.approx(float(np.interp(raw, xs, ys)), rel=1e-6, abs=1e-6)


def test_beyond_a_table_the_value_is_suspect():
    """A tilt of 10.1 for 10 goes on as 20.2 for 20, but nobody has looked there."""
    points = ((0.0, 0.0), (10.0, 10.1))
    assert calibrated(10.0, points=points).quality == GOOD
    out = calibrated(20.0, points=points)
    assert (out.value, out.raw, out.quality) == (pytest.approx(20.2), 20.0, GOOD.flagged(Reason.UNCALIBRATED))


def test_a_curve_that_runs_over_gives_no_number():
    out = calibrated(1e200, coefficients=(0.0, 0.0, 1.0))
    assert (out.value, out.raw, out.quality.level) == (None, 1e200, Level.BAD)


def test_the_extremes_of_an_interval_are_corrected_too():
    (out,) = Calibrate({}, gain=-2.0, offset=1.0)(reading(3.0, span=60.0, spread=Spread(9, 1.0, 5.0)))
    assert (out.value, out.spread) == (-5.0, Spread(9, -9.0, -1.0))


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_what_is_no_number_stays_what_it_is(value):
    out = calibrated(value, gain=2.0)
    assert repr(out) == repr(reading(value))


@pytest.mark.parametrize(
    ("options", "option", "says"),
    [
        ({"gain": 2.0, "points": ((0, 0), (1, 1))}, "points", "'gain' and 'points' exclude each other"),
        ({"coefficients": (1.0,), "points": ((0, 0), (1, 1))}, "points", "exclude each other"),
        ({"offset": 2.0, "coefficients": (1.0,)}, "coefficients", "exclude each other"),
        ({"points": ((0, 0),)}, "points", "1 of them, not 2 to 256"),
        ({"points": ((1, 0), (0, 1))}, "points", "0 comes after 1"),
        ({"points": ((1, 0), (1, 1))}, "points", "1 comes after 1"),
        ({"coefficients": ()}, "coefficients", "0 numbers, not 1 to 10"),
    ],
)
def test_curves_that_are_none_are_refused(options, option, says):
    with pytest.raises(Unfit, match=says) as refused:
        Calibrate({}, **options)
    assert refused.value.option == option


@pytest.mark.parametrize("record", [{"gain": math.nan}, {"points": [[0, "1"], [1, 1]]}, {"coefficients": "12"}])
def test_a_record_with_something_else_than_numbers_is_refused(record):
    with pytest.raises(ValueError):
        curve(record)


def test_each_kind_of_curve_is_made_of_its_keys():
    made: list[Curve] = [curve({}), curve({"coefficients": [1]}), curve({"points": [[0, 0], [1, 1]]})]
    assert made == [Line(), Polynomial((1.0,)), Steps(((0.0, 0.0), (1.0, 1.0)))]
