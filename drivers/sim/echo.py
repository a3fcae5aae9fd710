"""The sensor's side of the ultrasonic sensors that send FF, two bytes and a sum."""

from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time


class Echo:
    """Sends a frame each ``period`` seconds, or for each byte 55 if it is ``asked``; ``skip`` bytes are not summed."""

    def __init__(self, faults: Faults, *, asked: bool, skip: int = 0) -> None:
        self.period = 0.2
        self._faults, self._asked, self._skip = faults, asked, skip

    def frame(self, at: float) -> bytes:
        """What it sends by itself."""
        return b"" if self._asked else self._frame(at)

    def receive(self, data: bytes) -> bytes:
        """A frame for each 55."""
        return self._frame(self._faults.scene()) * data.count(0x55) if self._asked else b""

    def _frame(self, at: float) -> bytes:
        frame = b"\xff" + round(wave(at, 900, 2600, 1200)).to_bytes(2, "big")
        return frame + bytes((sum(frame[self._skip :]) & 0xFF,))


def echo(time: Time, faults: Faults, *, asked: bool = False, skip: int = 0) -> SimStream:
    """A sensor above a river that rises and falls."""
    return SimStream(time, faults, Echo(faults, asked=asked, skip=skip))
