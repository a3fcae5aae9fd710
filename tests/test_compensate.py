"""The value of one device compensates another: configured by name, fed before each measurement, flagged when stale."""

import pytest

import drivers
from drivers import Reason
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.clock import Clock
from edge.filters import Chain
from edge.reading import GOOD, MISSING, Reading
from edge.sensing.device import Device
from edge.settings import SensorSettings, SettingsError, load

CONFIG = """
[node]
id = "N"
[[sensor]]
name = "river"
driver = "ds18b20"
w1 = "sim://"
[[sensor]]
name = "ph"
driver = "ezo_ph"
i2c = "sim://"
[sensor.compensate]
{line}
"""


def settings_of(tmp_path, line):
    (tmp_path / "edge.toml").write_text(CONFIG.format(line=line))
    return load(tmp_path / "edge.toml")


def test_a_reference_is_read(tmp_path):
    settings = settings_of(tmp_path, 'temperature = "river/water_temperature"')
    assert settings.sensors[1].compensate == {"temperature": ("river", "water_temperature")}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('temperatur = "river/water_temperature"', "did you mean 'temperature'"),
        ('temperature = "water_temperature"', "sensor/quantity"),
        ('temperature = "rivr/water_temperature"', "did you mean 'river'"),
        ('temperature = "river/temperature"', "does not measure 'temperature'"),
        ("temperature = 25.0", "must be a text"),
    ],
)
def test_a_wrong_reference_is_told_with_its_place(tmp_path, line, says):
    with pytest.raises(SettingsError) as failed:
        settings_of(tmp_path, line)
    assert says in str(failed.value)
    assert "edge.toml:13:" in str(failed.value)


class Bench:
    """An EZO circuit in virtual time, and a board with one value of another device."""

    def __init__(self, driver="ezo_ph", option="temperature"):
        self.time, self.clock, self.reading = VirtualTime(), Clock(), None
        settings = SensorSettings("dut", driver, "sim://", None, None, 5.0, {}, (), "i2c", {option: ("river", "t")})
        plug = SimPort(driver, "sim://", self.time)
        self.device = Device(settings, drivers.load(driver), plug, Chain([]), self.clock, now=self.time.now)
        self.device.look_up = lambda name, quantity: self.reading if (name, quantity) == ("river", "t") else None

    def tell(self, value, *, age=0.0, quality=GOOD):
        now = self.clock.now()
        at = now._replace(ticks=now.ticks - int(age * 1e9))
        self.reading = Reading("river", "t", value, "Cel", at, quality=quality)

    def measure(self):
        end = self.time.now() + 30
        while self.time.now() < end:
            self.time.wait(max(0.001, self.device.due - self.time.now()))
            if readings := self.device.step():
                return readings
        raise AssertionError("no measurement")


def test_a_fresh_value_is_fed_and_nothing_is_flagged():
    bench = Bench()
    bench.tell(12.5)
    assert all(Reason.UNCALIBRATED not in reading.quality.reasons for reading in bench.measure())
    assert bench.device._driver.set["temperature"] == 12.5


@pytest.mark.parametrize("how", ["none", "stale", "missing", "bad"])
def test_what_cannot_be_used_is_flagged_and_the_last_value_stays(how):
    bench = Bench()
    bench.tell(12.5)
    bench.measure()
    match how:
        case "none":
            bench.reading = None
        case "stale":
            bench.tell(20.0, age=601)
        case "missing":
            bench.tell(None, quality=MISSING)
        case "bad":
            bench.tell(90.0, quality=GOOD.flagged(Reason.SENSOR_FAULT))
    assert all(Reason.UNCALIBRATED in reading.quality.reasons for reading in bench.measure())
    assert bench.device._driver.set["temperature"] == 12.5


def test_a_driver_that_has_to_tell_its_device_does():
    bench = Bench("scd4x", "pressure")
    bench.tell(985.4)
    for _ in range(3):
        bench.measure()
    bench.tell(991.0)
    bench.measure()
    assert bench.device._driver.set["pressure"] == 991
