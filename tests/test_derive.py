"""Derived quantities: of one moment, as bad as their worst input, checked before the node starts."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import Quantity, Reason
from edge.clock import Stamp
from edge.filters import Unfit, linked
from edge.filters.derive import Derive
from edge.maths.formulas import FORMULAS, dew_point
from edge.reading import GOOD, MISSING, Level, Quality, Reading
from edge.settings import FilterSettings, examine

S = 10**9
AIR = {"temperature": Quantity("temperature", "Cel", -40, 125, 2), "humidity": Quantity("humidity", "%RH", 0, 100, 2)}
DEW = {"quantity": "dew_point", "unit": "Cel", "expression": "dew_point(temperature, humidity)"}


def reading(quantity, value, second=0.0, **more):
    return Reading("air", quantity, value, "1", Stamp("boot", int(second * S)), **more)


def derived(readings, latest=None, **options):
    """What is added to the readings."""
    derive = Derive(AIR, **(DEW | options))
    derive.look_up = lambda sensor, quantity: (latest or {}).get(f"{sensor}/{quantity}")
    out = [done for one in readings for done in derive(one)]
    assert [done for done in out if done.quantity != derive.set["quantity"]] == list(readings), "the inputs stay"
    return [done for done in out if done.quantity == derive.set["quantity"]]


def test_it_comes_when_the_last_input_of_a_moment_has_come():
    readings = [reading("temperature", 20.0), reading("humidity", 50.0), reading("humidity", 60.0, 1)]
    (dew,) = derived(readings)
    assert dew == reading("dew_point", round(dew_point(20, 50), 3))._replace(unit="Cel")


def test_inputs_of_two_moments_are_never_mixed():
    readings = [reading("temperature", 20.0, 0), reading("humidity", 50.0, 1), reading("temperature", 30.0, 2)]
    assert derived(readings) == []


def test_it_is_as_bad_as_the_worst_input():
    warm, stuck = GOOD.flagged(Reason.WARMING_UP), GOOD.flagged(Reason.STUCK)
    (dew,) = derived([reading("temperature", 20.0, quality=warm), reading("humidity", 50.0, quality=stuck)])
    assert dew.value is not None
    assert dew.quality == warm.joined(stuck)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, 50.0])
def test_without_a_good_input_there_is_no_value(value):
    quality = MISSING if value is None else GOOD.flagged(Reason.OUT_OF_RANGE) if value == 50.0 else GOOD
    (dew,) = derived([reading("temperature", 20.0), reading("humidity", value, quality=quality)])
    assert dew.value is None
    assert dew.quality.level >= max(Level.BAD, quality.level)


def test_what_cannot_be_computed_is_no_value():
    (dew,) = derived([reading("temperature", 20.0), reading("humidity", 0.0)])
    assert (dew.value, dew.quality) == (None, Quality(Level.MISSING, Reason.INCONSISTENT))


@given(st.floats(), st.floats())
def test_no_number_comes_of_nothing(t, rh):
    for dew in derived([reading("temperature", t), reading("humidity", rh)], expression="temperature / humidity"):
        assert dew.value is None or (math.isfinite(dew.value) and math.isfinite(t) and math.isfinite(rh))


FAR = {"unit": "%", "quantity": "oxygen_saturation", "expression": "temperature + {river/level}"}


@pytest.mark.parametrize(("age", "value"), [(0, 21.5), (600, 21.5), (-1, 21.5), (601, None)])
def test_a_value_of_another_sensor_may_be_ten_minutes_old(age, value):
    latest = {"river/level": reading("level", 1.5, 1000 - age)._replace(device="river")}
    (out,) = derived([reading("temperature", 20.0, 1000)], latest, **FAR)
    assert out.value == value
    assert out.quality == (GOOD if value else Quality(Level.MISSING, Reason.STALE))


def test_a_value_of_another_sensor_must_be_good_and_of_this_boot():
    bad = reading("level", 1.5, quality=GOOD.flagged(Reason.SENSOR_FAULT))
    for other in (None, bad, reading("level", 1.5)._replace(at=Stamp("before", 0))):
        latest = {} if other is None else {"river/level": other}
        (out,) = derived([reading("temperature", 20.0)], latest, **FAR)
        assert out.value is None


def test_a_rating_by_table_has_no_value_beyond_it():
    table = {"quantity": "discharge", "unit": "m3/s", "expression": "table(temperature)"}
    inside, beyond = derived([reading("temperature", 0.75, 0), reading("temperature", 1.1, 1)], **table,
                             points=((0.5, 1.0), (1.0, 2.0)))  # fmt: skip
    assert (inside.value, beyond.value) == (1.5, None)
    assert beyond.quality.reasons == Reason.INCONSISTENT


def test_filters_behind_it_know_the_result():
    wanted = [FilterSettings("derive", None, DEW), FilterSettings("mean", "dew_point", {})]
    _, quantities = linked(wanted, AIR)
    assert quantities["dew_point"].unit == "Cel"


@pytest.mark.parametrize(
    ("options", "option", "says", "part"),
    [
        ({"quantity": "Dew Point"}, "quantity", "cannot be the name", None),
        ({"quantity": "humidity"}, "quantity", "is measured already", None),
        ({"unit": "hPa"}, "unit", "is not given in 'hPa'", None),
        ({"quantity": "comfort", "unit": "smiles"}, "unit", "is not given in 'smiles'", None),
        ({"expression": "dew_point(temperature, humid)"}, "expression", "'humid' is not measured", (24, 5)),
        ({"expression": "dew_point(temperature"}, "expression", "is missing before the end", (22, 1)),
        ({"expression": "1 + {river/level}"}, "expression", "no quantity of this sensor", None),
        ({"expression": "table(temperature)"}, "expression", "no function is called 'table'", (1, 5)),
        ({"points": ((1.0, 0.0), (0.0, 1.0))}, "points", "in order", None),
    ],
)
def test_what_makes_no_sense_is_refused(options, option, says, part):
    with pytest.raises(Unfit, match=says) as refused:
        Derive(AIR, **(DEW | options))
    assert (refused.value.option, refused.value.part) == (option, part)


CONFIG = """
[node]
id = "n"
[[sensor]]
name = "air"
driver = "sht3x"
i2c = "sim://"
[[sensor.filter]]
type = "derive"
quantity = "dew_point"
unit = "Cel"
expression = "dew_point(temperature, {})"
[[sensor.filter]]
type = "mean"
quantity = "dew_point"
"""


def test_a_configuration_with_a_derived_quantity_is_right(tmp_path):
    file = tmp_path / "edge.toml"
    file.write_text(CONFIG.format("humidity"))
    settings, problems = examine(file)
    assert not problems
    assert [(item.type, item.quantity) for item in settings.sensors[0].filters] == [
        ("derive", None), ("mean", "dew_point"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "column", "remedy"),
    [("humidty", 38, "did you mean 'humidity'?"), ("{attic/level}", 39, "air"), ("{air/level}", 39, "temperature")],
)
def test_the_caret_stands_under_what_is_wrong(tmp_path, wrong, column, remedy):
    file = tmp_path / "edge.toml"
    file.write_text(CONFIG.format(wrong))
    problem = examine(file)[1][0]
    assert (problem.line, problem.column, remedy in problem.remedy) == (12, column, True)


def test_the_station_of_the_page_is_right(tmp_path):
    page = (Path(__file__).parent.parent / "docs/how-to/derived-quantities.md").read_text(encoding="utf-8")
    file = tmp_path / "edge.toml"
    file.write_text(page.split("```toml\n")[1].split("```")[0])
    settings, problems = examine(file)
    assert not problems
    assert len(settings.sensors) == 4
    assert all(f"`{name}" in page or f" {name} " in page for name in FORMULAS), "the page knows every function"
    assert all(name in Derive.__doc__ for name in FORMULAS)
