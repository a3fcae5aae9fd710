"""A particle counter that sleeps between its measurements, in the gateway and in virtual time."""

import pytest

from edge.sensing.device import Health
from tests.test_device import Bench


@pytest.mark.parametrize("interval", [None, 10.0])
def test_duty_wakes_the_sensor_for_one_value_and_lets_it_sleep(interval):
    bench = Bench("pms5003", interval=interval, duty=300.0)
    awake = 0
    readings = []
    for _ in range(1500):
        readings += bench.run(1)
        awake += bench.device._driver is not None and bench.device._bus._device.awake
    values = [reading for reading in readings if reading.quantity == "pm2_5"]
    assert bench.device.health is Health.OK
    assert len(values) == 5
    assert not any(reading.quality.reasons for reading in values)
    assert awake <= 5 * 35


def test_a_sleeping_sensor_that_is_gone_is_missed_and_comes_back():
    bench = Bench("pms5003", "sim://?fault=silent&after=310s&for=600s", duty=300.0)
    bench.run(300)
    assert bench.device.health is Health.OK
    bench.run(500)
    assert bench.device.health is Health.ILL
    bench.run(700)
    assert bench.device.health is Health.OK
