"""The sensor's side of a Sensirion SGP40."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import Refused, SensirionChip
from drivers.sim.time import Time


class Chip(SensirionChip):
    """Gives the raw signal for humidity and temperature, lets its hotplate be turned off, and has a number."""

    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """Measure, heater off, serial number."""
        if code == 0x260F and len(arguments) == 2:
            return 0.03, (voc(at),)
        if code == 0x3615:
            return 0.001, ()
        if code == 0x3682:
            return 0.001, (0x0000, 0x03A1, 0x5C7E)
        raise Refused("unknown command")


def voc(at: float) -> int:
    """The signal falls when there is more in the air."""
    return round(wave(at, 28500, 31500, 700))


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SGP40 in city air."""
    return SimI2C(time, faults, Chip(time))
