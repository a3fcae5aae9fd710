"""A sensor with another pace is checked as befits that, and what its filters know stays with them."""

from dataclasses import replace

import pytest

import drivers
from drivers import Reason
from edge.clock import Clock, Stamp
from edge.filters.mean import Mean
from edge.reading import GOOD, Reading
from edge.sensing.build import chain_of, device_of
from edge.settings import ClockSettings, FilterSettings, SensorSettings
from edge.state import State
from edge.stores import opened
from tests.series import S

HOUR = 3600
MEAN = FilterSettings("mean", None, {"interval": float(HOUR)})
PROBE = SensorSettings("dut", "ds18b20", "sim://", None, None, 60.0, {}, (), "w1")


def links(chain):
    """The filters by name of module."""
    return {type(work).__module__.rpartition(".")[2]: work for _, work in chain.links}


def chain(pace, before=None, filters=()):
    sensor = replace(PROBE, interval=float(pace), filters=filters)
    return chain_of(sensor, drivers.load(sensor.driver), lambda *names: None, lambda stamp: None, before)


def through(chain, value, *seconds):
    made = [Reading("dut", "water_temperature", value, "Cel", Stamp("boot", second * S)) for second in seconds]
    return [out for one in made for out in chain([one])]


def test_filters_that_do_not_depend_on_the_pace_stay_the_same():
    first = chain(1, filters=(MEAN,))
    second = chain(60, first, (MEAN,))
    one, other = links(first), links(second)
    assert list(one) == list(other) == ["range", "spike", "stuck", "mean"]
    assert [name for name in one if one[name] is not other[name]] == ["spike"]
    assert other["spike"].set["floor"] > one["spike"].set["floor"]
    assert (other["mean"].pace, other["stuck"].pace) == (60.0, 60.0)


def test_a_check_goes_where_it_proves_nothing_and_comes_back():
    fast = chain(1)
    slow = chain(HOUR, fast)
    assert (list(links(fast)), list(links(slow))) == (["range", "spike", "stuck"], ["range", "stuck"])
    assert list(links(chain(1, slow))) == list(links(fast))


def test_how_long_a_value_has_stayed_counts_at_another_pace_too():
    fast = chain(60)
    frozen = through(fast, 12.5, *range(0, 20 * HOUR, 60))
    assert frozen[-1].quality.reasons == Reason.STUCK
    slow = chain(2 * HOUR, fast)
    assert links(slow)["stuck"].set["for"] > links(fast)["stuck"].set["for"]
    (next_one,) = through(slow, 12.5, 24 * HOUR)
    assert next_one.quality.reasons == Reason.STUCK


@pytest.mark.parametrize(("before", "after"), [(10, 600), (600, 10)])
def test_an_hour_in_which_the_pace_changes_is_covered_all_the_same(before, after):
    mean = Mean({}, interval=float(HOUR))
    seconds = [*range(0, 1800, before), *range(1800, HOUR + 1, after)]
    for second in seconds:
        mean.pace = float(before if second < 1800 else after)
        out = list(mean(Reading("dut", "pm2_5", 8.0, "ug/m3", Stamp("boot", second * S))))
    assert [(done.span, done.quality) for done in out] == [(HOUR, GOOD)]


def test_the_interval_after_it_is_judged_by_the_new_pace():
    mean = Mean({}, interval=float(HOUR))
    out = []
    for second in [*range(0, HOUR, 600), *range(HOUR, HOUR + 600, 10), 2 * HOUR]:
        mean.pace = 600.0 if second < HOUR else 10.0
        out += mean(Reading("dut", "pm2_5", 8.0, "ug/m3", Stamp("boot", second * S)))
    assert [done.quality.reasons for done in out] == [GOOD.reasons, Reason.STALE]


def test_a_command_reaches_the_filters_of_the_device(tmp_path):
    stores = opened(tmp_path, State(tmp_path / "state.json"), Clock(), 1 << 22)
    device = device_of(PROBE, ClockSettings(), stores, lambda *names: None)
    range_before = links(device.way.chain)["range"]
    device.set_pace(float(HOUR))
    now = links(device.way.chain)
    assert list(now) == ["range", "stuck"]
    assert now["range"] is range_before
