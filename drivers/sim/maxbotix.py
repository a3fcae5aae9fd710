"""The sensor's side of a MaxBotix HRXL (MB7360 family)."""

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

HEADER = b"\xffHRXL-MaxSonar-WRM\rPN:MB7360\rCopyright 2011-2013\rMaxBotix Inc.\rRoHS 1.3b068 1113\rTempI\r"


class Sonar:
    """Tells about itself once, then a range each 0.15 s."""

    period = 0.15

    def __init__(self) -> None:
        self._header = HEADER

    def frame(self, at: float) -> bytes:
        """A line that ends in CR."""
        header, self._header = self._header, b""
        return header + b"R%04d\r" % round(wave(at, 700, 2900, 1200))

    def receive(self, data: bytes) -> bytes:
        """It has no ears."""
        return b""


def simulator(time: Time, faults: Faults) -> SimStream:
    """A sensor of 5 m above a river."""
    return SimStream(time, faults, Sonar())
