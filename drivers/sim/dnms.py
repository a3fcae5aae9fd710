"""The sensor's side of a DNMS."""

import struct

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import Refused, SensirionChip
from drivers.sim.time import Time

BUSY = 0.02  # seconds from the question to the result
VERSION = b"DNMS Version 2.1.0"


class Chip(SensirionChip):
    """Calculates the levels of the time since it did so last."""

    def __init__(self, time: Time) -> None:
        super().__init__(time)
        self._ready: float | None = None
        self._levels = (0.0, 0.0, 0.0)

    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """Reset, version, calculate, ready, read."""
        match code:
            case 0x0001:
                self._ready, self._levels = None, (0.0, 0.0, 0.0)
            case 0x0002:
                return 0.0, struct.unpack(">9H", VERSION)
            case 0x0003:
                self._ready, self._levels = self.time.now() + BUSY, levels(at)
            case 0x0004:
                return 0.0, (int(self._ready is not None and self.time.now() >= self._ready),)
            case 0x0005:
                return 0.0, struct.unpack(">6H", struct.pack(">3f", *self._levels))
            case _:
                raise Refused("unknown command")
        return 0.0, ()


def levels(at: float) -> tuple[float, float, float]:
    """LAeq, LAmin and LAmax."""
    level = wave(at, 48, 66, 600)
    return level, level - wave(at, 3, 8, 170), level + wave(at, 5, 18, 230)


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A DNMS above a street."""
    return SimI2C(time, faults, Chip(time))
