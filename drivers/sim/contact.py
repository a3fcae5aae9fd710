"""A float switch that opens and closes."""

import errno
import random

from drivers.errors import BusError
from drivers.sim.buses import wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time


class SimPin:
    """A line that is active while the water is high; silent means that its wire is cut, garbage that it chatters."""

    def __init__(self, time: Time, faults: Faults, period: float) -> None:
        self._time, self._faults, self._period = time, faults, period
        self._noise = random.Random(0)

    def level(self) -> bool:
        """As on a real line; errno 19 while it is unplugged."""
        match self._faults.now():
            case "unplug":
                raise BusError("sim: no such device (unplugged)") from OSError(errno.ENODEV, "unplugged")
            case "silent":
                return False
            case "garbage":
                return self._noise.random() < 0.5
        return wave(self._faults.scene(), 0, 1, self._period) > 0.7

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self._time.wait(seconds)

    def close(self) -> None:
        """A simulated line needs no farewell."""


def simulator(time: Time, faults: Faults, period: str = "600") -> SimPin:
    """A switch that closes once in each ``period`` seconds."""
    return SimPin(time, faults, float(period))
