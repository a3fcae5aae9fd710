"""The sensor's side of a Sensirion SGP41."""

from drivers.sim import sgp40
from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time


class Chip(sgp40.Chip):
    """Gives one signal while it conditions, both when it measures."""

    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """Condition, measure, and what both know."""
        if code == 0x2612 and len(arguments) == 2:
            return 0.05, (sgp40.voc(at),)
        if code == 0x2619 and len(arguments) == 2:
            return 0.05, (sgp40.voc(at), round(wave(at, 15200, 16900, 500)))
        return super().obey(code, arguments, at)


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SGP41 in city air."""
    return SimI2C(time, faults, Chip(time))
