"""A device recovers by itself, says so once, and never stops the others. In virtual time."""

import logging
from collections import Counter

import pytest

import drivers
from drivers import Reason
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.clock import Clock
from edge.filters import Chain
from edge.reading import Level
from edge.sensing.condition import Health
from edge.sensing.device import Device
from edge.settings import SensorSettings

WIRES = {"pms5003": "port", "gnss_nmea": "port", "sht3x": "i2c", "ezo_ph": "i2c", "ds18b20": "w1", "pulse_flow": "gpio"}


class Bench:
    """A device on a simulator, both in one virtual time."""

    def __init__(self, driver="sht3x", url="sim://", interval=None, **options):
        self.time = VirtualTime()
        self.plug = SimPort(driver, url, self.time)
        settings = SensorSettings("dut", driver, url, None, None, interval, options, (), WIRES[driver])
        self.device = Device(settings, drivers.load(driver), self.plug, Chain([]), Clock(), now=self.time.now)

    def run(self, seconds):
        """Steps the device as a sampler would; gives the readings of that time."""
        out, end = [], self.time.now() + seconds
        while self.time.now() < end:
            self.time.wait(max(0.0, min(self.device.due, end) - self.time.now()))
            if self.device.due <= self.time.now():
                before = self.time.now()
                out += self.device.step()
                if self.time.now() == before and self.device.due <= before:
                    self.time.wait(0.001)  # a streaming device is due at once: time passes while it reads
        return out


@pytest.mark.parametrize("driver", sorted(WIRES))
def test_every_driver_gives_readings_at_its_own_pace(driver):
    bench = Bench(driver)
    readings = bench.run(60)
    assert bench.device.health is Health.OK
    per_quantity = Counter(reading.quantity for reading in readings)
    pace = drivers.load(driver).timing.interval
    assert max(per_quantity.values()) == pytest.approx(60 / pace, abs=2)
    assert {reading.unit for reading in readings} <= {quantity.unit for quantity in drivers.load(driver).measures}


def test_a_polled_device_keeps_to_its_grid():
    readings = Bench("sht3x", interval=0.5).run(30)
    assert sum(reading.quantity == "temperature" for reading in readings) == pytest.approx(60, abs=1)


def test_a_slow_device_is_asked_and_fetched_apart():
    readings = Bench("ezo_ph", interval=5.0).run(60)
    assert [reading.quantity for reading in readings].count("ph") == pytest.approx(12, abs=1)


@pytest.mark.parametrize(("interval", "expected"), [(None, 60), (1.0, 60), (10.0, 6), (0.1, 60)])
def test_the_interval_says_how_often_a_streaming_value_is_kept(interval, expected):
    readings = Bench("pms5003", interval=interval).run(60)
    assert sum(reading.quantity == "pm2_5" for reading in readings) == pytest.approx(expected, abs=1)


def test_values_of_the_warm_up_are_flagged_not_dropped():
    readings = [reading for reading in Bench("pms5003").run(60) if reading.quantity == "pm2_5"]
    warm = [Reason.WARMING_UP in reading.quality.reasons for reading in readings]
    assert 28 <= sum(warm) <= 31
    assert warm == sorted(warm, reverse=True)


@pytest.mark.parametrize("driver", ["pms5003", "sht3x", "ezo_ph", "ds18b20", "gnss_nmea"])
@pytest.mark.parametrize("fault", ["silent", "garbage", "unplug"])
def test_a_fault_is_told_once_and_so_is_the_recovery(driver, fault, caplog):
    caplog.set_level(logging.WARNING)
    bench = Bench(driver, f"sim://?fault={fault}&after=30s&for=100s", interval=1.0)
    bench.run(29)
    assert bench.device.health is Health.OK
    missing = [reading for reading in bench.run(100) if reading.quality.level is Level.MISSING]
    assert bench.device.health is Health.ILL
    assert bench.device.trouble
    assert missing
    assert all(reading.value is None and reading.quality.reasons == Reason.COMM_ERROR for reading in missing)
    assert max(Counter(reading.quantity for reading in missing).values()) <= 2
    bench.run(40)
    assert bench.device.health is Health.OK
    told = [record.getMessage() for record in caplog.records]
    assert [("is ill" in text, "well again" in text) for text in told] == [(True, False), (False, True)]


def test_an_unplugged_device_is_back_within_five_seconds():
    bench = Bench("pms5003", "sim://?fault=unplug&after=10s&for=60s")
    bench.run(70)
    assert bench.device.health is Health.ILL
    bench.run(5)
    assert bench.device.health is Health.OK
    assert bench.device.counts.opened >= 2


def test_the_memory_of_a_driver_goes_on():
    bench = Bench("pulse_flow", interval=1.0)
    bench.device.memory["pulses"] = 1000.0
    totals = [reading.value for reading in bench.run(20) if reading.quantity == "pulses"]
    assert totals[0] >= 1000
    assert totals == sorted(totals)
    assert bench.device.memory["pulses"] == totals[-1]


def test_values_carry_one_digit_more_than_the_quantity_declares():
    decimals = {quantity.name: quantity.decimals for quantity in drivers.load("sht3x").measures}
    for reading in Bench("sht3x", interval=1.0).run(10):
        assert reading.value == round(reading.value, decimals[reading.quantity] + 1)


def test_a_total_that_falls_is_an_event():
    bench, told = Bench("pulse_flow", interval=1.0), []
    bench.device.on_event = lambda kind, **fields: told.append((kind, fields))
    bench.run(20)
    assert told == []
    bench.device.memory["pulses"] = 3.0  # the meter was changed
    bench.run(3)
    assert {(kind, fields["quantity"]) for kind, fields in told} == {("total_fell", "pulses"), ("total_fell", "volume")}
    assert all(fields["to"] < fields["from"] for _, fields in told)


def test_the_hours_of_a_laser_are_counted_while_it_runs():
    bench = Bench("pms5003", "sim://?fault=unplug&after=1800s&for=1800s")
    bench.run(5400)
    assert bench.device.memory["running_hours"] == pytest.approx(1.0, abs=0.02)


def test_with_a_duty_cycle_a_laser_lasts():
    bench = Bench("pms5003", duty=300.0)
    bench.run(3 * 3600)
    assert 0.2 < bench.device.memory["running_hours"] < 0.5
