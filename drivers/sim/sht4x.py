"""The sensor's side of a Sensirion SHT4x."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import Refused, SensirionChip, temperature
from drivers.sim.time import Time

SHOTS = {0xFD: 0.0083, 0xF6: 0.0045, 0xE0: 0.0016}
SERIAL, RESET = 0x89, 0x94


class Chip(SensirionChip):
    """Knows the three measurements without heater, the serial number and the reset."""

    width = 1

    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """A command of 16 bits is not acknowledged, as it has a byte too many."""
        if code in SHOTS:
            percent = wave(at + 200, 35, 85, 600)
            return SHOTS[code], (temperature(wave(at, 9, 27, 600)), round(0xFFFF * (percent + 6) / 125))
        if code == SERIAL:
            return 0.0, (0x1122, 0x3344)
        if code == RESET:
            return 0.001, ()
        raise Refused("unknown command")


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SHT4x in city air."""
    return SimI2C(time, faults, Chip(time))
