"""Interval statistics know their quantity, and agree with numpy."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers import CATALOGUE, Reason
from edge.clock import Stamp
from edge.filters.average import How, average, way
from edge.filters.increment import Increment
from edge.filters.mean import Mean
from edge.outbox.thin import thinned
from edge.reading import GOOD, MISSING, Level, Quality, Reading, Spread

S = 10**9
UNFIT = GOOD.flagged(Reason.OUT_OF_RANGE)
levels = st.lists(st.floats(20, 140), min_size=1, max_size=50)
directions = st.lists(st.floats(0, 360), min_size=1, max_size=50)


def reading(quantity, value, second=0.0, **more):
    return Reading("dev", quantity, value, CATALOGUE.get(quantity, ("1",))[0], Stamp("boot", int(second * S)), **more)


def over(quantity, values, mean=None):
    """What a filter of one interval makes of values that come one a second."""
    mean = mean or Mean({}, interval=3600.0)
    out = [done for at, value in enumerate(values) for done in mean(reading(quantity, value, at))]
    return {done.quantity: done for done in [*out, *mean.rest()]}


def value_of(how, values, weights=None, name="x"):
    values_of = average(name, How(how))
    for value, weight in zip(values, weights or [1.0] * len(values), strict=True):
        values_of.add(value, weight)
    return values_of.value()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("temperature", "mean"), ("sound_level", "energy"), ("sound_level_max", "max"), ("sound_level_min", "min"),
        ("course", "vector"), ("wind_direction", "vector"), ("longitude", "vector"), ("latitude", "mean"),
        ("level", "median"), ("level_upstream", "median"), ("ph", "median"), ("volume", "difference"),
        ("volume_reverse", "difference"), ("energy", "difference"), ("pulses", "difference"), ("rain", "sum"),
        ("rain_total", "difference"), ("volume_increment", "sum"), ("contact", "last"), ("fix", "last"),
        ("something_new", "mean"), ("max", "mean"),
    ],
)  # fmt: skip
def test_each_quantity_has_its_way(name, expected):
    assert way(name) == expected


@given(levels)
def test_decibels_agree_with_numpy(values):
    expected = 10 * np.log10(np.mean(10 ** (np.array(values) / 10)))
    assert value_of("energy", values) == pytest.approx(expected, abs=1e-9)


def test_decibels_by_hand():
    """Twice the power is 3 dB more: of 60 dB and silence the half is 57 dB (ISO 1996-1, Leq)."""
    out = over("sound_level", [60.0, 0.0])["sound_level"]
    assert out.value == pytest.approx(60 - 10 * math.log10(2), abs=1e-5)
    assert out.spread == Spread(2, 0.0, 60.0)


def test_decibels_far_out_do_not_overflow():
    assert value_of("energy", [1e6, -1e6]) == pytest.approx(1e6 - 10 * math.log10(2))


@given(directions, st.data())
def test_directions_agree_with_numpy(values, data):
    weights = data.draw(st.lists(st.floats(0.1, 60), min_size=len(values), max_size=len(values)))
    angles, arrows = np.radians(values), np.array(weights)
    total = np.sum(arrows * np.exp(1j * angles))
    assume(abs(total) > 1e-3 * np.sum(arrows))
    got = value_of("vector", values, weights)
    assert 0 <= got < 360
    assert math.remainder(got - float(np.degrees(np.angle(total))), 360) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "mean", "low", "high"),
    [([350, 10], 0, -10, 10), ([10, 350], 0, -10, 10), ([90, 90], 90, 90, 90), ([340, 350], 345, 340, 350)],
)
def test_north_is_between_350_and_10(values, mean, low, high):
    out = over("wind_direction", values)["wind_direction"]
    assert math.remainder(out.value - mean, 360) == pytest.approx(0, abs=1e-9)
    assert (out.spread.low - out.value, out.spread.high - out.value) == pytest.approx((low - mean, high - mean))


def test_winds_that_cancel_out_have_no_direction():
    out = over("wind_direction", [0.0, 180.0])["wind_direction"]
    assert (out.value, out.quality) == (None, Quality(Level.MISSING))


def test_winds_from_everywhere_have_no_limits():
    assert over("wind_direction", [0.0, 100.0, 200.0])["wind_direction"].spread == Spread(3, 0.0, 360.0)


def test_a_strong_wind_counts_more():
    """3 m/s from the north and 4 m/s from the east come to 5 m/s from 53.13 degrees."""
    mean, speeds = Mean({}, interval=60.0), {}
    mean.look_up = lambda device, quantity: speeds.get(quantity)
    for second, (direction, speed) in enumerate([(0.0, 3.0), (90.0, 4.0)]):
        speeds["wind_speed"] = reading("wind_speed", speed, second)
        assert not list(mean(reading("wind_direction", direction, second)))
    assert next(iter(mean.rest())).value == pytest.approx(math.degrees(math.atan2(4, 3)))


def test_a_direction_without_the_speed_of_its_moment_does_not_count():
    mean, speeds = Mean({}, interval=60.0), {"speed": reading("speed", 3.0, 0)}
    mean.look_up = lambda device, quantity: speeds.get(quantity)
    for second in range(2):
        assert not list(mean(reading("course", 90.0 * second, second)))
    assert next(iter(mean.rest())).spread.count == 1


def test_a_position_at_the_date_line_stays_there():
    assert abs(over("longitude", [179.9999, -179.9999])["longitude"].value) == pytest.approx(180)
    assert over("longitude", [-0.5, 0.25])["longitude"].value == pytest.approx(-0.125, abs=1e-9)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=100))
def test_levels_agree_with_numpy(values):
    assert value_of("median", values) == pytest.approx(float(np.median(values)))


def test_a_median_is_true_in_bounded_memory():
    values_of = average("level", How.MEDIAN)
    for number in range(100_000):
        values_of.add(float(number))
    assert values_of.value() == pytest.approx(50_000, rel=0.001)
    assert len(values_of._values) < 4097


def test_an_echo_from_a_branch_does_not_move_the_level():
    assert over("level", [1.2, 1.21, 9.9, 1.19, 1.2])["level"].value == 1.2


counts = st.lists(st.integers(0, 40), min_size=2, max_size=60)


@given(counts, st.integers(0, 999))
def test_a_counter_that_rolls_over_agrees_with_numpy(steps, start):
    """A counter of three digits: the true total modulo 1000; numpy unwraps it."""
    shown = (start + np.cumsum([0, *steps])) % 1000
    expected = float(np.unwrap(shown, period=1000)[-1] - shown[0])
    out = over("pulses", [float(value) for value in shown], Mean({}, interval=3600.0, modulus=1000.0))
    assert out["pulses_increment"].value == pytest.approx(expected)
    assert out["pulses_increment"].quality == GOOD
    assert out["pulses"].value == shown[-1]


@given(counts, counts)
def test_a_counter_that_was_reset_agrees_with_numpy(before, after):
    """What flowed while it was reset is unknown: the steps on both sides, and a flag."""
    first, second = 5000.0 + np.cumsum(before), np.cumsum(after).astype(float)
    expected = float(np.sum(np.diff(first)) + np.sum(np.diff(second)))
    out = over("volume", [*first.tolist(), *second.tolist()])
    assert out["volume_increment"].value == pytest.approx(expected)
    assert out["volume_increment"].quality == GOOD.flagged(Reason.INCONSISTENT)
    assert out["volume"].quality == GOOD


def test_a_reset_in_the_middle_of_the_range_is_no_roll_over():
    assert Increment(1000.0).step(500.0) == (None, GOOD)
    counter = Increment(1000.0)
    counter.step(500.0)
    assert counter.step(3.0) == (None, GOOD.flagged(Reason.INCONSISTENT))
    assert counter.step(5.0) == (2.0, GOOD)


def test_increments_leave_nothing_out_between_intervals():
    mean = Mean({}, interval=10.0)
    out = [done for at in range(45) for done in mean(reading("volume", at * 3.0, at))]
    out += mean.rest()
    grown = [done for done in out if done.quantity == "volume_increment"]
    assert sum(done.value for done in grown) == 44 * 3.0
    assert [done.value for done in out if done.quantity == "volume"][:2] == [27.0, 57.0]
    assert [done.at.ticks // S for done in grown] == [0, 10, 20, 30, 40]


def test_what_flowed_during_a_silence_is_told_late_and_flagged():
    mean = Mean({}, interval=10.0)
    for second, total in ((0, 0.0), (1, 1.0), (35, 500.0)):
        done = list(mean(reading("volume", total, second)))
    assert [item.value for item in done if item.quantity == "volume_increment"] == [1.0]
    late = {item.quantity: item for item in mean.rest()}["volume_increment"]
    assert (late.value, late.quality.reasons) == (499.0, Reason.STALE)


def test_a_meter_of_one_reading_an_interval_has_no_increment_at_first_and_after_a_reset():
    mean = Mean({}, interval=10.0)
    out = [done for at, total in enumerate([7.0, 9.0, 1.0, 2.0]) for done in mean(reading("volume", total, at * 10))]
    grown = [done for done in [*out, *mean.rest()] if done.quantity == "volume_increment"]
    assert [done.value for done in grown] == [None, 2.0, None, 1.0]
    assert grown[2].quality.level == Level.MISSING
    assert Reason.INCONSISTENT in grown[2].quality.reasons


def test_the_raw_total_stays_with_a_corrected_one():
    last = over("volume", [1.0], Mean({}, interval=10.0))["volume"]
    assert last.raw is None
    mean = Mean({}, interval=10.0)
    list(mean(reading("volume", 11.0, raw=10.0)))
    assert next(iter(mean.rest())).raw == 10.0


@pytest.mark.parametrize(
    ("by", "expected"), [("mean", 2.5), ("max", 4.0), ("min", 1.0), ("last", 4.0), ("sum", 10.0), ("median", 2.5)]
)
def test_the_configuration_may_know_better(by, expected):
    assert over("level", [1.0, 2.0, 3.0, 4.0], Mean({}, interval=60.0, by=by))["level"].value == expected


def covered(good, total=60, pace=60.0, valid=0.75):
    """An hour with a reading a minute, of which the first ``good`` are good."""
    mean = Mean({}, interval=3600.0, valid=valid)
    mean.pace = pace
    for minute in range(total):
        fine = minute < good
        one = reading("pm2_5", 8.0 if fine else None, minute * 60, quality=GOOD if fine else MISSING)
        assert not list(mean(one))
    (out,) = mean(reading("pm2_5", 8.0, 3600))
    return out


@pytest.mark.parametrize(("good", "suspect"), [(60, False), (45, False), (44, True), (1, True)])
def test_an_hour_needs_45_minutes(good, suspect):
    """2008/50/EC, Annex XI A: an hourly value needs three quarters of its hour."""
    out = covered(good)
    assert out.value == 8.0
    assert out.quality == (GOOD.flagged(Reason.STALE) if suspect else GOOD)


def test_many_readings_in_one_minute_do_not_cover_the_hour():
    mean = Mean({}, interval=3600.0)
    mean.pace = 60.0
    for second in range(100):
        list(mean(reading("pm2_5", 8.0, second)))
    (out,) = mean(reading("pm2_5", 8.0, 3600))
    assert Reason.STALE in out.quality.reasons


def test_the_share_can_be_set_and_without_a_pace_nobody_knows():
    assert covered(1, valid=0.0).quality == GOOD
    assert covered(1, pace=None).quality == GOOD


def test_the_first_and_the_last_interval_say_what_they_span():
    mean = Mean({}, interval=60.0)
    mean.pace = 10.0
    out = [done for at in range(40, 90, 10) for done in mean(reading("temperature", 1.0, at))]
    assert [(done.at.ticks // S, done.span, done.quality) for done in [*out, *mean.rest()]] == [
        (40, 20.0, GOOD), (60, 20.0, GOOD),
    ]  # fmt: skip


def test_means_of_means_cover_what_they_span():
    minute, hour = Mean({}, interval=60.0), Mean({}, interval=3600.0)
    minute.pace = hour.pace = 10.0
    out = [
        done for at in range(0, 3610, 10) for mean in minute(reading("temperature", at / 10, at)) for done in hour(mean)
    ]
    assert not out
    (whole,) = hour.rest()
    assert (whole.quality, whole.spread) == (GOOD, Spread(360, 0.0, 359.0))


@given(st.sampled_from(sorted(How)), st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=20))
def test_nothing_is_invented_whatever_comes(by, values):
    out = over("temperature", values, Mean({}, interval=3600.0, by=by))
    for done in out.values():
        assert done.value is None or math.isfinite(done.value)
    if not any(value is not None and math.isfinite(value) for value in values):
        assert all(done.value is None and done.quality.level == Level.MISSING for done in out.values())


def test_what_is_bad_leaves_no_trace_in_a_total():
    mean = Mean({}, interval=60.0)
    for second, (total, quality) in enumerate([(5.0, GOOD), (9e9, UNFIT), (6.0, GOOD)]):
        list(mean(reading("volume", total, second, quality=quality)))
    out = {done.quantity: done for done in mean.rest()}
    assert (out["volume"].value, out["volume_increment"].value) == (6.0, 1.0)
    assert {done.quality for done in out.values()} == {GOOD}


def test_what_must_go_is_thinned_as_befits_its_quantity():
    measured = {"volume": [1.0 * at for at in range(60)], "sound_level": [60.0] + 59 * [0.0], "rain": 60 * [0.2]}
    measured |= {"course": [350.0, 10.0] * 30, "speed": [3.0, 0.0] * 30}
    stored = [
        (seq, reading(name, values[at], at))
        for seq, (at, name, values) in enumerate((at, *item) for at in range(60) for item in measured.items())
    ]
    out = {done.quantity: done for done in thinned(stored)}
    assert out.keys() == measured.keys()
    assert out["volume"].value == 59.0
    assert out["sound_level"].value == pytest.approx(60 - 10 * math.log10(60), abs=1e-3)
    assert out["rain"].value == pytest.approx(12.0)
    assert out["course"].value == pytest.approx(350.0)


def test_thinning_merges_what_means_were_made_of():
    made_of = [(1.0, 10, 0.0, 9.0), (4.0, 20, 3.0, 5.0)]
    means = [
        (at, reading("pm2_5", value, at * 10, span=10.0, spread=Spread(count, low, high)))
        for at, (value, count, low, high) in enumerate(made_of)
    ]
    out = thinned([*means, *((at + 2, reading("pm10", 1.0, at)) for at in range(30))])
    merged = next(done for done in out if done.quantity == "pm2_5")
    assert (merged.value, merged.spread) == (3.0, Spread(30, 0.0, 9.0))
