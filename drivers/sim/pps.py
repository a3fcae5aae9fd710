"""A pulse per second as the kernel shows it, beside a system clock that wanders."""

import errno

from drivers.sim.buses import SimFiles, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

BEGIN = 1_795_435_200  # what the system clock calls the moment 0
SECOND = 1_000_000_000  # nanoseconds


class Pulse:
    """The file ``assert``: time and number of the last pulse. On a disturbed line the text is torn."""

    def text(self, name: str, at: float, *, noisy: bool) -> str:
        """The last pulse at ``at``."""
        if name not in ("assert", "clear"):
            raise OSError(errno.ENOENT, name)
        number = int(at)
        stamp = (BEGIN + number) * SECOND + round(wave(number, -4e-6, 9e-6, 600) * SECOND)
        text = f"{stamp // SECOND}.{stamp % SECOND:09d}#{number}\n"
        return text[3:9] if noisy else text


def simulator(time: Time, faults: Faults) -> SimFiles:
    """A receiver with a fix."""
    return SimFiles(time, faults, Pulse())
