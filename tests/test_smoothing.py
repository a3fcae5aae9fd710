"""What smoothing and the dead band make of a series, by example: values in, values out."""

import math

import pytest

from drivers import Reason
from edge.filters import FILTERS
from edge.reading import GOOD
from tests.series import QUANTITIES, examples, read


@pytest.mark.parametrize("example", examples("smoothing"))
def test_values_come_out_as_shown(example):
    work = example.filter()
    out = [done for reading in example.readings() for done in work(reading)]
    assert [math.nan if one.value is None else one.value for one in out] == pytest.approx(
        [math.nan if word == "-" else float(word) for word in example.out], abs=1e-6, nan_ok=True
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
