"""What smoothing and the dead band make of a series, by example: values in, values out."""

import math
from typing import Any

import pytest

from drivers import Reason
from edge.filters import FILTERS
from edge.reading import GOOD
from tests.series import QUANTITIES, read

# filter, its options, quantity, the series (words: see tests/series.py), and the values that come out
EXAMPLES: dict[str, tuple[str, dict[str, Any], str, str, str]] = {
    "the median swallows a spike and keeps a step, late": (
        "median", {"n": 3}, "temperature",
        "20 21 80 21 20 40 40 40",
        "20 20 21 21 21 21 40 40"),
    "a median begins anew after a gap": (
        "median", {"n": 3}, "temperature",
        "20 20 20 +9 40 30",
        "20 20 20 40 30"),
    "what is missing or bad stays as it is and out of the median": (
        "median", {"n": 3}, "temperature",
        "20 21 - !80 22",
        "20 20 - 80  21"),
    "a total has no median": (
        "median", {"n": 3}, "volume",
        "7 8 9 9",
        "7 8 9 9"),
    "the mean of the last three": (
        "moving_mean", {"n": 3}, "temperature",
        "20 22 24 26 26 26",
        "20 21 22 24 25.333333 26"),
    "a mean begins anew in a new boot": (
        "moving_mean", {"n": 3}, "temperature",
        "20 22 boot 24 26",
        "20 21 24 25"),
    "decibels by energy": (
        "moving_mean", {"n": 2}, "sound_level",
        "60 70 70",
        "60 67.403627 70"),
    "directions through north": (
        "moving_mean", {"n": 2}, "course",
        "350 10 20",
        "350 0 15"),
    "opposite directions have no mean, the newest stands": (
        "moving_mean", {"n": 2}, "course",
        "0 180",
        "0 180"),
    "amounts of rain cannot be smoothed": (
        "moving_mean", {"n": 3}, "rain",
        "0 2 0",
        "0 2 0"),
    "a step is followed by 63 % in the time constant": (
        "exponential_mean", {"tau": 1.0}, "temperature",
        "0 100 100 100",
        "0 63.212056 86.466472 95.021293"),
    "after twice the time as far as after two steps": (
        "exponential_mean", {"tau": 1.0}, "temperature",
        "0 +1 100",
        "0 86.466472"),
    "an exponential mean of decibels": (
        "exponential_mean", {"tau": 1.0}, "sound_level",
        "60 80",
        "60 78.033201"),
    "only changes beyond the band": (
        "deadband", {"band": 0.5, "heartbeat": 60.0}, "temperature",
        "20 20.5 20.6 20.4 21.2 21 20.6",
        "20 20.6 21.2 20.6"),
    "the band follows what was sent, so that a slow drift is": (
        "deadband", {"band": 0.5, "heartbeat": 60.0}, "temperature",
        "20 20.2 20.4 20.6 20.8 21 21.2",
        "20 20.6 21.2"),
    "a sign of life": (
        "deadband", {"band": 0.5, "heartbeat": 3.0}, "temperature",
        "20 20.1 20.2 20.3 20.3 20.3 20.2",
        "20 20.3 20.2"),
    "silence is a change, and so is a flag": (
        "deadband", {"band": 0.5, "heartbeat": 60.0}, "temperature",
        "20 20 - - 20 20 !20 !20 20 boot 20",
        "20 - - 20 20 20 20"),
}  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_values_come_out_as_shown(example):
    name, options, quantity, series, expected = example
    work = FILTERS[name](QUANTITIES, **options)
    out = [done for reading in read(series, quantity) for done in work(reading)]
    assert [math.nan if one.value is None else one.value for one in out] == pytest.approx(
        [math.nan if word == "-" else float(word) for word in expected.split()], abs=1e-6, nan_ok=True
    )


SMOOTHING = {"median": {"n": 3}, "moving_mean": {"n": 3}, "exponential_mean": {"tau": 0.7}}


@pytest.mark.parametrize("name", SMOOTHING)
def test_a_flag_stays_while_the_value_counts(name):
    work = FILTERS[name](QUANTITIES, **SMOOTHING[name])
    readings = list(read("20 20 20 20 20 20"))
    readings[1] = readings[1].flagged(Reason.WARMING_UP)
    out = [done.quality.reasons for reading in readings for done in work(reading)]
    assert out[0] == 0
    assert set(out[1:4]) == {Reason.WARMING_UP}
    assert out[5] == 0


@pytest.mark.parametrize("name", SMOOTHING)
def test_a_spike_goes_through_with_its_flag_and_leaves_no_trace(name):
    work = FILTERS[name](QUANTITIES, **SMOOTHING[name])
    readings = list(read("20 20 80 20"))
    readings[2] = readings[2].flagged(Reason.SPIKE)
    out = [done for reading in readings for done in work(reading)]
    assert [one.value for one in out] == [20, 20, 80, 20]
    assert out[3].quality == GOOD
