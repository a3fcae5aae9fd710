"""What each flagger finds, by example: a series of readings in, a reason for each of them out ("." is none)."""

from typing import Any

import pytest

from drivers import Reason
from edge.filters import FILTERS
from edge.reading import GOOD, Level, Reading
from tests.series import QUANTITIES, flags, read

# filter, its options, quantity, the series (one reading a second; words: see tests/series.py), and what is flagged
EXAMPLES: dict[str, tuple[str, dict[str, Any], str, str, str]] = {
    "where nothing is cut off, the limits still belong to it": (
        "range", {"clips": "never"}, "temperature",
        "-40.1 -40 20 85    85.1",
        "out_of_range . . . out_of_range"),
    "limits of the user take their place": (
        "range", {"high": 50.0}, "temperature",
        "-40.1        50 51",
        "out_of_range . out_of_range"),
    "at a limit of the data sheet the sensor is at its end": (
        "range", {}, "temperature",
        "-40.1 -40 20 85    85.1",
        "out_of_range saturated . saturated out_of_range"),
    "where it may be at its end for other reasons, it is not": (
        "range", {}, "pm10",
        "0 1000",
        ". saturated"),
    "a limit that somebody set is no end of the sensor": (
        "range", {"high": 50.0, "clips": "high"}, "pm10",
        "50 51",
        ". out_of_range"),
    "what the place never had is out of range as well": (
        "range", {"suspect_low": -20.0, "suspect_high": 40.0}, "temperature",
        "-41          -21          -20 40 41",
        "out_of_range out_of_range . . out_of_range"),
    "what is missing or bad is not judged": (
        "range", {"high": 50.0}, "temperature",
        "- !60 60",
        ". . out_of_range"),
    "too fast from one reading to the next": (
        "rate", {"limit": 2.0, "per": 1.0}, "temperature",
        "10 11 12.5 14.6 14.0 10",
        ". . . rate . rate"),
    "a spike is too fast, the way back is not": (
        "rate", {"limit": 2.0, "per": 1.0}, "temperature",
        "10 10 50 10 10",
        ". . rate . ."),
    "a first value that is wrong makes two": (
        "rate", {"limit": 2.0, "per": 1.0}, "temperature",
        "50 10 10 10",
        ". rate . ."),
    "of a step one reading": (
        "rate", {"limit": 2.0, "per": 1.0}, "temperature",
        "10 10 50 50 51",
        ". . rate . ."),
    "after a gap it may have moved further": (
        "rate", {"limit": 2.0, "per": 1.0}, "temperature",
        "10 +19 50 +18 90",
        ". . rate"),
    "one step of the last digit is allowed even where the limit is 0": (
        "rate", {"limit": 0.0, "per": 1.0}, "temperature",
        "10 10.01 10.03",
        ". . rate"),
    "a bad value and one of another boot are nothing to compare with": (
        "rate", {"limit": 2.0, "per": 1.0}, "temperature",
        "10 !50 11 boot 50",
        ". . . ."),
    "a single value stands out": (
        "spike", {"n": 3}, "temperature",
        "20 20.1 20 19.9 20.1 20 35 20 20.1",
        ". . . . . . spike . ."),
    "one that is not far off does not": (
        "spike", {"n": 3}, "temperature",
        "20 20.1 20 19.9 20.1 20 20.4 20 20.1",
        ". . . . . . . . ."),
    "a step is flagged until half of the window knows it": (
        "spike", {"n": 5}, "temperature",
        "20 20 20 20 20 20 20 20 20 20 30 30 30 30 30",
        ". . . . . . . . . . spike spike spike . ."),
    "a slope is none": (
        "spike", {"n": 5}, "temperature",
        "20 21 22 23 24 25 26 27 28 29 30 31 32",
        ". . . . . . . . . . . . ."),
    "the last digit of a quiet sensor is no spike": (
        "spike", {"n": 3}, "temperature",
        "20 20 20 20 20 20 20 20.05 20 20.07",
        ". . . . . . . . . spike"),
    "a floor of the user takes its place": (
        "spike", {"n": 3, "floor": 0.0625}, "temperature",
        "20 20 20 20 20 20 20 20.375 20 20.4375",
        ". . . . . . . . . spike"),
    "after a gap it is learnt anew what is usual": (
        "spike", {"n": 3}, "temperature",
        "20 20 20 20 20 20 20 +9 30 30 30 30 20",
        ". . . . . . . . . . . spike"),
    "two values that a gap left out are no gap": (
        "spike", {"n": 3}, "temperature",
        "20 20 20 20 20 20 - - 30",
        ". . . . . . . . spike"),
    "the same for as long as no live value can be": (
        "stuck", {"for": 5.0}, "temperature",
        "20 20.5 20.5 20.5 20.5 20.5 20.5 20.5 20.6 20.6",
        ". . . . . . stuck stuck . ."),
    "less than the last digit is no move": (
        "stuck", {"for": 4.0}, "temperature",
        "20.5 20.501 20.504 20.499 20.501 20.501 20.51",
        ". . . . stuck stuck ."),
    "the last digit is one": (
        "stuck", {"for": 4.0}, "temperature",
        "0.02 0.03 0.02 0.03 0.02 0.03",
        ". . . . . ."),
    "a user may ask for a larger move": (
        "stuck", {"for": 4.0, "within": 1.0}, "temperature",
        "20 20.5 20 20.6 20 21 21",
        ". . . . stuck . ."),
    "two equal values around a gap are not stuck, five are": (
        "stuck", {"for": 8.0}, "temperature",
        "20 +100 20 +100 20 +100 20 +100 20 20",
        ". . . . stuck stuck"),
    "no water flows at night": (
        "stuck", {"for": 4.0}, "flow",
        "0 0 0 0 0 0 7 7 7 7 7 7",
        ". . . . . . . . . . stuck stuck"),
    "air may be clean for ever": (
        "stuck", {"for": 4.0}, "pm10",
        "0 0 0 0 0 0 7 7 7 7 7 7",
        ". . . . . . . . . . stuck stuck"),
    "or wherever the user says so": (
        "stuck", {"for": 4.0, "resting": 7.0}, "pm10",
        "0 0 0 0 0 7 7 7 7 7 7",
        ". . . . stuck . . . . . ."),
    "a total stays while nothing flows": (
        "stuck", {"for": 4.0}, "volume",
        "7 7 7 7 7 7 7",
        ". . . . . . ."),
    "a clipped value is not stuck, it is clipped": (
        "stuck", {"for": 4.0}, "temperature",
        "~85 ~85 ~85 ~85 ~85 ~85",
        ". . . . . ."),
    "rain comes in spikes": (
        "spike", {"n": 3}, "rain",
        "0 0 0 0 0 0 0 2 0 1",
        ". . . . . . . . . ."),
    "from 359 to 1 degree it is not far": (
        "rate", {"limit": 5.0, "per": 1.0}, "course",
        "355 359 1 350",
        ". . . rate"),
}  # fmt: skip

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


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_series_is_flagged_as_shown(example):
    name, options, quantity, series, expected = example
    work = FILTERS[name](QUANTITIES, **options)
    readings = list(read(series, quantity))
    out = [done for reading in readings for done in work(reading)]
    assert flags(readings, out).split() == expected.split()


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
