"""Expressions: a small grammar, checked against Python's own arithmetic and against published tables."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.maths.expression import DEPTH, LENGTH, Expression, ExpressionError
from edge.maths.formulas import (
    FORMULAS,
    Formula,
    absolute_humidity,
    dew_point,
    mass_concentration,
    oxygen_saturation,
    oxygen_solubility,
    rating,
    sound_speed,
    sound_sum,
)

VALUES = {"a": 2.0, "b": -3.5, "pm2_5": 8.0, "river/level": 1.25}


def value(text, **values):
    return Expression(text)(VALUES | values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2*3", 7), ("(1 + 2)*3", 9), ("10 - 2 - 3", 5), ("8/2/2", 2), ("-2^2", -4), ("2^3^2", 512), ("2^-1", 0.5),
        ("--2", 2), ("+2 - -2", 4), ("2*-3", -6), (".5 + 1.", 1.5), ("1e3 + 2.5E-1", 1000.25), ("a*b", -7),
        ("pm2_5 / a", 4), ("{river/level} * 2", 2.5), ("max(1, a, abs(b))", 3.5), ("min(a, b)", -3.5), ("pow(a, 3)", 8),
        ("sqrt(16) + ln(exp(1)) + log10(100)", 7), ("sin(rad(90)) + cos(0)", 2), ("a", 2), (" ( a ) ", 2),
    ],
)  # fmt: skip
def test_it_computes_as_on_paper(text, expected):
    assert value(text) == pytest.approx(expected)


numbers = st.integers(0, 99).map(str) | st.floats(0, 1e3).map(lambda number: f"{number:.6f}") | st.sampled_from("ab")
trees = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        inner.map("({})".format),
        inner.map("-{}".format),
    ),
    max_leaves=12,
)


@given(trees)
def test_it_agrees_with_python(text):
    try:
        expected = eval(text, {"a": 2.0, "b": -3.5})  # the oracle; nothing but numbers and operators is in it
    except ZeroDivisionError:
        expected = None
    got = value(text)
    assert (got is None) == (expected is None)
    assert got is None or got == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.text(alphabet="ab_.(){}[]'\"\\0123456789+-*/^,;:=<>!&|%@#~`$ \n\té\x00", max_size=60) | st.text(max_size=40))
def test_whatever_is_written_is_an_expression_or_an_error_with_a_place(text):
    try:
        Expression(text)(dict.fromkeys(Expression(text).names, 1.0))
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1
        assert error.remedy


@pytest.mark.parametrize("text", ["1/0", "sqrt(-1)", "ln(0)", "9^9^9^9", "exp(1000)", "(-8)^0.5", "1e999", "0^-1"])
def test_what_has_no_value_has_none(text):
    assert value(text) is None


@pytest.mark.parametrize(
    ("text", "column", "says", "remedy"),
    [
        ("", 1, "a value is missing before the end", "a number"),
        ("1 +", 4, "a value is missing before the end", "a number"),
        ("1 2", 3, "an operator is missing before '2'", "between two values"),
        ("(1", 3, "a ) is missing before the end", "every ("),
        ("1)", 2, "an operator is missing before ')'", ""),
        ("min(a)", 1, "'min' does not take 1 value", "min(x, y, ...)"),
        ("a + rating(1, 2)", 5, "'rating' does not take 2 values", "rating(level, a, h0, b)"),
        ("dew(1, 2)", 1, "no function is called 'dew'", "dew_point"),
        ("a.__class__", 2, "'.' means nothing here", ""),
        ("a[0]", 2, "'[' means nothing here", ""),
        ("__import__('os')", 12, "''' means nothing here", ""),
        ("lambda: 1", 7, "':' means nothing here", ""),
        ("{level}", 2, "'level' is no value of a sensor", "{sensor/quantity}"),
        ("{river/level", 1, "'{' means nothing here", ""),
        ("1" * (LENGTH + 1), LENGTH + 1, f"an expression of {LENGTH + 1} characters", str(LENGTH)),
        ("(" * (DEPTH + 1) + "1" + ")" * (DEPTH + 1), DEPTH + 1, "too deep", str(DEPTH)),
        ("-" * (DEPTH + 1) + "1", DEPTH + 1, "too deep", str(DEPTH)),
        ("2^" * (DEPTH + 1) + "2", 2 * DEPTH + 1, "too deep", str(DEPTH)),
    ],
)
def test_an_error_says_where_and_how_to_mend_it(text, column, says, remedy):
    with pytest.raises(ExpressionError) as error:
        Expression(text)
    assert (error.value.column, says in str(error.value), remedy in error.value.remedy) == (column, True, True)


def test_a_long_row_is_not_a_deep_one():
    assert value("+".join(["1"] * 250)) == 250


def test_its_inputs_are_known_with_their_columns():
    assert Expression("a + {river/level} - a").names == {"a": 1, "river/level": 6}


def test_functions_can_be_added():
    twice = Expression("twice(a)", {**FORMULAS, "twice": Formula("x", lambda x: 2 * x)})
    assert twice(VALUES) == 4


def test_every_formula_takes_what_it_says():
    for name, formula in FORMULAS.items():
        most = len([part for part in formula.takes.split() if part != "..."])
        text = f"{name}({', '.join(['1'] * most)})"
        assert Expression(text)({}) is not None, text


@pytest.mark.parametrize(("t", "rh", "expected"), [(20, 50, 9.3), (25, 60, 16.7), (0, 100, 0.0), (30, 10, -4.9)])
def test_dew_point(t, rh, expected):
    """Rounded as in psychrometric tables (Magnus over water, WMO-No. 8, annex 4.B)."""
    assert dew_point(t, rh) == pytest.approx(expected, abs=0.1)


def test_the_dew_point_of_saturated_air_is_its_temperature():
    assert [dew_point(t, 100.0) for t in range(-40, 61)] == pytest.approx(list(range(-40, 61)))


@pytest.mark.parametrize(("t", "expected"), [(0, 4.85), (10, 9.40), (20, 17.3), (30, 30.4)])
def test_absolute_humidity(t, expected):
    """Saturated air in g/m3, as in the tables of meteorology."""
    assert absolute_humidity(t, 100) == pytest.approx(expected, rel=0.006)


@pytest.mark.parametrize(
    ("t", "salinity", "expected"),
    [(0, 0, 14.621), (5, 0, 12.770), (10, 0, 11.288), (15, 0, 10.084), (20, 0, 9.092), (25, 0, 8.263), (30, 0, 7.559)],
)
def test_oxygen_solubility(t, salinity, expected):
    """Standard Methods, table 4500-O:I, and USGS: mg/L at 101.325 kPa."""
    assert oxygen_solubility(t, salinity) == pytest.approx(expected, abs=0.0015)


def test_oxygen_in_sea_water():
    """UNESCO/SCOR check value: 274.647 umol/kg at 10 Cel and 35 PSU (Benson and Krause), 1026.95 kg/m3."""
    assert oxygen_solubility(10, 35) == pytest.approx(274.647e-3 * 1.02695 * 31.9988, rel=0.001)


def test_oxygen_saturation_under_the_pressure_of_the_place():
    assert oxygen_saturation(9.092, 20) == pytest.approx(100, abs=0.01)
    assert oxygen_saturation(9.092 / 2, 20, 0, 1013.25) == pytest.approx(50, abs=0.01)
    assert oxygen_solubility(20, 0, 0.8 * 1013.25) == pytest.approx(7.23, abs=0.01)


@pytest.mark.parametrize(
    ("molar_mass", "t", "expected"),
    [(46.0055, 20, 1.9125), (47.9982, 20, 1.9954), (64.066, 20, 2.663), (28.010, 20, 1.1644), (46.0055, 25, 1.880)],
)
def test_ppb_to_ug_m3(molar_mass, t, expected):
    """Factors of 2008/50/EC at 293 K and 101.3 kPa (NO2, O3, SO2, CO), and of EPA at 298 K."""
    assert mass_concentration(1, molar_mass, t) == pytest.approx(expected, rel=0.001)


def test_rating_curve():
    """12 (1.3 - 0.4)^1.7 by hand; no water below where it begins."""
    assert rating(1.3, 12, 0.4, 1.7) == pytest.approx(12 * math.exp(1.7 * math.log(0.9)))
    assert rating(0.4, 12, 0.4, 1.7) == rating(0.1, 12, 0.4, 1.7) == 0


def test_sound():
    assert sound_sum(60, 60) == pytest.approx(63.01, abs=0.01)
    assert sound_speed(20) == pytest.approx(343.2)
    assert sound_speed(0) == pytest.approx(331.3, abs=0.1)
