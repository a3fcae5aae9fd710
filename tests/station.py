"""What a station of the examples would send, from its real drivers and simulators in virtual time."""

from collections.abc import Iterator
from random import Random

import drivers
from drivers.sim import SimPort
from drivers.sim.time import VirtualTime
from edge.clock import Clock, Stamp
from edge.filters import FILTERS, Chain
from edge.reading import Reading
from edge.sensing.device import Device
from edge.settings import SensorSettings, Settings

BOOT = "6b8f4a52-91c3-4d1e-8f07-2c5de91b0a44"
START = 5_000_000_000_000  # ns since boot


class Ticks(Clock):
    """Boot ticks of a virtual time, with the jitter of a real bus: round microseconds would deflate too well."""

    def __init__(self, time: VirtualTime, random: Random) -> None:
        super().__init__(boot=BOOT)
        self._time, self._random = time, random

    def now(self) -> Stamp:
        return Stamp(BOOT, START + int(self._time.now() * 1e9) + self._random.randrange(5_000_000))


def readings(settings: Settings, seconds: float, seed: int = 1) -> list[Reading]:
    """Everything that all sensors give in that time, in the order in which it would be stored."""
    random = Random(seed)
    found = [reading for sensor in settings.sensors for reading in _of(sensor, seconds, random)]
    return sorted(found, key=lambda reading: reading.at.ticks + int(reading.span * 1e9))


def _of(sensor: SensorSettings, seconds: float, random: Random) -> Iterator[Reading]:
    time, driver = VirtualTime(), drivers.load(sensor.driver)
    quantities = {quantity.name: quantity for quantity in driver.measured(sensor.options)}
    chain = [(item.quantity, FILTERS[item.type](quantities, **item.options)) for item in sensor.filters]
    plug = SimPort(sensor.driver, str(sensor.place), time)
    device = Device(sensor, driver, plug, Chain(chain), Ticks(time, random), now=time.now)
    time.wait(random.random())  # no two sensors begin at the same moment
    while (before := time.now()) < seconds:
        yield from device.step()
        time.wait(max(0.001 if time.now() == before else 0.0, device.due - time.now()))
