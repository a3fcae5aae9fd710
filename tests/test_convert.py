"""Units: exact factors, with pint as oracle."""

import math

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import CATALOGUE, Quantity
from edge.clock import Stamp
from edge.filters import FILTERS, Chain, Unfit, linked
from edge.filters.convert import Convert
from edge.maths.unit import UNITS, converted, kin
from edge.reading import GOOD, Level, Reading, Spread
from edge.settings import FilterSettings

ORACLE = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
PINT = {
    "Cel": "degC", "K": "kelvin", "[degF]": "degF", "m[H2O]": "9806.65 Pa", "[in_i]": "inch", "[ft_i]": "foot",
    "[kn_i]": "knot", "1": "dimensionless", "%": "percent", "MOhm": "megaohm", "kOhm": "kiloohm", "Ohm": "ohm",
    "m3": "m**3", "d": "day", "h": "hour", "min": "minute", "ppb": "1e-9 dimensionless", "um": "micrometer",
}  # fmt: skip
ENDINGS = {"/m3": "/m**3", "/cm3": "/cm**3", "m3/s": "m**3/s", "m3/h": "m**3/hour", "m3/d": "m**3/day"}
PRESSURE = Quantity("pressure", "hPa", 300, 1100, 1)
pairs = st.sampled_from([(unit, to) for unit in UNITS for to in kin(unit)])


def oracle(value, unit, to):
    def of(code):
        for ending, name in ENDINGS.items():
            code = code.replace(ending, name) if code not in PINT and code.endswith(ending) else code
        return PINT.get(code, code)

    size = ORACLE.parse_expression(of(unit)) if unit in ("m[H2O]", "ppb") else ORACLE.Unit(of(unit))
    target = ORACLE.parse_expression(of(to)) if to in ("m[H2O]", "ppb") else ORACLE.Unit(of(to))
    amount = value * size if hasattr(size, "magnitude") else ORACLE.Quantity(value, size)
    if hasattr(target, "magnitude"):
        return float((amount / target).to("dimensionless").magnitude)
    return float(amount.to(target).magnitude)


@given(pairs, st.floats(-1e6, 1e6))
def test_every_factor_agrees_with_pint(pair, value):
    unit, to = pair
    expected = oracle(value, unit, to)
    assert converted(value, unit, to) == pytest.approx(
        expected, rel=1e-12, abs=1e-9 if UNITS[unit].dimension == "temperature" else 1e-300
    )


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (1013.25, "hPa", "kPa", 101.325), (1013.25, "hPa", "mbar", 1013.25), (100.0, "Cel", "[degF]", 212.0),
        (0.0, "Cel", "K", 273.15), (-40.0, "[degF]", "Cel", -40.0), (60.0, "L/min", "m3/h", 3.6),
        (3.6, "m3/h", "L/s", 1.0), (1.0, "mg/m3", "ug/m3", 1000.0), (1500.0, "mm", "m", 1.5),
        (2.0, "ppm", "ppb", 2000.0), (1234.0, "L", "m3", 1.234), (1.0, "kWh", "MJ", 3.6), (1.0, "mg/L", "ug/L", 1000.0),
    ],
)  # fmt: skip
def test_what_everybody_knows_comes_out_to_the_last_digit(value, unit, to, expected):
    assert converted(value, unit, to) == expected


@given(pairs, st.floats(-1e6, 1e6))
def test_there_and_back_again(pair, value):
    unit, to = pair
    back = converted(converted(value, unit, to), to, unit)
    assert back == pytest.approx(value, rel=1e-14, abs=1e-9 if UNITS[unit].dimension == "temperature" else 1e-300)


def test_two_dimensions_are_never_mixed():
    for unit in UNITS:
        for to in set(UNITS) - set(kin(unit)):
            with pytest.raises(ValueError):
                converted(1.0, unit, to)


def test_units_of_the_catalogue_are_known_or_have_no_kin():
    alone = {unit for units in CATALOGUE.values() for unit in units if unit not in UNITS}
    assert alone == {"deg", "count", "%RH", "dB", "pH", "PSU", "NTU"}


def reading(value, unit="hPa", quantity="pressure", **more):
    return Reading("air", quantity, value, unit, Stamp("boot", 0), **more)


def test_a_reading_has_one_unit():
    before = reading(1000.0, raw=990.0, span=60.0, spread=Spread(6, 980.0, 1010.0))
    (out,) = Convert({"pressure": PRESSURE}, to="kPa")(before)
    assert (out.value, out.raw, out.unit, out.spread) == (100.0, 99.0, "kPa", Spread(6, 98.0, 101.0))


def test_what_cannot_be_converted_and_what_is_missing_stays():
    convert = Convert({"pressure": PRESSURE}, to="kPa")
    other = reading(20.0, "Cel", "temperature")
    assert list(convert(other)) == [other]
    assert list(convert(reading(None))) == [reading(None, "kPa")]


def test_a_value_that_runs_over_is_no_number():
    (out,) = Convert({}, to="um")(reading(1e306, "m", "level"))
    assert (out.value, out.quality.level) == (None, Level.BAD)


@pytest.mark.parametrize(("to", "says"), [("kPascal", "no unit 'kPascal' is known"), ("m", "can be given in 'm'")])
def test_a_unit_that_does_not_fit_is_refused(to, says):
    with pytest.raises(Unfit, match=says):
        Convert({"pressure": PRESSURE}, to=to)


def test_the_range_behind_it_knows_the_new_unit():
    wanted = [FilterSettings("convert", "pressure", {"to": "kPa"}), FilterSettings("range", None, {})]
    links, quantities = linked(wanted, {"pressure": PRESSURE})
    (good, bad) = Chain(links)([reading(1000.0), reading(1200.0)])
    assert (good.value, good.quality, bad.quality.level) == (100.0, GOOD, Level.BAD)
    pressure = quantities["pressure"]
    assert (pressure.unit, pressure.low, pressure.high, pressure.decimals) == ("kPa", 30.0, 110.0, 2)


def test_a_total_in_another_unit_is_still_one():
    volume = {"volume": Quantity("volume", "L", 0, 1e9)}
    _, quantities = linked([FilterSettings("convert", None, {"to": "m3"}), FilterSettings("mean", None, {})], volume)
    assert quantities["volume_increment"].unit == "m3"
    assert FILTERS["convert"] is Convert
    assert math.isclose(quantities["volume"].high, 1e6)
