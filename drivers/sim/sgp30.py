"""The sensor's side of a Sensirion SGP30."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import Refused, SensirionChip
from drivers.sim.time import Time

WARM = 15.0  # seconds


class Chip(SensirionChip):
    """Has to be begun; tells 400 and 0 for 15 s."""

    def __init__(self, time: Time) -> None:
        super().__init__(time)
        self._begun: float | None = None

    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """Begin, humidity, measure."""
        match code:
            case 0x2003:
                self._begun = self.time.now()
                return 0.01, ()
            case 0x2061 if len(arguments) == 1:
                return 0.01, ()
            case 0x2008 if self._begun is not None:
                warm = self.time.now() - self._begun >= WARM
                return 0.012, (round(wave(at, 400, 900, 800)), round(wave(at, 5, 240, 800))) if warm else (400, 0)
        raise Refused("unknown command")


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SGP30 in city air."""
    return SimI2C(time, faults, Chip(time))
