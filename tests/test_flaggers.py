"""What each flagger finds, by example: a series of readings in, a reason for each of them out ("." is none)."""

from typing import Any

import pytest

from drivers import Reason
from edge.filters import FILTERS
from edge.reading import GOOD, Level, Reading
from tests.series import QUANTITIES, examples, flags, read

# options, the series of each quantity of one sensor (or of another one), and what is flagged in each
TOGETHER: dict[str, tuple[str, dict[str, Any], dict[str, str], dict[str, str]]] = {
    "a part is not more than the whole; both are flagged": (
        "cross", {"ascending": ["pm1", "pm2_5", "pm10"]},
        {"pm1":   "5 5 9            5",
         "pm2_5": "8 8 8            8",
         "pm10":  "9 9 12           7"},
        {"pm1":   ". . inconsistent .",
         "pm2_5": ". . inconsistent inconsistent",
         "pm10":  ". . .            inconsistent"}),
    "the last digit is allowed, or what the user allows": (
        "cross", {"ascending": ["pm1", "pm2_5"], "tolerance": 1.0, "share": 0.1},
        {"pm1":   "8 9 9.5          110 111",
         "pm2_5": "8 8 8            100 100"},
        {"pm1":   ". . inconsistent .   .",
         "pm2_5": ". . inconsistent .   ."}),
    "what is missing or bad contradicts nobody": (
        "cross", {"ascending": ["pm1", "pm2_5"]},
        {"pm1":   "9 !9 9",
         "pm2_5": "- 8  !8"},
        {"pm1":   ". . .",
         "pm2_5": ". . ."}),
    "two sensors of one quantity agree; the other has a filter of its own": (
        "cross", {"equal": ["pm10", "twin/pm10"], "tolerance": 2.0, "age": 1.5},
        {"pm10":      "10 12 13           20 20",
         "twin/pm10": "10 10 10           -  -"},
        {"pm10":      ".  .  inconsistent inconsistent .",
         "twin/pm10": ".  .  .            .  ."}),
    "a receiver that repeats itself": (
        "stale", {"after": 2.0},
        {"temperature": "20 20 20 21 21 22",
         "utc":         "10 11 11 11 11 12"},
        {"temperature": ". . . . stale .",
         "utc":         ". . . . stale ."}),
    "a receiver without a time is not judged, nor is the first reading after a silence": (
        "stale", {"after": 2.0},
        {"temperature": "20 20 20 20 20 20",
         "utc":         "10 -  -  -  -  15"},
        {"temperature": ". . . . . .",
         "utc":         ". . . . . ."}),
}  # fmt: skip


@pytest.mark.parametrize("example", TOGETHER.values(), ids=TOGETHER)
def test_quantities_are_flagged_together_as_shown(example):
    name, options, series, expected = example
    latest: dict[tuple[str, str], Reading] = {}
    work = FILTERS[name](QUANTITIES, **options)
    work.look_up = lambda device, quantity: latest.get((device, quantity))
    before = {name: list(read(text, name)) for name, text in series.items()}
    after: dict[str, list[Reading]] = {name: [] for name in series}
    for measurement in zip(*before.values(), strict=True):
        latest |= {(one.device, one.quantity): one for one in measurement if one.value is not None}
        for name, reading in zip(series, measurement, strict=True):
            after[name] += work(reading) if reading.device == "dut" else [reading]
    assert {name: flags(before[name], after[name]).split() for name in series} == {
        name: text.split() for name, text in expected.items()
    }


def test_values_are_compared_as_measured_before_a_calibration():
    work = FILTERS["cross"](QUANTITIES, ascending=["pm1", "pm2_5"])
    pm1, pm2_5 = next(read("5", "pm1")), next(read("8", "pm2_5"))
    work.look_up = lambda device, quantity: pm1
    (out,) = work(pm2_5.valued(0.4 * 8))
    assert out.quality == GOOD


@pytest.mark.parametrize("example", examples("flaggers"))
def test_a_series_is_flagged_as_shown(example):
    readings, work = example.readings(), example.filter()
    out = [done for reading in readings for done in work(reading)]
    assert flags(readings, out).split() == example.out


@pytest.mark.parametrize(
    ("value", "level"),
    [("20", Level.GOOD), ("-21", Level.SUSPECT), ("41", Level.SUSPECT), ("-41", Level.BAD), ("86", Level.BAD)],
)
def test_beyond_the_sensor_is_bad_beyond_the_place_suspect(value, level):
    work = FILTERS["range"](QUANTITIES, suspect_low=-20.0, suspect_high=40.0)
    (out,) = work(next(read(value)))
    assert out.quality.level == level


def test_the_limits_of_the_data_sheet_are_for_what_the_sensor_showed():
    work, own = FILTERS["range"](QUANTITIES), FILTERS["range"](QUANTITIES, low=0.0)
    clean, full = read("0 1000", "pm10")
    (corrected,), (lower,) = work(clean.valued(-1.0)), work(full.valued(900.0))
    assert corrected.quality == GOOD
    assert lower.quality.reasons == Reason.SATURATED
    assert next(iter(own(clean.valued(-1.0)))).quality.reasons == Reason.OUT_OF_RANGE


def test_clean_air_stays_clean_behind_a_calibration():
    work = FILTERS["stuck"](QUANTITIES, **{"for": 4.0})
    out = [done for reading in read("0 0 0 0 0 0 0", "pm10") for done in work(reading.valued(-1.0))]
    assert all(reading.quality == GOOD for reading in out)
