"""The sensor's side of a Sensirion SCD30."""

import struct

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import PeriodicChip, Refused
from drivers.sim.time import Time


class Chip(PeriodicChip):
    """A result each 2 s once it was begun; the first one has no CO2."""

    period = 2.0

    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """Begin (with the pressure), stop, ready, read, version."""
        match code:
            case 0x0010 if arguments and (arguments[0] == 0 or 700 <= arguments[0] <= 1400):
                self._begun = self.time.now() if self._begun is None else self._begun
            case 0x0104:
                self._begun = None
            case 0xD304:
                self._begun, self._taken = None, 0
                return 2.0, ()
            case 0x0202:
                return 0.003, (int(self._results() > self._taken),)
            case 0xD100:
                return 0.003, (0x0342,)
            case 0x0300:
                return 0.003, self._take(at)
            case _:
                raise Refused("unknown command")
        return 0.0, ()

    def _take(self, at: float) -> tuple[int, ...]:
        co2 = wave(at, 415, 690, 900) if self._taken else 0.0
        self._taken = self._results()
        values = co2, wave(at, 9, 27, 600), wave(at + 200, 35, 85, 600)
        return struct.unpack(">6H", struct.pack(">3f", *values))


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SCD30 beside a road."""
    return SimI2C(time, faults, Chip(time))
