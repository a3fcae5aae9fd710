"""The sensor's side of a Sensirion SCD4x."""

from drivers.sim.buses import SimI2C, wave
from drivers.sim.faults import Faults
from drivers.sim.sensirion import PeriodicChip, Refused, humidity, temperature
from drivers.sim.time import Time

WHILE_MEASURING = (0x3F86, 0xE4B8, 0xEC05, 0xE000)


class Chip(PeriodicChip):
    """Someone left it measuring; then it refuses most commands until it is stopped."""

    period = 5.0

    def __init__(self, time: Time) -> None:
        super().__init__(time)
        self._begun = time.now()

    def obey(self, code: int, arguments: tuple[int, ...], at: float) -> tuple[float, tuple[int, ...]]:
        """As in the command table of the data sheet."""
        if self._begun is not None and code not in WHILE_MEASURING:
            raise Refused("measuring")
        match code:
            case 0x3F86:
                self._begun = None
                return 0.5, ()
            case 0x21B1:
                self._begun, self._taken = self.time.now(), 0
            case 0xE4B8:
                return 0.001, (0x8006 if self._results() > self._taken else 0x8000,)
            case 0xEC05:
                return 0.001, self._take(at)
            case 0x3682:
                return 0.001, (0xF896, 0x9F07, 0x3BBE)
            case 0x3646:
                return 0.02, ()
            case 0x36F6:
                raise Refused("waking up")
            case 0xE000 | 0x2427 | 0x2416 if len(arguments) == 1:
                return 0.001, ()
            case _:
                raise Refused("unknown command")
        return 0.0, ()

    def _take(self, at: float) -> tuple[int, ...]:
        if self._results() == self._taken:
            raise Refused("the buffer is empty")
        self._taken = self._results()
        climate = temperature(wave(at, 9, 27, 600)), humidity(wave(at + 200, 35, 85, 600))
        return round(wave(at, 415, 690, 900)), *climate


def simulator(time: Time, faults: Faults) -> SimI2C:
    """A SCD4x beside a road."""
    return SimI2C(time, faults, Chip(time))
