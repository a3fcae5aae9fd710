"""The sensor's side of a Winsen MH-Z19B."""

from drivers.checks import winsen8
from drivers.sim.buses import SimStream, wave
from drivers.sim.faults import Faults
from drivers.sim.time import Time

WARM = 180.0  # seconds
CELSIUS = 21


class Sensor:
    """Answers the question for its value, with 410 ppm while it warms up; other commands have no answer."""

    period = 1.0

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._on = faults.scene()

    def frame(self, at: float) -> bytes:
        """It says nothing by itself."""
        return b""

    def receive(self, data: bytes) -> bytes:
        """Commands of 9 bytes with their check."""
        frames = [data[at : at + 9] for at in range(0, len(data) - 8, 9)]
        return b"".join(self._value() for frame in frames if frame[:3] == b"\xff\x01\x86" and winsen8(frame))

    def _value(self) -> bytes:
        at = self._faults.scene()
        co2 = 410 if at - self._on < WARM else round(wave(at, 415, 690, 900))
        frame = b"\xff\x86" + co2.to_bytes(2, "big") + bytes((CELSIUS + 40, 0, 0, 0))
        return frame + bytes((-sum(frame[1:]) & 0xFF,))


def simulator(time: Time, faults: Faults) -> SimStream:
    """A MH-Z19B beside a road."""
    return SimStream(time, faults, Sensor(faults))
